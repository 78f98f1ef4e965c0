// Who opens this meeting by a link: for owners and admins, who can take each right back.
import { bdi, el, fill } from '../core/dom.js';
import { dayShort, moment, t, word } from '../core/i18n.js';
import { icon } from '../core/icons.js';
import { cleanName } from '../core/names.js';
import { HttpError, session } from '../net/session.js';

/** @import { GivenRight, Page } from '../shapes' */

const MOST = 200;

/** Asked for when it is opened. @param {string} meetingId */
export function linkList(meetingId) {
  const list = el('ul', { class: 'plain links' }), problem = el('p', { class: 'bad', role: 'alert' });
  /** @param {unknown} error */
  const fail = (error) => fill(problem, icon('warning'), error instanceof HttpError ? word('status.', String(error.status)) : t('error.away'));
  const load = async () => {
    try {
      const page = /** @type {Page<GivenRight>} */ (await session.get(`page/rights?${new URLSearchParams({ meetingId, limit: String(MOST) })}`));
      const open = page.items.filter((right) => !right.revokedAt && Date.parse(right.expiresAt) > Date.now());
      fill(list, open.length ? open.map(row) : el('li', { class: 'hint' }, t('links.none')));
    } catch (error) {
      fail(error);
    }
  };
  /** @param {GivenRight} right */
  const row = (right) => el('li', null, bdi(cleanName(right.subject ?? '–')), el('small', null, t('links.times', { from: moment(Date.parse(right.createdAt)), until: dayShort(Date.parse(right.expiresAt)) })),
    el('button', { type: 'button', class: 'quiet', on: { click: () => void session.request(`page/rights/${encodeURIComponent(right.id)}`, { method: 'DELETE' }).then(load).catch(fail) } }, t('links.revoke')));
  const details = el('details', { class: 'behind' }, el('summary', null, t('links.title')), problem, list);
  details.addEventListener('toggle', () => details.open && void load());
  return details;
}
