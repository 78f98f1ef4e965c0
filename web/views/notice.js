// For those who are measured: what is measured in this room, who sees it, and for how long. Open to everybody.
import { bdi, el, fill, Life } from '../core/dom.js';
import { onLocale, t } from '../core/i18n.js';
import { cleanName } from '../core/names.js';
import { ask } from '../net/session.js';
import { errorBox } from './say-error.js';
import { setTitle } from './route.js';

/** @import { Notice as Answer } from '../shapes' */

class Notice extends HTMLElement {
  meeting = '';
  #life = new Life();
  /** @type {Answer | null} */
  #notice = null;
  /** @type {unknown} */
  #error = null;

  async connectedCallback() {
    this.#life.undo(onLocale(() => this.#draw()));
    try {
      this.#notice = await (await ask(`rooms/${encodeURIComponent(this.meeting)}/notice`)).json();
    } catch (error) {
      this.#error = error;
    }
    this.#draw();
  }

  disconnectedCallback() {
    this.#life.end();
  }

  #draw() {
    setTitle(t('notice.title'));
    if (this.#error) return void fill(this, el('div', { class: 'sheet' }, el('h1', { tabindex: '-1' }, t('notice.title')), errorBox(this.#error)));
    const notice = /** @type {Answer} */ (this.#notice), days = (/** @type {number | null} */ n) => (n ? t('notice.days', { n }) : t('notice.forever'));
    const item = (/** @type {string} */ text) => el('li', null, text);
    fill(this, el('div', { class: 'sheet notice-page' }, el('h1', { tabindex: '-1' }, t('notice.title')), el('p', { class: 'lead' }, t('notice.lead'), ' ', bdi(cleanName(notice.roomName))),
      el('h2', null, t('notice.what')), el('ul', null, item(t(notice.isRecorded ? 'notice.recorded' : 'notice.recorded.not')), item(t('notice.figures')),
        item(t(notice.isSentToProsody ? 'notice.prosody' : 'notice.prosody.not')), item(t('notice.no.score'))),
      el('h2', null, t('notice.who')), el('p', null, t(notice.isForEverybody ? 'notice.who.all' : 'notice.who.host')),
      el('h2', null, t('notice.long')), el('ul', null, notice.isRecorded ? item(`${t('notice.long.recording')} ${days(notice.recordingDays)}`) : null,
        item(`${t('notice.long.feedback')} ${days(notice.feedbackDays)}`), item(`${t('notice.long.report')} ${days(notice.reportDays)}`)),
      notice.contact ? [el('h2', null, t('notice.contact')), el('p', null, cleanName(notice.contact))] : null));
  }
}
customElements.define('prosa-notice', Notice);
