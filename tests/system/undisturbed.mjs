// For what can only be shown on a machine that keeps time: audio in real time that must arrive without a gap.
import { setTimeout as delay } from 'node:timers/promises';

const LATE_MS = 150; // a sender that is later leaves gaps, or makes bursts that a bounded queue does not hold
const TRIES = 3;

// How late this thread has been at most, in ms, until it is asked.
export function watchClock() {
  let last = performance.now(), most = 0;
  const look = () => {
    const now = performance.now();
    most = Math.max(most, now - last - 20);
    last = now;
  };
  const timer = setInterval(look, 20);
  return () => {
    look();
    clearInterval(timer);
    return most;
  };
}

// What an attempt does in real time: only there it matters that this process keeps time.
export async function inTime(t, work) {
  const stop = watchClock();
  try {
    return await work();
  } finally {
    const late = stop();
    t.lateMs = Math.max(t.lateMs ?? 0, late);
  }
}

// Runs attempt(t) with a `t` of its own. When it fails although this process kept time, that is the result; when it fails
// and was late, it is tried again, and in the end skipped.
export async function undisturbed(t, attempt) {
  for (let i = 0; i < TRIES; i++) {
    const steps = [];
    // clocks: of other threads that must keep time, each tells how late it was
    const own = { after: (step) => steps.push(step), diagnostic: (text) => t.diagnostic(text), lateMs: 0, clocks: [] };
    const failure = await attempt(own).then(() => null, (error) => error);
    const lateMs = Math.max(own.lateMs, ...(failure ? await Promise.all(own.clocks.map((clock) => clock())) : []));
    for (const step of steps.reverse()) await step();
    if (!failure) return;
    if (lateMs < LATE_MS) throw failure;
    t.diagnostic(`this process was ${Math.round(lateMs)} ms late: ${failure.message.split('\n')[0]}`);
    await delay(2000);
  }
  t.skip('this machine is too busy for audio in real time');
}
