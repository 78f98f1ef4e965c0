// Pictures of 16 by 16, drawn by lines in the colour of the text. Each state has a shape of its own, so that none depends on colour.
import { svg } from './dom.js';

/** @type {Record<string, string[]>} */
const PATHS = {
  // States of a person.
  speaks: ['M3 6.5v3', 'M6 4v8', 'M9 2.5v11', 'M12 5v6'],
  overlaps: ['M6 12A4 4 0 1 1 6 4A4 4 0 1 1 6 12', 'M10 12A4 4 0 1 1 10 4A4 4 0 1 1 10 12'],
  silent: ['M8 11.5A3.5 3.5 0 1 1 8 4.5A3.5 3.5 0 1 1 8 11.5'],
  muted: ['M6 3.5a2 2 0 0 1 4 0v4', 'M6 6.5V8a2 2 0 0 0 2.6 1.9', 'M3.5 8A4.5 4.5 0 0 0 8 12.5M8 12.5V14.5', 'M2.5 2.5l11 11'],
  gap: ['M3 8h2', 'M7 8h2', 'M11 8h2', 'M8 2.5v2', 'M8 11.5v2'],
  away: ['M5 8h6'],
  // Severities.
  info: ['M8 14A6 6 0 1 1 8 2A6 6 0 1 1 8 14', 'M8 7.5v3.5', 'M8 5v.2'],
  warning: ['M8 2.5L14 13H2Z', 'M8 6.5v3', 'M8 11.2v.2'],
  critical: ['M5.5 2h5L14 5.5v5L10.5 14h-5L2 10.5v-5Z', 'M8 5v3.5', 'M8 11v.2'],
  // What one does.
  check: ['M3 8.5L6.5 12L13 4.5'],
  cross: ['M4 4l8 8', 'M12 4l-8 8'],
  quiet: ['M3.5 11V7.5a4.5 4.5 0 0 1 7-3.7M12.3 6.2q.2.6.2 1.3V11L14 12.5H2.5', 'M6.5 14h3', 'M2 2l12 12'],
  play: ['M5 3l8 5l-8 5Z'],
  pause: ['M5.5 3v10', 'M10.5 3v10'],
  eye: ['M1.5 8Q8 1 14.5 8Q8 15 1.5 8', 'M8 10A2 2 0 1 1 8 6A2 2 0 1 1 8 10'],
  people: ['M6 8A2.5 2.5 0 1 1 6 3A2.5 2.5 0 1 1 6 8', 'M1.5 13.5a4.5 4.5 0 0 1 9 0', 'M11 3.2a2.4 2.4 0 0 1 0 4.6', 'M12.5 9.6a4.5 4.5 0 0 1 2 3.9'],
  more: ['M3 8v.1', 'M8 8v.1', 'M13 8v.1'],
  bell: ['M3.5 11V7.5a4.5 4.5 0 0 1 9 0V11L14 12.5H2Z', 'M6.5 14.3h3'],
  back: ['M10 3L5 8l5 5'],
  next: ['M6 3l5 5l-5 5'],
  search: ['M7 12A5 5 0 1 1 7 2A5 5 0 1 1 7 12', 'M10.6 10.6L14 14'],
  download: ['M8 2.5v7.5', 'M4.5 7L8 10.5L11.5 7', 'M2.5 13.5h11'],
  print: ['M4.5 6V2.5h7V6', 'M4.5 11.5h-2V6h11v5.5h-2', 'M4.5 9.5h7v4h-7Z'],
  host: ['M2.5 12.5V5l3 2.5L8 3l2.5 4.5l3-2.5v7.5Z'],
  all: ['M8 14A6 6 0 1 1 8 2A6 6 0 1 1 8 14', 'M5 8.5L7.2 10.5L11 5.8'],
  wait: ['M8 14A6 6 0 1 1 8 2A6 6 0 1 1 8 14', 'M8 4.5V8l2.5 1.5'],
  cut: ['M2 5.5a9 9 0 0 1 12 0', 'M4.5 8.5a5.5 5.5 0 0 1 7 0', 'M8 12v.1', 'M2 2l12 12'],
  undo: ['M6 3L3 6l3 3', 'M3 6h6a4 4 0 0 1 0 8H6'],
};

/** @param {string} name @param {string} [label] without one it is decoration */
export function icon(name, label) {
  const paths = (PATHS[name] ?? PATHS.info).map((d) => svg('path', { d }));
  return svg('svg', { class: `icon icon-${name}`, viewBox: '0 0 16 16', role: label ? 'img' : false, 'aria-label': label ?? false,
    'aria-hidden': label ? false : 'true', focusable: 'false' }, ...paths);
}

/** Another picture in the same place. @param {Element} node @param {string} name */
export function setIcon(node, name) {
  const wanted = `icon icon-${name}`;
  if (node.getAttribute('class') === wanted) return;
  node.setAttribute('class', wanted);
  node.replaceChildren(...(PATHS[name] ?? PATHS.info).map((d) => svg('path', { d })));
}
