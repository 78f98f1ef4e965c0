// The report as a file of its own (`prosa report --html`): its JSON stands beside this script, and nothing is asked for.
import { el, fill, Life } from '../core/dom.js';
import { chooseLocale, currentLocale, findLocale, locales, onLocale, startLocale, t } from '../core/i18n.js';
import { icon } from '../core/icons.js';
import { isolated } from '../core/names.js';
import { fileMenu, reportHead, reportParts, titleOf } from './parts.js';
import { Timeline } from './timeline.js';

/** @import { Report } from '../shapes' */

const names = { 'pt-BR': 'Português', en: 'English', es: 'Español' };
const report = /** @type {Report} */ (JSON.parse(document.getElementById('report')?.textContent ?? 'null'));
const main = /** @type {HTMLElement} */ (document.getElementById('main'));
let life = new Life();

function draw() {
  life.end();
  life = new Life();
  const events = report.events ?? [], timeline = new Timeline(report, events, null, life);
  const languages = el('select', { 'aria-label': t('language'), on: { change: (/** @type {Event} */ event) => {
    const wanted = findLocale(/** @type {HTMLSelectElement} */ (event.currentTarget).value);
    if (wanted) chooseLocale(wanted);
  } } }, locales.map((one) => el('option', { value: one, lang: one, selected: one === currentLocale() }, names[one])));
  document.title = `${t('report.of', { room: isolated(titleOf(report)) })} · Prosa`;
  fill(main, el('div', { class: 'page report' },
    reportHead(report, null, languages, fileMenu(report), el('button', { type: 'button', class: 'tool', on: { click: () => window.print() } }, icon('print'), t('report.print'))),
    reportParts(report, events, timeline, null, null), el('p', { class: 'hint foot' }, t('report.foot'))));
}

startLocale();
onLocale(draw);
draw();
