// What hosts made of their cards: told, wrong, not again until, and who presents. Kept by the server, so that a silenced thing stays
// silent after a reload and for a second host; undone by deleting.
import { session } from '../net/session.js';

/** @import { Verdict } from '../shapes' */

export class Verdicts {
  /** @type {Verdict[]} */
  items = [];
  /** @type {Set<() => void>} */
  #listeners = new Set();

  /** @param {string} meeting */
  constructor(meeting) {
    this.meeting = meeting;
    this.path = `feedback/${encodeURIComponent(meeting)}/verdicts`;
  }

  /** @param {() => void} listener */
  onChange(listener) {
    this.#listeners.add(listener);
  }

  #changed() {
    for (const listener of this.#listeners) listener();
  }

  async load() {
    const page = await session.get(this.path, { meeting: this.meeting });
    this.items = page.items ?? [];
    this.#changed();
  }

  /** It counts at once, and is taken back when the server did not take it. @param {Omit<Verdict, 'id'>} wanted */
  async add(wanted) {
    const draft = { ...wanted, id: `draft ${crypto.getRandomValues(new Uint32Array(1))[0]}` };
    this.items = [...this.items, draft];
    this.#changed();
    try {
      const { ts, ...body } = wanted;
      const stored = await session.post(this.path, body, { meeting: this.meeting });
      this.items = this.items.map((one) => (one === draft ? { ...draft, id: stored.id, ts: stored.ts ?? ts } : one));
      this.#changed();
      return this.items.find((one) => one.id === stored.id) ?? null;
    } catch (error) {
      this.items = this.items.filter((one) => one !== draft);
      this.#changed();
      throw error;
    }
  }

  /** @param {Verdict} verdict */
  async undo(verdict) {
    await session.request(`${this.path}/${encodeURIComponent(verdict.id)}`, { meeting: this.meeting, method: 'DELETE' });
    this.items = this.items.filter((one) => one.id !== verdict.id);
    this.#changed();
  }

  /** What is silenced or marked now, the latest first. @param {number} now */
  lasting(now) {
    return this.items.filter((one) => one.verdict === 'mark' || (one.verdict === 'quiet' && (one.until ?? Infinity) > now)).reverse();
  }
}
