// One card: what is to be done about whom, why, and what the host makes of it. Cards stay where they are while somebody is at them.
import { clock } from '../core/clock.js';
import { bdi, custom, el, fill, setAttr, setText, syncList } from '../core/dom.js';
import { ago, duration, number, percent, span, t, time, timeExact, word } from '../core/i18n.js';
import { icon, setIcon } from '../core/icons.js';
import { nameOf } from '../core/names.js';
import { reasonsOf } from './cards.js';

/** @import { Topic } from './state.js' */
/** @import { VerdictWord } from '../shapes' */
/**
 * @typedef {{ verdict: VerdictWord, participantId?: string | null, untilMs?: number | null }} Choice
 * @typedef {{ judge: (topic: Topic, choice: Choice) => void, hear: (topic: Topic, button: HTMLElement) => void, startedAt: () => number | null }}
 *   CardHost
 */

const QUARTER_MS = 900000;
/** A sentence of the server's may be long, but turns nothing around. @param {string} text */
export const cleanText = (text) => text.replace(/[\u0000-\u001f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '');

/** @param {number | null} value @param {string | null} unit */
export function measured(value, unit) {
  if (value === null) return '–';
  if (unit === 'dbfs') return `${number(value)} dBFS`;
  if (unit === 'share') return percent(value);
  if (unit === 'seconds') return span(value);
  if (unit === 'syllables') return `${number(value, 1)} ${t('unit.syllables')}`;
  if (unit === 'semitones') return `${number(value, 1)} ${t('unit.semitones')}`;
  return number(value);
}

/** @param {Topic} topic */
export const whoOf = (topic) => topic.participantId === 'group' ? t('card.group')
  : nameOf({ name: topic.feedback.participantName, participantId: topic.participantId });

class Card extends HTMLElement {
  /** @type {Topic | null} */
  topic = null;
  /** @type {CardHost | null} */
  host = null;
  #severity = icon('info');
  #word = el('span', { class: 'card-severity' });
  #count = el('span', { class: 'card-count' });
  #age = el('span', { class: 'card-age' });
  #message = el('p', { class: 'card-message', dir: 'auto' });
  #tip = el('p', { class: 'card-tip', dir: 'auto' });
  #why = el('dl', { class: 'facts' });
  #sentence = el('p', { class: 'card-why', dir: 'auto' });
  #settled = el('p', { class: 'card-settled' });
  #actions = el('div', { class: 'card-actions' });
  #more = el('details', { class: 'why' });
  #feedbackId = '';

  connectedCallback() {
    if (this.firstChild || !this.topic) return;
    this.setAttribute('role', 'listitem');
    this.tabIndex = -1;
    const topic = () => /** @type {Topic} */ (this.topic);
    const hear = el('button', { type: 'button', class: 'quiet', on: { click: () => this.host?.hear(topic(), hear) } },
      icon('play'), t('card.hear'));
    fill(this.#more, el('summary', null, t('card.why')), this.#sentence, this.#why, hear);
    fill(this.#actions,
      this.#button('check', t('card.told'), { verdict: 'told' }), this.#button('cross', t('card.wrong'), { verdict: 'wrong' }), this.#menu());
    fill(this, el('div', { class: 'card-head' }, this.#severity, this.#word, this.#count, this.#age),
      this.#message, this.#tip, this.#more, this.#actions, this.#settled);
    this.update();
  }

  /** @param {string} name @param {string} label @param {Choice} choice */
  #button(name, label, choice) {
    return el('button', { type: 'button', class: 'quiet', on: { click: () => this.#judge(choice) } }, icon(name), label);
  }

  #menu() {
    const topic = /** @type {Topic} */ (this.topic), who = whoOf(topic), isGroup = topic.participantId === 'group';
    const menu = el('details', { class: 'menu' });
    /** @param {Node[]} words @param {string | null} participantId @param {number | null} untilMs */
    const choice = (words, participantId, untilMs) => el('button', { type: 'button', class: 'choice',
      on: { click: () => this.#judge({ verdict: 'quiet', participantId, untilMs }) } }, words);
    const about = () => (isGroup ? [el('span', null, who)] : [bdi(who)]);
    const own = isGroup ? null : topic.participantId;
    fill(menu, el('summary', null, icon('quiet'), t('card.quiet')), el('div', { class: 'menu-body' },
      el('p', { class: 'menu-title' }, word('type.', topic.type)),
      choice([...about(), el('span', null, t('card.quiet.quarter'))], own, QUARTER_MS),
      choice([...about(), el('span', null, t('card.quiet.end'))], own, null),
      isGroup ? null : choice([el('span', null, t('card.everybody')), el('span', null, t('card.quiet.end'))], '*', null)));
    menu.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || !menu.open) return;
      event.stopPropagation();
      menu.open = false;
      menu.querySelector('summary')?.focus();
    });
    return menu;
  }

  /** @param {Choice} choice */
  #judge(choice) {
    if (this.topic) this.host?.judge(this.topic, choice);
  }

  update() {
    const topic = this.topic;
    if (!topic || !this.firstChild) return;
    const { feedback } = topic;
    setAttr(this, 'data-severity', feedback.severity);
    setAttr(this, 'data-type', topic.type);
    setIcon(this.#severity, feedback.severity);
    setText(this.#word, word('severity.', feedback.severity));
    setText(this.#count, topic.times.length > 1 ? t('card.count', { n: topic.times.length }) : '');
    setText(this.#age, ago(clock.age(feedback.ts)));
    setAttr(this.#age, 'title', timeExact(feedback.ts));
    if (this.#feedbackId === feedback.id) return;
    this.#feedbackId = feedback.id;
    setText(this.#message, cleanText(feedback.message));
    setText(this.#tip, cleanText(feedback.tips?.[0] ?? ''));
    this.#fillReasons(topic);
  }

  /** @param {Topic} topic */
  #fillReasons(topic) {
    const reasons = reasonsOf(topic.feedback), { feedback } = topic, started = this.host?.startedAt() ?? null;
    const minute = started === null ? '' : ` (${t('card.minute', { at: duration((feedback.ts - started) / 1000) })})`;
    setText(this.#sentence, reasons.why ? cleanText(reasons.why) : '');
    /** @type {[string, string | null][]} */
    const facts = [
      [t('card.measured'), reasons.value === null ? null : measured(reasons.value, reasons.unit)],
      [t('card.limit'), reasons.limit === null ? null : measured(reasons.limit, reasons.unit)],
      [t('card.window'), reasons.windowSeconds === null ? null : span(reasons.windowSeconds)],
      [t('card.sure'), reasons.speechShare === null || reasons.unit === 'share' ? null : t('card.speech', { share: percent(reasons.speechShare) })],
      [t('card.delay'), reasons.delayMs === null ? null : span(reasons.delayMs / 1000)],
      [t('card.when'), `${time(feedback.ts)}${minute}`],
      ...(feedback.tips ?? []).slice(1).map((tip) => /** @type {[string, string]} */ ([t('card.also'), cleanText(tip)])),
    ];
    fill(this.#why, facts.flatMap(([name, value]) => (value === null ? [] : [el('dt', null, name), el('dd', null, value)])));
  }

  /** Shows that it is settled, at its place and of its size, until the list may move. @param {string | null} text @param {(() => void) | null} [undo] */
  settle(text, undo = null) {
    setAttr(this, 'data-settled', text !== null);
    if (text === null) return fill(this.#settled);
    return fill(this.#settled, icon('check'), text, undo && el('button', { type: 'button', class: 'quiet', on: { click: undo } }, icon('undo'), t('undo')));
  }

  get menuIsOpen() {
    return this.querySelector('details.menu[open]') !== null;
  }
}
customElements.define('prosa-card', Card);

/** The list of cards: what is new waits while a pointer, the focus or a scroll is in it. */
export class CardList {
  list = el('div', { class: 'cards', role: 'list' });
  pill = el('button', { type: 'button', class: 'pill', hidden: true, on: { click: () => this.#release(true) } });
  /** @type {Topic[]} */
  #wanted = [];
  /** Key -> what is said of it, since it was settled while somebody was at it. @type {Map<string, { text: string, undo: (() => void) | null }>} */
  #settled = new Map();
  #scrolledMs = -Infinity;

  /** @param {CardHost} host @param {import('../core/dom.js').Life} life */
  constructor(host, life) {
    this.host = host;
    for (const event of ['pointerleave', 'focusout']) life.on(this.list, event, () => setTimeout(() => this.#draw()));
    life.on(document, 'scroll', () => (this.#scrolledMs = performance.now()), { passive: true, capture: true });
  }

  get isBusy() {
    return this.list.matches(':hover, :focus-within') || performance.now() - this.#scrolledMs < 400;
  }

  /** @param {Topic[]} topics @param {boolean} [isAsked] the host asked for them: then they come, wherever the pointer is */
  show(topics, isAsked = false) {
    this.#wanted = topics;
    this.#draw(isAsked);
  }

  /** @param {string} key @param {string} text @param {(() => void) | null} undo */
  settle(key, text, undo) {
    this.#settled.set(key, { text, undo });
    this.#draw();
  }

  /** @param {string} key */
  unsettle(key) {
    this.#settled.delete(key);
  }

  /** @param {boolean} isAsked */
  #release(isAsked) {
    const old = new Set(Array.from(this.list.children));
    this.#draw(isAsked);
    const first = /** @type {HTMLElement | undefined} */ (Array.from(this.list.children).find((node) => !old.has(node)));
    if (isAsked) first?.focus();
  }

  #draw(isAsked = false) {
    const cards = /** @type {Card[]} */ (Array.from(this.list.children));
    const shown = new Set(cards.map((card) => card.topic?.key));
    const fresh = this.#wanted.filter((topic) => !shown.has(topic.key));
    if (this.isBusy && !isAsked) {
      const wanted = new Map(this.#wanted.map((topic) => [topic.key, topic]));
      for (const card of cards) this.#update(card, wanted.get(card.topic?.key ?? '') ?? card.topic);
      setAttr(this.pill, 'hidden', fresh.length === 0);
      setText(this.pill, fresh.length ? t('live.new', { n: fresh.length }) : '');
      return;
    }
    for (const key of this.#settled.keys()) if (!this.#wanted.some((topic) => topic.key === key)) this.#settled.delete(key);
    setAttr(this.pill, 'hidden', true);
    syncList(this.list, this.#wanted, (topic) => topic.key, () => this.#make(), (card, topic) => this.#update(card, topic));
  }

  #make() {
    const card = /** @type {Card} */ (custom('prosa-card'));
    card.host = this.host;
    return card;
  }

  /** @param {Card} card @param {Topic | null} topic */
  #update(card, topic) {
    if (!topic) return;
    const settled = this.#settled.get(topic.key);
    card.topic = topic;
    card.update();
    card.settle(settled?.text ?? null, settled?.undo);
  }

  /** After another language was chosen. */
  clear() {
    this.list.replaceChildren();
  }
}
