// One meeting's stream, for as long as somebody wants it: read by fetch, opened again after whatever ends it, continued where it
// stopped. Every connection begins with a snapshot, so nothing is missed and nothing comes twice.
import { currentLocale } from '../core/i18n.js';
import { ask, HttpError, session } from './session.js';
import { EventParser } from './sse.js';

/**
 * `connecting`, `live`, `away` (tries again), or why it is over: `ended`, `gone`, `forbidden`, `signed-out`, `not-found`.
 * @typedef {'connecting' | 'live' | 'away' | 'ended' | 'gone' | 'forbidden' | 'signed-out' | 'not-found'} StreamState
 * `seq` is the number of the newest feedback that the listener has; 0: none.
 * @typedef {{ onEvent: (name: string, data: any) => void, onState: (state: StreamState) => void, seq: () => number }} StreamListener
 */

// The server says something at least every 15 s.
const SILENT_MS = 35000, STALE_MS = 17000, LONGEST_MS = 30000, FIRST_MS = 1000;

/** Full jitter, so that the pages of a server that was away do not come back together. @param {number} failures @param {number} firstMs */
export const backoff = (failures, firstMs, random = Math.random) =>
  Math.max(250, random() * Math.min(LONGEST_MS, firstMs * 2 ** Math.min(failures, 10)));

/** @type {Record<number, StreamState>} */
const FINAL = { 401: 'signed-out', 403: 'forbidden', 404: 'not-found' };

export class Stream {
  #failures = 0;
  #retryMs = FIRST_MS;
  #heardMs = 0;
  #isOver = false;
  #isLive = false;
  /** @type {AbortController | null} */
  #request = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #watch;

  /** @param {string} meeting @param {StreamListener} listener @param {{ levels?: boolean }} [options] */
  constructor(meeting, listener, { levels = false } = {}) {
    this.meeting = meeting;
    this.levels = levels;
    this.listener = listener;
  }

  open() {
    this.#watch = setInterval(() => this.#look(), 1000);
    for (const event of ['visibilitychange', 'pageshow', 'online']) window.addEventListener(event, this.#wake, true);
    void this.#connect();
    return this;
  }

  close() {
    this.#isOver = true;
    clearInterval(this.#watch);
    clearTimeout(this.#timer);
    for (const event of ['visibilitychange', 'pageshow', 'online']) window.removeEventListener(event, this.#wake, true);
    this.#request?.abort();
  }

  /** Asks for levels, or no longer: the stream is opened anew, and continues. @param {boolean} levels */
  setLevels(levels) {
    if (levels === this.levels) return;
    this.levels = levels;
    this.#again(0);
  }

  /** After sleep, a hidden hour or a lost network: comes back at once instead of when a timer thinks of it. */
  #wake = () => {
    if (document.visibilityState === 'visible' && performance.now() - this.#heardMs > STALE_MS) this.#again(0);
  };

  #look() {
    const now = performance.now(), end = session.endOf(this.meeting);
    if (this.#isLive && now - this.#heardMs > SILENT_MS) this.#again(0);
    else if (this.#isLive && end !== null && now > end) this.#again(0);
  }

  /** @param {number} ms */
  #again(ms) {
    if (this.#isOver) return;
    this.#request?.abort();
    this.#isLive = false;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#connect(), ms);
  }

  /** @param {StreamState} state */
  #finish(state) {
    this.close();
    this.listener.onState(state);
  }

  async #connect() {
    const request = new AbortController();
    this.#request = request;
    // Of an earlier connection, which was replaced meanwhile, nothing is heard any more.
    const isCurrent = () => this.#request === request && !request.signal.aborted && !this.#isOver;
    try {
      const query = new URLSearchParams({ locale: currentLocale(), ...(this.levels ? { levels: '1' } : {}) });
      const headers = new Headers({ accept: 'text/event-stream' });
      if (this.listener.seq()) headers.set('last-event-id', String(this.listener.seq()));
      const token = await session.tokenFor(this.meeting);
      if (token) headers.set('authorization', `Bearer ${token}`);
      if (!isCurrent()) return;
      const response = await ask(`feedback/${encodeURIComponent(this.meeting)}/live?${query}`, { headers, signal: request.signal });
      await this.#read(response, isCurrent);
      if (isCurrent()) throw new Error('cut');
    } catch (error) {
      if (isCurrent()) await this.#failed(error);
    }
  }

  /** @param {Response} response @param {() => boolean} isCurrent */
  async #read(response, isCurrent) {
    const parser = new EventParser();
    this.#heardMs = performance.now();
    const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader(), decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await reader.read();
      if (done || !isCurrent()) return;
      this.#heardMs = performance.now();
      for (const event of parser.take(decoder.decode(value, { stream: true }))) this.#hear(event.name, event.data);
      this.#retryMs = parser.retryMs ?? this.#retryMs;
    }
  }

  /** @param {string} name @param {string} text */
  #hear(name, text) {
    if (this.#isOver) return;
    let data;
    try {
      data = JSON.parse(text);
    } catch {
      return;
    }
    if (name === 'snapshot') {
      this.#failures = 0;
      this.#isLive = true;
      this.listener.onState('live');
    }
    this.listener.onEvent(name, data);
    if (name === 'end' && data.reason === 'expired') void this.#expired();
    else if (name === 'end') this.#finish(data.reason === 'ended' || data.reason === 'gone' ? data.reason : 'forbidden');
  }

  async #expired() {
    // Its end is known, and is no lost connection.
    this.#request?.abort();
    this.#request = null;
    this.#isLive = false;
    if (await session.renew()) this.#again(0);
    else this.#finish('signed-out');
  }

  /** @param {unknown} error */
  async #failed(error) {
    this.#isLive = false;
    const status = error instanceof HttpError ? error.status : 0;
    if (status === 401 && session.login) {
      await this.#expired();
    } else if (FINAL[status]) {
      this.#finish(FINAL[status]);
    } else {
      this.listener.onState('away');
      this.#again(backoff(this.#failures++, this.#retryMs));
    }
  }
}
