// Drawing on canvases: their sharpness, and the page's colours, which change with light, dark and print.

/** @typedef {'ink' | 'speech' | 'overlap' | 'muted' | 'gap' | 'line' | 'band' | 'good' | 'high' | 'low' | 'paper'} Paint */

/** @type {Map<string, string>} */
let colours = new Map();
/** @type {Set<() => void>} */
const listeners = new Set();

function forget() {
  colours = new Map();
  for (const listener of listeners) listener();
}

for (const query of ['(prefers-color-scheme: dark)', '(forced-colors: active)', 'print', '(prefers-contrast: more)'])
  matchMedia(query).addEventListener('change', forget);

/** The value of the custom property --paint-NAME. @param {Paint} name */
export function paint(name) {
  let colour = colours.get(name);
  if (colour === undefined) {
    colour = getComputedStyle(document.documentElement).getPropertyValue(`--paint-${name}`).trim() || 'currentColor';
    colours.set(name, colour);
  }
  return colour;
}

/** Called when everything has to be drawn anew. @param {() => void} listener @returns {() => void} */
export function onRepaint(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

// Browsers draw nothing on a canvas that is wider than this.
const WIDEST = 8192;

/**
 * The context of a canvas that is as sharp as the screen, in CSS pixels. The size is read from the layout once, by the caller.
 * @param {HTMLCanvasElement} canvas @param {number} width @param {number} height
 */
export function prepare(canvas, width, height) {
  const ratio = Math.min(window.devicePixelRatio || 1, WIDEST / Math.max(1, width));
  const w = Math.max(1, Math.round(width * ratio)), h = Math.max(1, Math.round(height * ratio));
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
  }
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

/**
 * Draws a ribbon's run: speech tall and solid, overlap tall with a cut through it, muted low and hatched, a gap as dashes, silence as a
 * thin line, absence as nothing.
 * @param {CanvasRenderingContext2D} context @param {string} letter @param {number} x @param {number} width @param {number} height
 */
export function drawRun(context, letter, x, width, height) {
  const middle = height / 2;
  if (letter === 's') {
    context.fillStyle = paint('speech');
    context.fillRect(x, middle - height * 0.34, width, height * 0.68);
  } else if (letter === 'o') {
    context.fillStyle = paint('overlap');
    context.fillRect(x, 0, width, height * 0.42);
    context.fillRect(x, height * 0.58, width, height * 0.42);
  } else if (letter === 'm') {
    context.fillStyle = paint('muted');
    for (let at = Math.ceil(x / 4) * 4; at < x + width; at += 4) context.fillRect(at, middle - 3, 1.5, 6);
  } else if (letter === 'g') {
    context.fillStyle = paint('gap');
    for (let at = Math.ceil(x / 8) * 8; at < x + width; at += 8) context.fillRect(at, middle - 1.5, Math.min(5, x + width - at), 3);
  } else if (letter === '.') {
    context.fillStyle = paint('line');
    context.fillRect(x, middle - 0.5, width, 1);
  }
}
