// The report as a file: JSON as the server has it, CSV for a spreadsheet of the reader's country, or for programs. Pure.
import { cleanName, nameOf } from '../core/names.js';

/** @import { Report } from '../shapes' */
/** @import { Word } from '../core/i18n.js' */

/** @typedef {string | number | null | undefined} Cell */
/** @typedef {{ separator: string, decimal: string, mark: string }} Dialect */

/** Excel in Brazil and Spain reads semicolons and decimal commas, and UTF-8 only behind a byte order mark. @param {string} locale @returns {Dialect} */
export const dialectOf = (locale) =>
  locale === 'en' ? { separator: ',', decimal: '.', mark: '\ufeff' } : { separator: ';', decimal: ',', mark: '\ufeff' };
/** @type {Dialect} */
export const PLAIN = { separator: ',', decimal: '.', mark: '' };

/** A text that a spreadsheet would run is made one that it shows. @param {string} text */
const defused = (text) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);

/** @param {Cell} cell @param {Dialect} dialect */
function csvCell(cell, dialect) {
  if (cell === null || cell === undefined) return '';
  const text = typeof cell === 'number' ? String(cell).replace('.', dialect.decimal) : defused(cell);
  return /["\r\n]/.test(text) || text.includes(dialect.separator) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** @param {Cell[][]} rows @param {Dialect} dialect */
export const toCsv = (rows, dialect) =>
  dialect.mark + rows.map((row) => row.map((cell) => csvCell(cell, dialect)).join(dialect.separator)).join('\r\n') + '\r\n';

/** "2026-11-30T22:41:09-03:00": the reader's own time, and how far that is from the world's. @param {number | null | undefined} ms */
export function withOffset(ms) {
  if (ms === null || ms === undefined) return null;
  const date = new Date(ms), minutes = -date.getTimezoneOffset(), two = (/** @type {number} */ n) => String(Math.trunc(Math.abs(n))).padStart(2, '0');
  const local = new Date(ms + minutes * 60000).toISOString().slice(0, 19);
  return `${local}${minutes < 0 ? '-' : '+'}${two(minutes / 60)}:${two(minutes % 60)}`;
}

/** @param {number | null | undefined} value @param {number} digits */
const rounded = (value, digits) => (value === null || value === undefined ? null : Number(value.toFixed(digits)));

/** Column -> the word for it, and what stands in it. @type {[Word, (person: import('../shapes').Person) => Cell][]} */
const COLUMNS = [
  ['csv.name', (p) => nameOf(p)],
  ['csv.id', (p) => cleanName(p.participantId)],
  ['csv.joined', (p) => withOffset(p.attendance?.joinedAt)],
  ['csv.left', (p) => withOffset(p.attendance?.leftAt)],
  ['csv.present', (p) => rounded(p.attendance?.presentSeconds, 1)],
  ['csv.reconnects', (p) => p.attendance?.reconnects],
  ['csv.talk', (p) => rounded(p.talkSeconds, 1)],
  ['csv.share', (p) => rounded(p.talkShare, 4)],
  ['csv.presence', (p) => rounded(p.presenceShare, 4)],
  ['csv.turns', (p) => p.turns],
  ['csv.longest', (p) => rounded(p.longestTurnSeconds, 1)],
  ['csv.took', (p) => p.interruptions?.tookFloor],
  ['csv.along', (p) => p.interruptions?.spokeAlong],
  ['csv.overlap', (p) => rounded(p.overlapSeconds, 1)],
  ['csv.gaps', (p) => rounded(p.responseGaps?.medianSeconds, 2)],
  ['csv.pace', (p) => rounded(p.pace?.syllablesPerSecond, 2)],
  ['csv.melody', (p) => rounded(p.melody?.semitones, 2)],
  ['csv.loudness', (p) => rounded(p.loudness?.dbfs, 1)],
];

/** @param {Report} report @param {(key: Word) => string} translate @param {Dialect} dialect */
export const reportCsv = (report, translate, dialect) =>
  toCsv([COLUMNS.map(([key]) => translate(key)), ...report.people.map((person) => COLUMNS.map(([, read]) => read(person)))], dialect);

/** The name of a file, without what systems do not take. @param {Report} report @param {string} ending */
export const fileName = (report, ending) =>
  `prosa-${cleanName(report.roomName).replace(/[^\p{L}\p{N}._-]+/gu, '_').slice(0, 60)}-${new Date(report.startedAt).toISOString().slice(0, 10)}.${ending}`;
