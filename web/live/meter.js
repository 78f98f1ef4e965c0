// The small pictures of a row: its level, with the band that is right, and the ribbon of its last five minutes.
import { drawRun, paint, prepare } from '../core/paint.js';
import { RIBBON_CELLS, runsOf } from './ribbon.js';

export const METER = { width: 132, height: 14 };
export const RIBBON = { width: 300, height: 18 };
const LOWEST = -60;
/** The loudest 20 ms of a tenth of a second of good speech, in dBFS. */
export const BAND = { from: -34, to: -10 };

/** @param {number} dbfs */
const place = (dbfs) => ((Math.min(0, Math.max(LOWEST, dbfs)) - LOWEST) / -LOWEST) * METER.width;

/** Too soft, right or too loud: the number says how much. @param {number} dbfs */
export const zoneOf = (dbfs) => (dbfs < BAND.from ? 'low' : dbfs > BAND.to ? 'high' : 'good');

/** @param {HTMLCanvasElement} canvas @param {number | null} dbfs @param {boolean} isMuted */
export function drawMeter(canvas, dbfs, isMuted) {
  const context = prepare(canvas, METER.width, METER.height);
  const { width, height } = METER;
  context.fillStyle = paint('band');
  context.fillRect(place(BAND.from), 0, place(BAND.to) - place(BAND.from), height);
  context.fillStyle = paint('line');
  context.fillRect(0, height / 2 - 0.5, width, 1);
  if (isMuted) {
    context.fillStyle = paint('muted');
    for (let x = 1; x < width; x += 6) context.fillRect(x, 4, 2, height - 8);
  } else if (dbfs !== null) {
    const zone = zoneOf(dbfs), end = place(dbfs);
    context.fillStyle = paint(zone);
    // The zones differ in height as well: low is thin, right is full, too loud has teeth.
    const inset = zone === 'low' ? 5 : 2;
    context.fillRect(0, inset, end, height - 2 * inset);
    if (zone === 'high') for (let x = place(BAND.to); x < end; x += 4) context.clearRect(x, 0, 1.5, height);
  }
}

/** @param {HTMLCanvasElement} canvas @param {string} cells */
export function drawRibbon(canvas, cells) {
  const context = prepare(canvas, RIBBON.width, RIBBON.height);
  const cell = RIBBON.width / RIBBON_CELLS, from = RIBBON.width - cells.length * cell;
  for (const [letter, first, count] of runsOf(cells)) drawRun(context, letter, from + first * cell, count * cell, RIBBON.height);
}
