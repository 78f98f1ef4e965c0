// Sound of a meeting: the server mixes a few seconds at a time, and this plays them one behind the other without a seam. Only a few
// windows are in memory, however long the meeting was. One clock, that of the sound itself, says where it plays.
import { session } from '../net/session.js';

/** @typedef {{ from: number, buffer: AudioBuffer, until: number }} Window */
/** @typedef {'idle' | 'loading' | 'playing' | 'paused' | 'ended' | 'failed'} SoundState */

const WINDOW_MS = 12000, KEPT = 4, AHEAD_S = 4;

/** @param {string} meeting @param {number} from @param {number} to @param {{ tracks?: string[], rate?: number, signal?: AbortSignal }} [options] */
export async function fetchMix(meeting, from, to, { tracks, rate = 1, signal } = {}) {
  const query = new URLSearchParams({ from: String(Math.round(from)), to: String(Math.round(to)) });
  if (tracks?.length) query.set('tracks', tracks.join(','));
  if (rate !== 1) query.set('rate', String(rate));
  const response = await session.request(`meetings/${encodeURIComponent(meeting)}/mix?${query}`, { meeting, signal });
  const until = Number(response.headers.get('x-prosa-until')) || Math.round(to);
  return { bytes: await response.arrayBuffer(), until };
}

/** @type {AudioContext | null} */
let shared = null;

/** Browsers let sound begin only where the user pressed something: this is called from there. */
export function audio() {
  shared ??= new AudioContext();
  if (shared.state === 'suspended') void shared.resume();
  return shared;
}

export class Sound {
  /** @type {SoundState} */
  state = 'idle';
  rate = 1;
  /** Whose tracks; empty: everybody's. @type {string[]} */
  tracks = [];
  /** @type {Map<number, Promise<Window>>} by their beginning */
  #windows = new Map();
  #round = 0;
  /** Where it is, and when on the sound's clock that was. */
  #at = 0;
  #contextAt = 0;
  /** @type {AudioBufferSourceNode[]} */
  #sources = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {AbortController} */
  #loads = new AbortController();

  /** @param {string} meeting @param {number} from @param {number} to @param {() => void} onChange */
  constructor(meeting, from, to, onChange) {
    this.meeting = meeting;
    this.from = from;
    this.to = to;
    this.onChange = onChange;
    this.#at = from;
  }

  /** The place that is heard now, in ms of the server's time. */
  get at() {
    if (this.state !== 'playing') return this.#at;
    return Math.min(this.to, this.#at + Math.max(0, audio().currentTime - this.#contextAt) * 1000 * this.rate);
  }

  /** @param {SoundState} state */
  #set(state) {
    this.state = state;
    this.onChange();
  }

  /** @param {number} index */
  #load(index) {
    const from = this.from + index * WINDOW_MS, to = Math.min(from + WINDOW_MS, this.to);
    let window = this.#windows.get(from);
    if (!window) {
      const { tracks, rate } = this;
      window = fetchMix(this.meeting, from, to, { tracks, rate, signal: this.#loads.signal })
        .then(async ({ bytes, until }) => ({ from, until, buffer: await audio().decodeAudioData(bytes) }));
      window.catch(() => this.#windows.delete(from));
      this.#windows.set(from, window);
      const furthest = [...this.#windows.keys()].sort((a, b) => Math.abs(b - from) - Math.abs(a - from));
      for (const key of furthest.slice(0, Math.max(0, this.#windows.size - KEPT))) this.#windows.delete(key);
    }
    return window;
  }

  #silence() {
    this.#round++;
    clearTimeout(this.#timer);
    for (const source of this.#sources) {
      source.onended = null;
      source.stop();
    }
    this.#sources = [];
  }

  /** @param {number} [at] */
  async play(at = this.at) {
    const context = audio();
    this.#silence();
    const round = this.#round;
    this.#at = Math.min(Math.max(at, this.from), this.to);
    if (this.#at >= this.to) return this.#set('ended');
    this.#set('loading');
    try {
      let index = Math.floor((this.#at - this.from) / WINDOW_MS);
      const first = await this.#load(index);
      if (round !== this.#round) return;
      const start = context.currentTime + 0.05;
      this.#contextAt = start;
      this.#set('playing');
      let when = this.#schedule(first, start, this.#at - first.from);
      let last = first;
      while (round === this.#round && last.until >= last.from + WINDOW_MS && ++index * WINDOW_MS < this.to - this.from) {
        const next = await this.#load(index);
        if (round !== this.#round) return;
        when = this.#schedule(next, when, 0);
        last = next;
        await this.#wait(Math.max(0, (when - context.currentTime - AHEAD_S) * 1000));
      }
      if (round !== this.#round) return;
      await this.#wait(Math.max(0, (when - context.currentTime) * 1000));
      if (round !== this.#round) return;
      this.#at = Math.min(this.to, last.until);
      this.#set('ended');
    } catch {
      if (round === this.#round) {
        this.#silence();
        this.#set('failed');
      }
    }
  }

  /** @param {number} ms @returns {Promise<void>} */
  #wait(ms) {
    return new Promise((done) => (this.#timer = setTimeout(done, ms)));
  }

  /** @param {Window} window @param {number} when @param {number} skipMs */
  #schedule(window, when, skipMs) {
    const context = audio(), source = context.createBufferSource(), skip = skipMs / 1000 / this.rate;
    source.buffer = window.buffer;
    source.connect(this.output ?? context.destination);
    source.start(when, Math.min(skip, window.buffer.duration));
    this.#sources = [...this.#sources.slice(-3), source];
    return when + Math.max(0, window.buffer.duration - skip);
  }

  /** Where it goes instead of the loudspeaker: for measuring. @type {AudioNode | null} */
  output = null;

  pause() {
    if (this.state !== 'playing' && this.state !== 'loading') return;
    const at = this.at;
    this.#silence();
    this.#at = at;
    this.#set('paused');
  }

  /** @param {number} at */
  seek(at) {
    if (this.state === 'playing' || this.state === 'loading') return void this.play(at);
    this.#at = Math.min(Math.max(at, this.from), this.to);
    this.#set(this.state === 'idle' ? 'idle' : 'paused');
  }

  /** Other tracks, or another pace: what was loaded is for nothing. @param {{ tracks?: string[], rate?: number }} wanted */
  change({ tracks = this.tracks, rate = this.rate }) {
    const at = this.at, wasPlaying = this.state === 'playing' || this.state === 'loading';
    this.#silence();
    this.#loads.abort();
    this.#loads = new AbortController();
    this.#windows.clear();
    this.tracks = tracks;
    this.rate = rate;
    this.#at = at;
    if (wasPlaying) void this.play(at);
    else this.#set(this.state);
  }

  close() {
    this.#silence();
    this.#loads.abort();
    this.#windows.clear();
    this.state = 'idle';
  }
}
