// For those who run the server: what is not well, which doors are open, and the last hour in four small charts.
import { el, fill, Life, svg } from '../core/dom.js';
import { number, onLocale, span, t, time } from '../core/i18n.js';
import { icon } from '../core/icons.js';
import { session } from '../net/session.js';
import { errorBox } from './say-error.js';
import { setTitle } from './route.js';

/** @import { Operators as Answer } from '../shapes' */
/** @import { Word } from '../core/i18n.js' */

const REFRESH_MS = 10000, WIDTH = 360, HEIGHT = 72;

/** @param {number} bytes */
const size = (bytes) => (bytes >= 1e12 ? `${number(bytes / 1e12, 1)} TB` : bytes >= 1e9 ? `${number(bytes / 1e9, 1)} GB` : bytes >= 1e6 ? `${number(bytes / 1e6, 1)} MB` : `${number(bytes / 1e3)} kB`);

/** An area under a line, from the left to now. @param {number[]} values @param {number} most */
export function areaPath(values, most) {
  if (!values.length) return '';
  const step = WIDTH / 359, from = WIDTH - (values.length - 1) * step;
  const points = values.map((value, i) => `L${(from + i * step).toFixed(1)} ${(HEIGHT - 2 - ((HEIGHT - 8) * value) / Math.max(1, most)).toFixed(1)}`);
  return `M${from.toFixed(1)} ${HEIGHT}${points.join('')}L${WIDTH} ${HEIGHT}Z`;
}

class OperatorsView extends HTMLElement {
  #life = new Life();
  /** @type {Answer | null} */
  #answer = null;
  /** @type {unknown} */
  #error = null;
  #body = el('div', { class: 'page operators' });

  connectedCallback() {
    fill(this, this.#body);
    this.#life.undo(onLocale(() => this.#draw()));
    this.#life.every(REFRESH_MS, () => document.hidden || void this.#load());
    this.#life.on(document, 'visibilitychange', () => document.hidden || void this.#load());
    this.#draw();
    void this.#load();
  }

  disconnectedCallback() {
    this.#life.end();
  }

  async #load() {
    try {
      this.#answer = await session.get('operators');
      this.#error = null;
    } catch (error) {
      this.#error = error;
    }
    this.#draw();
  }

  #draw() {
    setTitle(t('operators.title'));
    const answer = this.#answer;
    // What is open stays open.
    const open = new Set([...this.#body.querySelectorAll('details[open]')].map((node) => node.getAttribute('data-chart')));
    fill(this.#body, el('h1', { tabindex: '-1' }, t('operators.title')),
      this.#error ? errorBox(this.#error, () => void this.#load()) : answer ? this.#all(answer) : el('p', { class: 'empty', role: 'status' }, t('loading')));
    for (const node of this.#body.querySelectorAll('details')) node.open = open.has(node.getAttribute('data-chart'));
  }

  /** @param {Answer} answer */
  #all(answer) {
    const { disk, hour, degraded, doors } = answer;
    const figures = /** @type {[Word, string, string | null][]} */ ([
      ['operators.meetings', number(answer.meetings), answer.pausedMeetings ? t('operators.paused', { n: answer.pausedMeetings }) : null],
      ['operators.tracks', number(answer.audioTracks + answer.videoTracks), t('operators.video', { n: answer.videoTracks })],
      ['operators.disk', t('operators.hours', { n: disk.trackHours }), t('operators.free', { size: size(disk.freeBytes) })],
      ['operators.up', span(answer.uptimeSeconds), t('operators.version', { version: answer.version, shards: answer.shards })],
    ]);
    return [el('p', { class: 'health', 'data-well': degraded.length ? false : true }, icon(degraded.length ? 'warning' : 'all'),
      degraded.length ? t('operators.degraded', { parts: degraded.join(', ') }) : t('operators.well')),
    el('dl', { class: 'figures' }, figures.map(([name, value, more]) => el('div', null, el('dt', null, t(name)), el('dd', null, value, more ? el('small', null, more) : null)))),
    disk.lostBytes ? el('p', { class: 'bad' }, icon('warning'), t('operators.lost', { size: size(disk.lostBytes) })) : null,
    el('section', { 'aria-labelledby': 'hour' }, el('h2', { id: 'hour' }, t('operators.hour')), el('div', { class: 'charts' },
      this.#chart('operators.chart.tracks', hour.tracks, answer, (value) => number(value)), this.#chart('operators.chart.late', hour.lateTicks.map((n) => n / 10), answer, (value) => `${number(value, 1)} %`),
      this.#chart('operators.chart.queue', hour.queueBytes, answer, size), this.#chart('operators.chart.drops', hour.drops, answer, (value) => number(value)))),
    el('section', { 'aria-labelledby': 'doors' }, el('h2', { id: 'doors' }, t('operators.doors')), doors.length ? el('ul', null, doors.map((door) => el('li', null, door))) : el('p', { class: 'hint' }, t('operators.doors.none')))];
  }

  /** @param {Word} name @param {number[]} values @param {Answer} answer @param {(value: number) => string} say */
  #chart(name, values, answer, say) {
    const most = Math.max(0, ...values), last = values.at(-1) ?? 0, step = answer.hour.stepSeconds;
    // The table has a row for each five minutes: the highest in them.
    const rows = Array.from({ length: Math.ceil(values.length / 30) }, (_, i) => /** @type {[number, number]} */ ([i * 30, Math.max(...values.slice(i * 30, (i + 1) * 30))]));
    return el('figure', { class: 'chart' }, el('figcaption', null, el('span', null, t(name)), el('strong', null, say(last)), el('small', null, t('operators.most', { value: say(most) }))),
      svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' }, svg('path', { d: areaPath(values, most) })),
      el('details', { class: 'behind', 'data-chart': name }, el('summary', null, t('table.show')), el('div', { class: 'wide', tabindex: '0', role: 'group', 'aria-label': t(name) }, el('table', null, el('tbody', null,
        rows.map(([first, value]) => el('tr', null, el('th', { scope: 'row' }, time(answer.now - (values.length - first) * step * 1000)), el('td', null, say(value)))))))));
  }
}
customElements.define('prosa-operators', OperatorsView);
