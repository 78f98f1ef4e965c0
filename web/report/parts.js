// What a report consists of, from its JSON alone: for its view, and for the file that is read without a server.
import { bdi, el } from '../core/dom.js';
import { currentLocale, duration, listed, moment, number, percent, span, t, time, word } from '../core/i18n.js';
import { icon } from '../core/icons.js';
import { cleanName, isolated, nameOf } from '../core/names.js';
import { dialectOf, fileName, PLAIN, reportCsv } from './export.js';
import { sparks } from './sparks.js';
import { attendanceTable, matrixTable, namesAt, talkTable } from './tables.js';
import { eventTable } from './timeline.js';

/** @import { Feedback, Moment, Person, Report } from '../shapes' */
/** @import { Timeline } from './timeline.js' */

const LEAST_CLIP_MS = 6000;

/** Plays a span of these tracks (none: all); null where there is no sound. @typedef {((from: number, to: number | null, tracks: string[]) => void) | null} Hear */

/** A report from recordings knows no room. @param {Report} report */
export const titleOf = (report) => cleanName(report.roomName) || cleanName(report.meetingId);

/** @param {Report} report @param {Node | null} note @param {...(Node | null)} tools */
export function reportHead(report, note, ...tools) {
  const states = [report.isFinal ? null : t('report.running', { at: time(report.until) }), report.isComplete ? null : t('report.incomplete', { heard: span(report.analysedSeconds) })];
  return el('header', { class: 'report-head' }, el('div', null, el('p', { class: 'over-title' }, t('report.title')), el('h1', { tabindex: '-1' }, bdi(titleOf(report))),
    el('p', { class: 'when' }, `${moment(report.startedAt)} · ${span(report.lengthSeconds)}`), states.map((text) => text && el('p', { class: 'caveat' }, icon('info'), text)), note),
  el('div', { class: 'tools' }, tools));
}

/** @param {Report} report */
export function fileMenu(report) {
  /** @param {string} kind @param {import('../core/i18n.js').Word} label @param {() => [string, string, string]} make */
  const file = (kind, label, make) => el('button', { type: 'button', class: 'choice', on: { click: () => {
    const [text, type, ending] = make(), url = URL.createObjectURL(new Blob([text], { type }));
    el('a', { href: url, download: fileName(report, ending) }).click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  } } }, el('strong', null, kind), el('span', null, t(label)));
  return el('details', { class: 'menu' }, el('summary', null, icon('download'), t('report.save')), el('div', { class: 'menu-body' },
    file('CSV', 'csv.excel', () => [reportCsv(report, t, dialectOf(currentLocale())), 'text/csv;charset=utf-8', 'csv']),
    file('CSV', 'csv.plain', () => [reportCsv(report, t, PLAIN), 'text/csv;charset=utf-8', 'csv']),
    file('JSON', 'csv.json', () => [JSON.stringify(report, null, 2), 'application/json', 'json'])));
}

/** @param {Report} report */
function figures(report) {
  const { group } = report, all = /** @type {[string, string, string | null][]} */ ([
    [t('figure.people'), number(report.people.length), null],
    [t('figure.speech'), span(group.spokenSeconds), group.spokenSeconds === null ? null : percent(group.spokenSeconds / Math.max(1, report.lengthSeconds))],
    [t('figure.turns'), group.turns === null ? '–' : number(group.turns), null],
    [t('figure.floor'), `${group.tookFloor ?? '–'} / ${group.spokeAlong ?? '–'}`, t('figure.floor.more')],
    [t('figure.overlap'), span(group.overlapSeconds), null],
    [t('figure.silence'), span(group.silenceSeconds), group.silences?.count ? t('figure.silence.more', { n: group.silences.count, longest: span(group.silences.longestSeconds) }) : null],
  ]);
  return el('dl', { class: 'figures' }, all.map(([name, value, more]) => el('div', null, el('dt', null, name), el('dd', null, value, more ? el('small', null, more) : null))));
}

/** @param {Moment} one @param {Report} report */
function momentText(one, report) {
  const who = listed(namesAt(report.people, one.people).map(isolated));
  if (one.kind === 'exchange') return t('moment.exchange', { who, n: one.turns ?? 0 });
  if (one.kind === 'turn') return t('moment.turn', { who, length: span(one.seconds) });
  if (one.kind === 'silence') return t('moment.silence', { length: span(one.seconds) });
  return who ? `${word('type.', one.type ?? '')}: ${who}` : word('type.', one.type ?? '');
}

/** @param {Report} report @param {Hear} hear */
function moments(report, hear) {
  const all = report.moments ?? [];
  if (!all.length) return el('p', { class: 'hint' }, t('moments.none'));
  return el('ol', { class: 'moments plain' }, all.map((one) => el('li', { class: 'moment' }, el('p', { class: 'moment-at' }, duration((one.from - report.startedAt) / 1000)), el('p', { class: 'moment-what' }, momentText(one, report)),
    hear && el('button', { type: 'button', on: { click: () => hear(one.from, Math.max(one.to, one.from + LEAST_CLIP_MS), []) } }, icon('play'), t('hear.span', { length: span(Math.max(LEAST_CLIP_MS, one.to - one.from) / 1000) })))));
}

/** Where somebody presented, shares of talk are read with that. @param {Report} report */
function marks(report) {
  const all = report.marks ?? [];
  if (!all.length) return null;
  const names = new Map(report.people.map((person) => [person.participantId, nameOf(person)]));
  return el('p', { class: 'caveat' }, icon('info'), all.map((mark) => mark.participantId ? t('marks.person', { who: isolated(names.get(mark.participantId) ?? cleanName(mark.participantId)) }) : word('marks.', mark.type)).join(' '));
}

/** Everything below the head. @param {Report} report @param {Feedback[]} events @param {Timeline} timeline @param {Hear} hear
 * @param {((person: Person, name: string) => void) | null} erase */
export function reportParts(report, events, timeline, hear, erase) {
  const section = (/** @type {string} */ id, /** @type {string} */ title, /** @type {(Node | null | undefined)[]} */ ...children) =>
    el('section', { class: `part part-${id}`, 'aria-labelledby': `part-${id}` }, el('h2', { id: `part-${id}` }, title), ...children);
  return [figures(report),
    section('moments', t('report.moments'), moments(report, hear)),
    section('timeline', t('report.timeline'), timeline.node),
    section('talk', t('report.talk'), marks(report), talkTable(report, hear)),
    section('matrix', t('report.matrix'), matrixTable(report, hear)),
    section('attendance', t('report.attendance'), attendanceTable(report, erase)),
    section('time', t('report.over'), el('div', { class: 'spark-grid' }, sparks(report.people, 'pace'), sparks(report.people, 'melody'), sparks(report.people, 'loudness'))),
    section('events', t('report.events'), events.length ? eventTable(events, report, hear) : el('p', { class: 'hint' }, t('report.events.none')))];
}
