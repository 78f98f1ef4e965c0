// What a screen reader is told: one line that waits its turn, at most one in ten seconds, with what came meanwhile merged into it;
// and at once only that the connection is lost, or what is critical.
import { el } from './dom.js';

const EVERY_MS = 10000;

export class Speaker {
  polite = el('div', { class: 'only-read', 'aria-live': 'polite', role: 'status' });
  urgent = el('div', { class: 'only-read', 'aria-live': 'assertive', role: 'alert' });
  /** @type {string[]} */
  #waiting = [];
  #lastMs = -Infinity;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {() => string} merge what is said when more than one thing has come meanwhile */
  constructor(merge) {
    this.merge = merge;
  }

  /** @param {string} text */
  say(text) {
    this.#waiting.push(text);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#flush(), Math.max(0, this.#lastMs + EVERY_MS - performance.now()));
  }

  #flush() {
    this.#lastMs = performance.now();
    this.polite.textContent = this.#waiting.length > 1 ? this.merge() : this.#waiting[0] ?? '';
    this.#waiting = [];
  }

  /** Asked for by key: needs no waiting. @param {string} text */
  answer(text) {
    this.polite.textContent = '';
    this.polite.textContent = text;
  }

  #urgentMs = -Infinity;

  /** @param {string} text */
  call(text) {
    // More than one alarm in ten seconds is no alarm.
    if (performance.now() - this.#urgentMs < EVERY_MS) return this.say(text);
    this.#urgentMs = performance.now();
    this.urgent.textContent = text;
  }

  /** Takes back what was said, and what waits: nothing of it is to be found any more. */
  forget() {
    this.stop();
    this.#waiting = [];
    this.polite.textContent = this.urgent.textContent = '';
  }

  stop() {
    clearTimeout(this.#timer);
  }
}
