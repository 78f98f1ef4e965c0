// Ribbons: what somebody did, one letter a second (docs/report.md, "Ribbons"): `-` away, `.` silent, `s` spoke, `o` spoke while another
// did, `m` muted, `g` nothing arrived, and here a blank where nobody listened.

/** Bits of the levels' flags. */
export const FLAG = { connected: 1, speaks: 2, overlaps: 4, muted: 8, gap: 16, clipped: 32 };
export const RIBBON_CELLS = 300;
const LONGEST = 400000;

/** "3.2s" -> "...ss"; at most `most` cells, from the beginning. @param {string | undefined | null} runs @param {number} [most] */
export function unpackRibbon(runs, most = LONGEST) {
  let cells = '';
  for (const [, count, letter] of (runs ?? '').matchAll(/(\d*)([^\d])/g)) {
    if (cells.length >= most) break;
    cells += letter.repeat(Math.min(count === '' ? 1 : Number(count), most - cells.length));
  }
  return cells;
}

/** The runs of a ribbon as they are drawn: [letter, first cell, cells]. @param {string} cells @returns {[string, number, number][]} */
export function runsOf(cells) {
  /** @type {[string, number, number][]} */
  const runs = [];
  for (let i = 0, start = 0; i < cells.length; i++)
    if (cells[i + 1] !== cells[i]) {
      runs.push([cells[i], start, i + 1 - start]);
      start = i + 1;
    }
  return runs;
}

/** One second of one person, from the flags of its tenths. */
export class Second {
  total = 0;
  speaks = 0;
  overlaps = 0;
  muted = 0;
  gap = 0;
  connected = 0;

  /** @param {number} flags */
  add(flags) {
    this.total++;
    if (flags & FLAG.speaks) this.speaks++;
    if (flags & FLAG.overlaps) this.overlaps++;
    if (flags & FLAG.muted) this.muted++;
    if (flags & FLAG.gap) this.gap++;
    if (flags & FLAG.connected) this.connected++;
  }

  /** The same order and limits as the server's: 0.2 s of speech, half of the second for what is missing. */
  letter() {
    if (!this.total) return ' ';
    if (this.overlaps >= 2) return 'o';
    if (this.speaks >= 2) return 's';
    if (this.gap * 2 >= this.total) return 'g';
    if (this.muted * 2 >= this.total) return 'm';
    return this.connected ? '.' : '-';
  }
}

/** @param {number} flags @returns {'overlaps' | 'speaks' | 'gap' | 'muted' | 'silent' | 'away'} */
export function stateOf(flags) {
  if (flags & FLAG.overlaps) return 'overlaps';
  if (flags & FLAG.speaks) return 'speaks';
  if (flags & FLAG.gap) return 'gap';
  if (flags & FLAG.muted) return 'muted';
  return flags & FLAG.connected ? 'silent' : 'away';
}
