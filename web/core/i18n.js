// The words of the page in three languages, and dates and numbers as each writes them.
import { en } from '../lang/en.js';
import { es } from '../lang/es.js';
import { ptBR } from '../lang/pt-BR.js';

/** @typedef {keyof typeof ptBR} Word */
/** @typedef {'pt-BR' | 'en' | 'es'} Locale */
/** @typedef {Record<string, string | number>} Params */

const all = { 'pt-BR': ptBR, en, es };
export const locales = /** @type {Locale[]} */ (Object.keys(all));
const STORE = 'prosa-locale';

/** @type {Locale} */
let locale = 'pt-BR';
/** @type {Set<() => void>} */
const listeners = new Set();
/** @type {Map<string, any>} */
const made = new Map();

/** @param {string | null | undefined} wanted @returns {Locale | null} */
export function findLocale(wanted) {
  const word = (wanted ?? '').toLowerCase();
  return word.startsWith('pt') ? 'pt-BR' : word.startsWith('es') ? 'es' : word.startsWith('en') ? 'en' : null;
}

/** Reading or keeping a choice may be forbidden (frames, private windows): then it lasts as long as the page. */
export const choice = {
  /** @param {string} name */
  get(name) {
    try {
      return localStorage.getItem(name);
    } catch {
      return null;
    }
  },
  /** @param {string} name @param {string} value */
  set(name, value) {
    try {
      localStorage.setItem(name, value);
    } catch {
      // It lasts as long as the page.
    }
  },
};

/** What was chosen here, else the first language of the browser that there is, else Portuguese. */
export function startLocale() {
  const wished = [choice.get(STORE), ...navigator.languages];
  locale = wished.map(findLocale).find((found) => found) ?? 'pt-BR';
  document.documentElement.lang = locale;
}

export const currentLocale = () => locale;

/** @param {Locale} wanted */
export function chooseLocale(wanted) {
  locale = wanted;
  choice.set(STORE, wanted);
  document.documentElement.lang = wanted;
  for (const listener of listeners) listener();
}

/** @param {() => void} listener */
export function onLocale(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** @template T @param {string} key @param {() => T} make @returns {T} */
function cached(key, make) {
  const full = `${locale} ${key}`;
  if (!made.has(full)) made.set(full, make());
  return made.get(full);
}

/**
 * The sentence of a key. `{name}` is a parameter; of a pair the parameter `n` decides which one is meant.
 * @param {Word} key @param {Params} [params]
 */
export function t(key, params = {}) {
  const entry = all[locale][key];
  let text = typeof entry === 'string' ? entry : entry[0];
  if (typeof entry !== 'string') {
    const rule = cached('plural', () => new Intl.PluralRules(locale)).select(Number(params.n));
    text = rule === 'one' ? entry[0] : entry[1];
  }
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = params[name];
    return value === undefined ? whole : typeof value === 'number' ? number(value) : value;
  });
}

/** The word for a value of the server's, which may be one that this page does not know. @param {string} prefix @param {string} value */
export function word(prefix, value) {
  const key = `${prefix}${value}`;
  return key in all[locale] ? t(/** @type {Word} */ (key)) : value.replaceAll('_', ' ');
}

/** @param {number} value @param {number} [digits] */
export function number(value, digits = 0) {
  return cached(`number ${digits}`, () => new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }))
    .format(value);
}

/** @param {number | null | undefined} share from 0 to 1 */
export function percent(share) {
  if (share === null || share === undefined) return '–';
  return cached('percent', () => new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 })).format(share);
}

const two = (/** @type {number} */ n) => String(n).padStart(2, '0');

/** "7:05", "1:02:09": a place or a length on a player. @param {number | null | undefined} seconds */
export function duration(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return '–';
  const s = Math.max(0, Math.round(seconds)), h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60;
  return h ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
}

/** "1 h 5 min", "12 s": in words that are read aloud well. @param {number | null | undefined} seconds */
export function span(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return '–';
  const s = Math.max(0, seconds);
  /** @param {number} value @param {string} unit @param {number} [digits] */
  const part = (value, unit, digits = 0) =>
    cached(`unit ${unit} ${digits}`, () => new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'short',
      maximumFractionDigits: digits })).format(value);
  if (s < 60) return part(s, 'second', s < 10 && s % 1 ? 1 : 0);
  const minutes = Math.round(s / 60);
  if (minutes < 60) return part(minutes, 'minute');
  return [part(Math.floor(minutes / 60), 'hour'), minutes % 60 ? part(minutes % 60, 'minute') : ''].join(' ').trim();
}

/** @param {number | null | undefined} ms @param {Intl.DateTimeFormatOptions} options @param {string} key */
function date(ms, key, options) {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return '–';
  return cached(key, () => new Intl.DateTimeFormat(locale, options)).format(ms);
}

/** @param {number | null | undefined} ms */
export const time = (ms) => date(ms, 'time', { timeStyle: 'short' });
/** @param {number | null | undefined} ms */
export const timeExact = (ms) => date(ms, 'exact', { timeStyle: 'medium' });
/** @param {number | null | undefined} ms */
export const day = (ms) => date(ms, 'day', { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
/** @param {number | null | undefined} ms */
export const dayShort = (ms) => date(ms, 'short', { day: '2-digit', month: '2-digit', year: 'numeric' });
/** With the name of the time zone, since a report is read elsewhere. @param {number | null | undefined} ms */
export const moment = (ms) => date(ms, 'moment', { day: 'numeric', month: 'long', year: 'numeric', hour: 'numeric', minute: '2-digit',
  timeZoneName: 'short' });

/** "há 5 segundos"; whole units, never in the future. @param {number} seconds */
export function ago(seconds) {
  const format = cached('ago', () => new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'short' }));
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return format.format(-s, 'second');
  if (s < 3600) return format.format(-Math.floor(s / 60), 'minute');
  return format.format(-Math.floor(s / 3600), 'hour');
}

/** @param {string[]} names */
export const listed = (names) => cached('list', () => new Intl.ListFormat(locale, { type: 'conjunction' })).format(names);
