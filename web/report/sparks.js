// How pace, melody and loudness went, minute by minute: a small line a person, and the numbers as a table behind it.
import { bdi, el, svg } from '../core/dom.js';
import { number, t } from '../core/i18n.js';
import { nameOf } from '../core/names.js';

/** @import { Person } from '../shapes' */

const WIDTH = 240, HEIGHT = 36, PAD = 3, MINUTES_MAX = 600;

/** @typedef {'pace' | 'melody' | 'loudness'} Measure */

/** @param {Person} person @param {Measure} measure */
const minutesOf = (person, measure) => (person[measure]?.minutes ?? []).slice(0, MINUTES_MAX);

/** Pieces of a line: nothing is drawn where nothing is known. @param {(number | null)[]} minutes @param {number} low @param {number} high @param {number} count */
export function sparkPath(minutes, low, high, count) {
  const x = (/** @type {number} */ i) => PAD + ((WIDTH - 2 * PAD) * i) / Math.max(1, count - 1);
  const y = (/** @type {number} */ value) => HEIGHT - PAD - ((HEIGHT - 2 * PAD) * (value - low)) / Math.max(1e-6, high - low);
  let path = '';
  minutes.forEach((value, i) => {
    if (value === null) return;
    const isAlone = minutes[i - 1] === null || i === 0;
    path += `${isAlone ? 'M' : 'L'}${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
    if (isAlone && (minutes[i + 1] === null || i + 1 === minutes.length)) path += 'h.1';
  });
  return path;
}

/** @param {Person[]} people @param {Measure} measure */
export function sparks(people, measure) {
  const digits = measure === 'loudness' ? 0 : 1, all = people.flatMap((person) => minutesOf(person, measure)).filter((value) => value !== null);
  if (!all.length) return el('p', { class: 'hint' }, t('report.none'));
  const low = Math.min(...all), high = Math.max(...all), count = Math.max(...people.map((person) => minutesOf(person, measure).length));
  const title = t(`report.${measure}`);
  return el('figure', { class: 'sparks' }, el('figcaption', null, title, ' ', el('small', null, t(`unit.${measure}`))),
    el('div', { class: 'spark-rows' }, people.filter((person) => minutesOf(person, measure).some((value) => value !== null)).map((person) => el('div', { class: 'spark-row' }, bdi(nameOf(person), 'spark-name'),
      svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: 'spark', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
        svg('path', { d: sparkPath(minutesOf(person, measure), low, high, count) }))))),
    el('details', { class: 'behind' }, el('summary', null, t('table.show')), el('div', { class: 'wide', tabindex: '0', role: 'group', 'aria-label': title }, el('table', null,
      el('thead', null, el('tr', null, el('th', { scope: 'col' }, t('people.name')), Array.from({ length: count }, (_, i) => el('th', { scope: 'col' }, t('minute', { n: i + 1 }))))),
      el('tbody', null, people.map((person) => el('tr', null, el('th', { scope: 'row' }, bdi(nameOf(person))),
        Array.from({ length: count }, (_, i) => minutesOf(person, measure)[i]).map((value) => el('td', null, value === null || value === undefined ? '–' : number(value, digits))))))))));
}
