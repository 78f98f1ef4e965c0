// The player at the foot of a report: play, a place, ten seconds back and on, a pace, and whose voice.
import { el, fill, setAttr, setText } from '../core/dom.js';
import { duration, number, t } from '../core/i18n.js';
import { icon } from '../core/icons.js';
import { nameOf } from '../core/names.js';
import { unpackRibbon } from '../live/ribbon.js';
import { Sound } from './sound.js';

/** @import { Report } from '../shapes' */

const JUMP_MS = 10000, TICK_MS = 100, RATES = [1, 1.25, 1.5, 1.75, 2], QUIET_CELLS = 3, LEAD_MS = 300;

/** Where nobody speaks for three seconds or more: [from, to] in ms. @param {Report} report @returns {[number, number][]} */
export function silencesOf(report) {
  const all = report.people.map((person) => unpackRibbon(person.ribbon)), cell = report.ribbon?.cellMs ?? 1000, from = report.ribbon?.from ?? report.startedAt;
  const cells = Math.floor((report.until - from) / cell);
  /** @type {[number, number][]} */
  const found = [];
  let start = 0;
  for (let i = 0; i <= cells; i++) {
    const isSpeech = i === cells || all.some((ribbon) => ribbon[i] === 's' || ribbon[i] === 'o');
    if (!isSpeech) continue;
    if (i - start >= QUIET_CELLS) found.push([from + start * cell, from + i * cell]);
    start = i + 1;
  }
  return found;
}

export class Player {
  node = el('section', { class: 'player' });
  #play = el('button', { type: 'button', class: 'main round' });
  #place = el('input', { type: 'range', min: '0', step: '1', value: '0' });
  #time = el('span', { class: 'player-time' });
  #state = el('span', { class: 'only-read', role: 'status' });
  #note = el('p', { class: 'player-note' });
  /** Where a clip ends; null: plays on. @type {number | null} */
  #stopAt = null;
  #skips = false;
  #isHeld = false;

  /**
   * @param {Report} report @param {(at: number | null) => void} onAt @param {import('../core/dom.js').Life} life
   */
  constructor(report, onAt, life) {
    this.report = report;
    this.onAt = onAt;
    this.silences = silencesOf(report);
    this.sound = new Sound(report.meetingId, report.startedAt, report.until, () => this.#show());
    this.#place.max = String(Math.ceil((report.until - report.startedAt) / 1000));
    this.#play.addEventListener('click', () => this.toggle());
    this.#place.addEventListener('input', () => {
      this.#isHeld = true;
      this.#say(Number(this.#place.value) * 1000 + report.startedAt);
    });
    this.#place.addEventListener('change', () => {
      this.#isHeld = false;
      this.seek(report.startedAt + Number(this.#place.value) * 1000);
    });
    life.on(document, 'keydown', (event) => this.#key(event));
    life.every(TICK_MS, () => this.#tick());
    life.undo(() => this.sound.close());
    this.translate();
  }

  translate() {
    const { report, sound } = this;
    const rates = el('select', { 'aria-label': t('player.rate'), on: { change: (/** @type {any} */ event) => sound.change({ rate: Number(event.currentTarget.value) }) } },
      RATES.map((rate) => el('option', { value: rate, selected: rate === sound.rate }, `${number(rate, rate % 0.5 ? 2 : rate % 1 ? 1 : 0)}×`)));
    const tracks = el('select', { 'aria-label': t('player.tracks'), on: { change: (/** @type {any} */ event) =>
      sound.change({ tracks: event.currentTarget.value === '' ? [] : [report.people[Number(event.currentTarget.value)].participantId] }) } },
    el('option', { value: '' }, t('player.all')), report.people.map((person, i) =>
      el('option', { value: i, selected: sound.tracks[0] === person.participantId }, nameOf(person))));
    const skips = el('input', { type: 'checkbox', checked: this.#skips, on: { change: () => (this.#skips = skips.checked) } });
    const jump = (/** @type {number} */ ms, /** @type {string} */ name) => el('button', { type: 'button', class: 'quiet', 'aria-label': t(ms < 0 ? 'player.back' : 'player.on'),
      title: t(ms < 0 ? 'player.back' : 'player.on'), on: { click: () => this.seek(sound.at + ms) } }, icon(name));
    setAttr(this.node, 'aria-label', t('player.title'));
    setAttr(this.#place, 'aria-label', t('player.place'));
    fill(this.node, el('div', { class: 'player-row' }, jump(-JUMP_MS, 'back'), this.#play, jump(JUMP_MS, 'next'), this.#time, this.#place,
      el('div', { class: 'player-choices' }, rates, tracks, el('label', { class: 'check' }, skips, t('player.skip')))), this.#note, this.#state);
    this.#show();
  }

  toggle() {
    this.#stopAt = null;
    if (this.sound.state === 'playing' || this.sound.state === 'loading') this.sound.pause();
    else void this.sound.play(this.sound.state === 'ended' && this.sound.at >= this.report.until - 500 ? this.report.startedAt : this.sound.at);
  }

  /** @param {number} at */
  seek(at) {
    this.#stopAt = null;
    this.sound.seek(at);
    this.#tick();
  }

  /** Plays from here to there. @param {number} from @param {number | null} [to] @param {string[]} [tracks] */
  hear(from, to = null, tracks = []) {
    this.#stopAt = to;
    if (tracks.join() !== this.sound.tracks.join()) this.sound.change({ tracks });
    this.translate();
    void this.sound.play(from);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.ctrlKey || event.metaKey || event.altKey || target.matches?.('input:not([type=checkbox]), select, textarea')) return;
    const key = event.key.toLowerCase(), isPressing = target.matches?.('button, summary, a, input');
    if (key === 'k' || (key === ' ' && !isPressing)) this.toggle();
    else if (key === 'j') this.seek(this.sound.at - JUMP_MS);
    else if (key === 'l') this.seek(this.sound.at + JUMP_MS);
    else return;
    event.preventDefault();
  }

  /** @param {number} at */
  #say(at) {
    const { startedAt, until } = this.report;
    setText(this.#time, `${duration((at - startedAt) / 1000)} / ${duration((until - startedAt) / 1000)}`);
    setAttr(this.#place, 'aria-valuetext', duration((at - startedAt) / 1000));
  }

  #tick() {
    const { sound } = this, at = sound.at;
    if (sound.state === 'playing' && this.#stopAt !== null && at >= this.#stopAt) sound.pause();
    if (sound.state === 'playing' && this.#skips) {
      const silence = this.silences.find(([from, to]) => at >= from + 500 && at < to - 2 * LEAD_MS);
      if (silence) sound.seek(silence[1] - LEAD_MS);
    }
    if (!this.#isHeld) {
      const seconds = String(Math.round((at - this.report.startedAt) / 1000));
      if (this.#place.value !== seconds) this.#place.value = seconds;
      this.#say(at);
    }
    this.onAt(sound.state === 'idle' && at === this.report.startedAt ? null : at);
  }

  #show() {
    const { state } = this.sound, isOn = state === 'playing' || state === 'loading';
    setAttr(this.node, 'data-state', state);
    fill(this.#play, icon(isOn ? 'pause' : 'play'));
    const at = duration((this.sound.at - this.report.startedAt) / 1000);
    setAttr(this.#play, 'aria-label', isOn ? t('player.pause') : t('player.hear', { at }));
    setAttr(this.#play, 'title', isOn ? t('player.pause') : t('player.hear', { at }));
    setText(this.#note, state === 'failed' ? t('player.failed') : state === 'ended' && !this.report.isFinal ? t('player.until', { at }) : '');
    this.#tick();
  }
}
