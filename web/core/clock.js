// The server's clock, as far as this browser knows it. Ages are counted on the monotonic clock, so that nothing is ever negative or
// jumps when the computer's clock is put right.
export class Clock {
  #wall = 0;
  #mono = 0;
  isKnown = false;

  /** @param {() => number} [mono] */
  constructor(mono = () => performance.now()) {
    this.mono = mono;
  }

  /** What the server said its time is, just now. @param {number} serverMs */
  hear(serverMs) {
    // The message that took the shortest way is nearest to the truth: the offset only grows, but for a server that was set back.
    const guess = this.now();
    if (!this.isKnown || serverMs > guess || guess - serverMs > 5000) {
      this.#wall = serverMs;
      this.#mono = this.mono();
      this.isKnown = true;
    }
  }

  now() {
    return this.isKnown ? this.#wall + (this.mono() - this.#mono) : Date.now();
  }

  /** Seconds since a time of the server; never negative. @param {number} ms */
  age(ms) {
    return Math.max(0, (this.now() - ms) / 1000);
  }
}

export const clock = new Clock();
