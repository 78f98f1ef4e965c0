// The tables of a report: who was there, how each talked, who took the floor of whom.
import { bdi, el, fill } from '../core/dom.js';
import { duration, number, percent, span, t, time } from '../core/i18n.js';
import { icon } from '../core/icons.js';
import { nameOf } from '../core/names.js';

/** @import { MatrixCell, Person, Report } from '../shapes' */

/** @typedef {import('./parts.js').Hear} Hear */

/** @param {number | null | undefined} value @param {number} [digits] */
const figure = (value, digits = 0) => (value === null || value === undefined ? '–' : number(value, digits));

/** @param {string} label @param {(string | Node)[]} columns @param {Node[]} rows */
function table(label, columns, rows) {
  return el('div', { class: 'wide', tabindex: '0', role: 'group', 'aria-label': label }, el('table', null,
    el('thead', null, el('tr', null, columns.map((name) => el('th', { scope: 'col' }, name)))), el('tbody', null, rows)));
}

/** A share as a bar of one colour: there is no right one. @param {number | null | undefined} share */
function shareCell(share) {
  const bar = el('span', { class: 'share-bar', 'aria-hidden': 'true' }, el('span', { class: 'share-fill' }));
  bar.style.setProperty('--share', String(share ?? 0));
  return el('td', { class: 'share' }, bar, el('span', { class: 'share-text' }, percent(share)));
}

/** Namesakes are told apart by their identity. @param {Report} report */
export function namesOf(report) {
  const names = report.people.map(nameOf);
  return names.map((name, i) => (names.indexOf(name) === names.lastIndexOf(name) ? name : `${name} (${nameOf({ participantId: report.people[i].participantId })})`));
}

/** `erase` is for those who may erase a person. @param {Report} report @param {((person: Person, name: string) => void) | null} [erase] */
export function attendanceTable(report, erase = null) {
  const names = namesOf(report), length = Math.max(1, report.until - report.startedAt);
  return table(t('report.attendance'), [t('people.name'), t('report.joined'), t('report.left'), t('report.present'), t('report.reconnects'), t('report.when'), ...(erase ? [t('erase.column')] : [])],
    report.people.map((person, i) => {
      const { attendance } = person, strip = el('span', { class: 'strip', 'aria-hidden': 'true' }, (attendance?.intervals ?? []).map(([from, to]) => {
        const piece = el('span', { class: 'strip-piece' });
        piece.style.setProperty('--from', String(Math.max(0, (from - report.startedAt) / length)));
        piece.style.setProperty('--to', String(Math.min(1, ((to ?? report.until) - report.startedAt) / length)));
        return piece;
      }));
      return el('tr', null, el('th', { scope: 'row' }, bdi(names[i]), person.isHost ? el('small', null, ` ${t('person.host')}`) : null), el('td', null, time(attendance?.joinedAt)),
        el('td', null, attendance && attendance.leftAt === null ? t('report.stays') : time(attendance?.leftAt)), el('td', null, span(attendance?.presentSeconds)),
        el('td', null, figure(attendance?.reconnects)), el('td', null, strip),
        erase ? el('td', null, el('button', { type: 'button', class: 'cell erase', 'aria-label': `${t('erase.do')}: ${names[i]}`, on: { click: () => erase(person, names[i]) } }, t('erase.do'))) : null);
    }));
}

/** @param {Report} report @param {Hear} hear */
export function talkTable(report, hear) {
  const names = namesOf(report), marks = new Set((report.marks ?? []).filter((mark) => mark.type === 'presents').map((mark) => mark.participantId));
  return table(t('report.talk'), [t('people.name'), t('report.share'), t('report.presence'), t('report.length'), t('report.turns'), t('report.longest'), t('report.gaps'), t('report.pace'), t('report.melody'), t('report.loudness')],
    report.people.map((person, i) => {
      const at = person.longestTurnAt, longest = person.longestTurnSeconds;
      return el('tr', null, el('th', { scope: 'row' }, bdi(names[i]), marks.has(person.participantId) ? el('small', null, ` ${t('mark.presents')}`) : null), shareCell(person.talkShare), el('td', null, percent(person.presenceShare)),
        el('td', null, span(person.talkSeconds)), el('td', null, figure(person.turns)),
        el('td', null, hear && at && longest ? el('button', { type: 'button', class: 'cell', 'aria-label': `${t('report.longest')}: ${span(longest)}, ${names[i]}`, on: { click: () => hear(at - 500, at + longest * 1000, [person.participantId]) } }, icon('play'), span(longest)) : span(longest)),
        el('td', null, figure(person.responseGaps?.medianSeconds, 1)), el('td', null, figure(person.pace?.syllablesPerSecond, 1)), el('td', null, figure(person.melody?.semitones, 1)), el('td', null, figure(person.loudness?.dbfs)));
    }));
}

/** @param {Report} report @param {Hear} hear */
export function matrixTable(report, hear) {
  const cells = (report.matrix ?? []).filter((cell) => report.people[cell.by] && report.people[cell.of]);
  if (!cells.length) return el('p', { class: 'hint' }, t('matrix.none'));
  const names = namesOf(report), by = [...new Set(cells.map((cell) => cell.by))].sort((a, b) => a - b), of = [...new Set(cells.map((cell) => cell.of))].sort((a, b) => a - b);
  const played = new Map();
  /** @param {MatrixCell} cell @param {HTMLElement} note */
  const play = (cell, note) => {
    const moments = cell.moments ?? [], next = (played.get(cell) ?? -1) + 1;
    const moment = moments[next % Math.max(1, moments.length)];
    if (!moment || !hear) return;
    played.set(cell, next);
    fill(note, t('matrix.plays', { n: (next % moments.length) + 1, all: moments.length, at: duration((moment.at - report.startedAt) / 1000) }));
    hear(moment.at - 3000, moment.at + 5000, [report.people[cell.by].participantId, report.people[cell.of].participantId]);
  };
  const note = el('p', { class: 'hint', role: 'status' });
  return el('div', null, hear && el('p', { class: 'hint' }, t('matrix.read')), table(t('report.matrix'), [t('matrix.corner'), ...of.map((i) => bdi(names[i]))], by.map((i) => el('tr', null, el('th', { scope: 'row' }, bdi(names[i])), of.map((j) => {
    const cell = cells.find((one) => one.by === i && one.of === j);
    if (!cell) return el('td', null, i === j ? '' : '·');
    const label = `${number(cell.tookFloor)} / ${number(cell.spokeAlong)}: ${t('matrix.cell', { by: names[i], of: names[j], took: cell.tookFloor, along: cell.spokeAlong })}`;
    if (!hear) return el('td', { title: label }, el('strong', null, number(cell.tookFloor)), ' / ', number(cell.spokeAlong));
    return el('td', null, el('button', { type: 'button', class: 'cell', 'aria-label': label, title: label, disabled: !cell.moments?.length, on: { click: () => play(cell, note) } },
      el('strong', null, number(cell.tookFloor)), ' / ', number(cell.spokeAlong)));
  })))), note);
}

/** @param {Person[]} people @param {number[]} places */
export const namesAt = (people, places) => places.filter((i) => people[i]).map((i) => nameOf(people[i]));
