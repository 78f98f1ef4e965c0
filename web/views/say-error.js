// Whatever goes wrong is one sentence, with what is missing and what can be done.
import { el } from '../core/dom.js';
import { t, word } from '../core/i18n.js';
import { icon } from '../core/icons.js';
import { HttpError } from '../net/session.js';

/** @param {unknown} error @param {(() => void) | null} [again] @param {string | null} [missing] what 404 means here */
export function errorBox(error, again = null, missing = null) {
  const status = error instanceof HttpError ? error.status : 0;
  const text = status === 404 && missing ? missing : status ? word('status.', String(status)) : t('error.away');
  return el('div', { class: 'empty', role: 'alert' }, icon(status ? 'warning' : 'cut'), el('p', null, text),
    again && el('button', { type: 'button', on: { click: again } }, t('again')),
    status === 401 || status === 403 ? el('a', { href: '#/' }, t('to.signin')) : null);
}
