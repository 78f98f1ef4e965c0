// Everybody over the whole meeting: one ribbon a person, the events on it, and a line where the player is.
import { bdi, el, fill, setAttr } from '../core/dom.js';
import { duration, span, t, timeExact, word } from '../core/i18n.js';
import { icon } from '../core/icons.js';
import { nameOf } from '../core/names.js';
import { drawRun, onRepaint, paint, prepare } from '../core/paint.js';
import { runsOf, unpackRibbon } from '../live/ribbon.js';

/** @import { Feedback, Report } from '../shapes' */

const HEIGHT = 22, TICKS = 8;

/** @param {number} seconds of the whole */
function tickStep(seconds) {
  const steps = [10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];
  return steps.find((step) => seconds / step <= TICKS) ?? 14400;
}

export class Timeline {
  /** @type {{ canvas: HTMLCanvasElement, cells: string, events: Feedback[], isDrawn: boolean, isNear: boolean }[]} */
  #rows = [];
  #rowsNode = el('div', { class: 'time-rows' });
  #head = el('div', { class: 'time-head', hidden: true, 'aria-hidden': 'true' });
  #width = 0;
  /** Draws the legend. @type {(() => void)[]} */
  #samples = [];

  /** @param {Report} report @param {Feedback[]} events @param {((at: number) => void) | null} onSeek @param {import('../core/dom.js').Life} life */
  constructor(report, events, onSeek, life) {
    this.report = report;
    this.from = report.ribbon?.from ?? report.startedAt;
    this.ms = Math.max(1000, report.until - this.from);
    this.node = el('div', { class: 'timeline' });
    const near = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        const row = this.#rows.find((one) => one.canvas === target);
        if (row) row.isNear = isIntersecting;
      }
      this.draw();
    }, { rootMargin: '300px' });
    const size = new ResizeObserver(() => this.redraw());
    life.undo(() => near.disconnect());
    life.undo(() => size.disconnect());
    life.undo(onRepaint(() => this.redraw()));
    life.on(window, 'beforeprint', () => this.redraw(true));
    fill(this.#rowsNode, report.people.map((person) => {
      const canvas = el('canvas', { class: 'time-ribbon', height: HEIGHT, 'aria-hidden': 'true' });
      this.#rows.push({ canvas, cells: unpackRibbon(person.ribbon), events: events.filter((one) => one.participantId === person.participantId), isDrawn: false, isNear: false });
      near.observe(canvas);
      if (onSeek) canvas.addEventListener('click', (event) => onSeek(this.from + (event.offsetX / canvas.clientWidth) * this.ms));
      else canvas.classList.add('time-still');
      return el('div', { class: 'time-row' }, bdi(nameOf(person), 'time-name'), canvas);
    }));
    fill(this.node, el('div', { class: 'time-axis', 'aria-hidden': 'true' }, this.#ticks()), this.#rowsNode, this.#head, this.#legend(), this.#table());
    size.observe(this.#rowsNode);
  }

  #ticks() {
    const seconds = this.ms / 1000, step = tickStep(seconds);
    return Array.from({ length: Math.floor(seconds / step) + 1 }, (_, i) => {
      const tick = el('span', { class: (i * step) / seconds > 0.9 ? 'tick tick-end' : 'tick' }, duration(i * step));
      tick.style.setProperty('--at', String((i * step) / seconds));
      return tick;
    });
  }

  #legend() {
    const kinds = /** @type {const} */ (['s', 'o', 'm', 'g']);
    return el('ul', { class: 'legend plain' }, kinds.map((letter) => {
      const canvas = el('canvas', { width: 26, height: 16, 'aria-hidden': 'true' });
      this.#samples.push(() => drawRun(prepare(canvas, 26, 16), letter, 0, 26, 16));
      return el('li', null, canvas, t(`ribbon.${letter}`));
    }), el('li', null, el('span', { class: 'event-sign', 'aria-hidden': 'true' }), t('ribbon.event')));
  }

  /** What the picture shows, as a table. */
  #table() {
    return el('details', { class: 'behind' }, el('summary', null, t('table.show')), el('div', { class: 'wide', tabindex: '0', role: 'group', 'aria-label': t('report.timeline') }, el('table', null,
      el('thead', null, el('tr', null, [t('people.name'), t('ribbon.s'), t('ribbon.o'), t('ribbon.m'), t('ribbon.g'), t('report.events')].map((name) => el('th', { scope: 'col' }, name)))),
      el('tbody', null, this.report.people.map((person, i) => {
        /** @type {Record<string, number>} */
        const seconds = {};
        for (const [letter, , count] of runsOf(this.#rows[i].cells)) seconds[letter] = (seconds[letter] ?? 0) + count;
        return el('tr', null, el('th', { scope: 'row' }, bdi(nameOf(person))), ['s', 'o', 'm', 'g'].map((letter) => el('td', null, span(seconds[letter] ?? 0))),
          el('td', null, this.#rows[i].events.map((one) => `${duration((one.ts - this.report.startedAt) / 1000)} ${word('type.', one.type)}`).join('; ') || '–'));
      })))));
  }

  redraw(isWhole = false) {
    for (const row of this.#rows) row.isDrawn = false;
    this.#width = 0;
    for (const draw of this.#samples) draw();
    this.draw(isWhole);
  }

  draw(isWhole = false) {
    this.#width ||= this.#rows[0]?.canvas.clientWidth ?? 0;
    if (!this.#width) return;
    for (const row of this.#rows) if (!row.isDrawn && (row.isNear || isWhole)) this.#drawRow(row);
  }

  /** @param {{ canvas: HTMLCanvasElement, cells: string, events: Feedback[], isDrawn: boolean }} row */
  #drawRow(row) {
    const width = this.#width, context = prepare(row.canvas, width, HEIGHT), cell = (width * (this.report.ribbon?.cellMs ?? 1000)) / this.ms;
    row.isDrawn = true;
    for (const [letter, first, count] of runsOf(row.cells)) drawRun(context, letter, first * cell, Math.max(count * cell, letter === '.' ? 0 : 0.6), HEIGHT - 4);
    context.fillStyle = paint('ink');
    for (const { ts } of row.events) {
      const x = ((ts - this.from) / this.ms) * width;
      context.beginPath();
      context.moveTo(x, HEIGHT - 7);
      context.lineTo(x + 4, HEIGHT);
      context.lineTo(x - 4, HEIGHT);
      context.fill();
    }
  }

  /** @param {number | null} at */
  showAt(at) {
    setAttr(this.#head, 'hidden', at === null);
    if (at !== null) this.#head.style.setProperty('--at', String(Math.min(1, Math.max(0, (at - this.from) / this.ms))));
  }
}

/** What the host was told, each with its ten seconds. @param {Feedback[]} events @param {Report} report @param {import('./parts.js').Hear} hear */
export function eventTable(events, report, hear) {
  const names = new Map(report.people.map((person) => [person.participantId, nameOf(person)]));
  return el('ul', { class: 'plain events' }, events.map((one) => {
    const who = one.participantId === 'group' ? t('card.group') : names.get(one.participantId) ?? nameOf({ name: one.participantName, participantId: one.participantId });
    return el('li', { 'data-severity': one.severity }, icon(one.severity, word('severity.', one.severity)),
      el('span', { class: 'event-time', title: timeExact(one.ts) }, duration((one.ts - report.startedAt) / 1000)),
      el('span', { class: 'event-what' }, el('strong', null, word('type.', one.type)), ' ', bdi(who)),
      hear && el('button', { type: 'button', class: 'quiet', 'aria-label': t('hear.at', { at: duration((one.ts - report.startedAt) / 1000) }),
        on: { click: () => hear(one.ts - 10000, one.ts, []) } }, icon('play'), t('hear')));
  }));
}
