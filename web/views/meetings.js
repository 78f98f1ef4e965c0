// The meetings of the account's organization: live ones first, then past ones by day, as far back as one scrolls.
import { bdi, el, fill, Life } from '../core/dom.js';
import { day, onLocale, span, t, time } from '../core/i18n.js';
import { icon } from '../core/icons.js';
import { cleanName } from '../core/names.js';
import { session } from '../net/session.js';
import { errorBox } from './say-error.js';
import { hashOf, setTitle } from './route.js';

/** @import { Page, Session } from '../shapes' */

const PAGE = 50, SEARCH_MS = 250, REFRESH_MS = 15000;

class Meetings extends HTMLElement {
  #life = new Life();
  /** @type {Session[]} */
  #live = [];
  /** @type {Session[]} */
  #past = [];
  /** @type {string | null | undefined} */
  #cursor = undefined;
  #round = 0;
  #isLoading = false;
  /** @type {unknown} */
  #error = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #search = el('input', { type: 'search', id: 'search', autocomplete: 'off', maxlength: '200' });
  #by = el('select', { id: 'search-by' });
  #lists = el('div', { class: 'meeting-lists' });
  #more = el('button', { type: 'button', class: 'quiet more' });
  #state = el('p', { class: 'only-read', role: 'status' });

  connectedCallback() {
    const life = this.#life;
    this.#search.addEventListener('input', () => this.#soon());
    this.#by.addEventListener('change', () => this.#search.value && this.#restart());
    this.#more.addEventListener('click', () => void this.#load());
    const watch = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) void this.#load();
    }, { rootMargin: '400px' });
    watch.observe(this.#more);
    life.undo(() => watch.disconnect());
    life.undo(onLocale(() => this.#frame()));
    life.every(REFRESH_MS, () => document.hidden || void this.#loadLive());
    life.on(document, 'visibilitychange', () => document.hidden || void this.#loadLive());
    this.#frame();
    this.#restart();
  }

  disconnectedCallback() {
    this.#life.end();
    clearTimeout(this.#timer);
  }

  #frame() {
    setTitle(t('meetings.title'));
    const by = this.#by.value;
    fill(this.#by, el('option', { value: 'room' }, t('search.room')), el('option', { value: 'person' }, t('search.person')));
    if (by) this.#by.value = by;
    fill(this, el('div', { class: 'page' }, el('header', { class: 'page-head' }, el('h1', { tabindex: '-1' }, t('meetings.title')),
      el('form', { class: 'search', role: 'search', on: { submit: (/** @type {Event} */ event) => event.preventDefault() } },
        el('label', { for: 'search', class: 'only-read' }, t('search')), icon('search'), this.#search,
        el('label', { for: 'search-by', class: 'only-read' }, t('search.by')), this.#by)), this.#lists, this.#more, this.#state));
    this.#draw();
  }

  #soon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#restart(), SEARCH_MS);
  }

  #restart() {
    this.#round++;
    this.#past = [];
    this.#cursor = undefined;
    this.#isLoading = false;
    this.#error = null;
    void this.#loadLive();
    void this.#load();
  }

  /** @param {Record<string, string>} more */
  #query(more) {
    const text = this.#search.value.trim();
    return `sessions?${new URLSearchParams({ limit: String(PAGE), ...(text ? { [this.#by.value]: text } : {}), ...more })}`;
  }

  async #loadLive() {
    const round = this.#round;
    try {
      const page = /** @type {Page<Session>} */ (await session.get(this.#query({ status: 'ACTIVE' })));
      if (round !== this.#round) return;
      // One that has ended since goes to the past ones.
      const ended = this.#live.filter((one) => !page.items.some((other) => other.meetingId === one.meetingId));
      this.#live = page.items;
      if (ended.length) return this.#restart();
    } catch (error) {
      if (round === this.#round && !this.#live.length) this.#error = error;
    }
    this.#draw();
  }

  async #load() {
    if (this.#isLoading || this.#cursor === null || this.#error) return;
    const round = this.#round;
    this.#isLoading = true;
    try {
      const page = /** @type {Page<Session>} */ (await session.get(this.#query({ status: 'ENDED', ...(this.#cursor ? { cursor: this.#cursor } : {}) })));
      if (round !== this.#round) return;
      const known = new Set(this.#past.map((one) => one.meetingId));
      this.#past.push(...page.items.filter((one) => !known.has(one.meetingId)));
      this.#cursor = page.nextCursor ?? null;
    } catch (error) {
      if (round !== this.#round) return;
      this.#error = error;
    }
    this.#isLoading = false;
    this.#draw();
  }

  #draw() {
    this.#more.hidden = this.#cursor === null || this.#error !== null;
    this.#more.textContent = t('more');
    if (this.#error) return void fill(this.#lists, errorBox(this.#error, () => this.#restart()));
    /** @type {Map<string, Session[]>} */
    const days = new Map();
    for (const one of this.#past) {
      const name = day(Date.parse(one.startedAt));
      days.set(name, [...(days.get(name) ?? []), one]);
    }
    const isEmpty = !this.#live.length && !this.#past.length && this.#cursor === null;
    fill(this.#lists,
      this.#live.length ? el('section', { class: 'day day-live' }, el('h2', null, t('meetings.live')), this.#list(this.#live)) : null,
      [...days].map(([name, list]) => el('section', { class: 'day' }, el('h2', null, name), this.#list(list))),
      isEmpty ? el('div', { class: 'empty' }, icon('wait'), el('p', null, t(this.#search.value ? 'meetings.none.found' : 'meetings.none'))) : null);
    const count = this.#live.length + this.#past.length;
    if (this.#search.value && !this.#isLoading) this.#state.textContent = t('meetings.found', { n: count });
  }

  /** @param {Session[]} list */
  #list(list) {
    return el('ul', { class: 'meetings' }, list.map((one) => {
      const start = Date.parse(one.startedAt), end = one.endedAt ? Date.parse(one.endedAt) : null, isLive = one.status === 'ACTIVE';
      return el('li', null, el('a', { class: 'meeting', href: hashOf(isLive ? 'live' : 'report', one.meetingId) },
        isLive ? el('span', { class: 'live-dot', 'aria-hidden': 'true' }) : null, bdi(cleanName(one.roomName), 'meeting-name'),
        el('span', { class: 'meeting-time' }, isLive ? t('meetings.since', { at: time(start) })
          : end ? `${time(start)} – ${time(end)} · ${span((end - start) / 1000)}` : time(start)), icon('next')));
    }));
  }
}
customElements.define('prosa-meetings', Meetings);
