// Sign in: by e-mail and password, by a link's token, or straight in where feedback is open. In a frame there is no password.
import { bdi, el, fill, Life } from '../core/dom.js';
import { dayShort, onLocale, t } from '../core/i18n.js';
import { icon } from '../core/icons.js';
import { cleanName } from '../core/names.js';
import { HttpError, isFramed, session } from '../net/session.js';
import { go, hashOf, setTitle } from './route.js';

class SignIn extends HTMLElement {
  #life = new Life();
  /** What went wrong with a link, if one led here. @type {unknown} */
  failure = null;

  connectedCallback() {
    this.#life.undo(onLocale(() => this.#draw()));
    this.#draw();
  }

  disconnectedCallback() {
    this.#life.end();
  }

  #draw() {
    setTitle(t('signin.title'));
    fill(this, el('div', { class: 'sheet' }, el('h1', { tabindex: '-1' }, t('signin.title')), el('p', { class: 'lead' }, t('signin.lead')),
      this.failure ? el('p', { class: 'bad', role: 'alert' }, icon('warning'), this.#failureText()) : null,
      isFramed ? this.#framed() : this.#form(), session.isOpen ? this.#openForm() : null, isFramed ? null : this.#rights()));
  }

  #failureText() {
    const status = this.failure instanceof HttpError ? this.failure.status : 0;
    return t(status === 401 ? 'link.bad' : status === 403 ? 'link.forbidden' : status === 404 ? 'link.unknown' : 'error.away');
  }

  #framed() {
    const here = new URL(location.href);
    here.searchParams.delete('embed');
    return el('div', null, el('p', null, t('signin.framed')),
      el('p', null, el('a', { href: here.href, target: '_blank', rel: 'noopener' }, t('signin.window'))));
  }

  #form() {
    const email = el('input', { type: 'email', name: 'email', autocomplete: 'username', required: true, id: 'email' });
    const password = el('input', { type: 'password', name: 'password', autocomplete: 'current-password', required: true, id: 'password' });
    const problem = el('p', { class: 'bad', role: 'alert' }), button = el('button', { type: 'submit', class: 'main' }, t('signin.do'));
    const form = el('form', { class: 'form', on: { submit: async (/** @type {Event} */ event) => {
      event.preventDefault();
      button.disabled = true;
      problem.replaceChildren();
      try {
        await session.signIn(email.value, password.value);
        go('meetings');
      } catch (error) {
        const status = error instanceof HttpError ? error.status : 0;
        fill(problem, icon('warning'), t(status === 401 ? 'signin.wrong' : status === 429 ? 'signin.slow' : status === 400 ? 'signin.invalid' : 'error.away'));
        password.select();
        password.focus();
      }
      button.disabled = false;
    } } }, el('label', { for: 'email' }, t('signin.email')), email, el('label', { for: 'password' }, t('signin.password')), password, problem, button,
    session.keepsLogin ? null : el('p', { class: 'hint' }, icon('info'), t('signin.plain')));
    return form;
  }

  #openForm() {
    const room = el('input', { type: 'text', name: 'room', required: true, autocomplete: 'off', id: 'room', maxlength: '256' });
    return el('form', { class: 'form other', on: { submit: (/** @type {Event} */ event) => {
      event.preventDefault();
      if (room.value.trim()) go('live', room.value.trim());
    } } }, el('h2', null, t('open.title')), el('p', { class: 'hint' }, t('open.lead')), el('label', { for: 'room' }, t('open.room')), room,
    el('button', { type: 'submit' }, t('open.do')));
  }

  #rights() {
    const rights = Object.values(session.rights);
    if (!rights.length) return null;
    return el('section', { class: 'other' }, el('h2', null, t('rights.title')), el('ul', { class: 'plain' }, rights.map((right) =>
      el('li', null, el('a', { href: hashOf('live', right.meetingId) }, bdi(cleanName(right.roomName))),
        el('small', null, t('rights.until', { at: dayShort(right.expiresAt) })),
        el('button', { type: 'button', class: 'quiet', on: { click: (/** @type {Event} */ event) => this.#revoke(right, event) } }, t('rights.revoke'))))));
  }

  /** @param {import('../shapes').Right} right @param {Event} event */
  async #revoke(right, event) {
    /** @type {HTMLButtonElement} */ (event.currentTarget).disabled = true;
    try {
      await session.revoke(right);
    } catch (error) {
      // What is gone, or was taken back elsewhere, is forgotten here, too.
      if (!(error instanceof HttpError) || error.status >= 500) this.failure = error;
      else session.forget(right.meetingId);
    }
    this.#draw();
  }
}
customElements.define('prosa-sign-in', SignIn);
