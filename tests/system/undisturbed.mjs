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

// A failure that says no more than that something took too long.
export class TooLate extends Error {}

// What a late sender does to a server is counted there: more gaps than the test made itself, audio that was dropped, meetings
// that were not analysed for a while. Tells how much of it there was.
export async function disturbanceOf(server, { gaps = 0 } = {}) {
  const counts = [await server.metric('prosa_audio_gaps_total') - gaps, await server.metric('prosa_hume_dropped_total'),
    await server.metric('prosa_hume_blocks_total', { fate: 'dropped' }), await server.metric('prosa_analysis_pauses_total')];
  return counts.reduce((sum, count) => sum + Math.max(0, count), 0);
}

// Runs attempt(t) with a `t` of its own. A failure is the result, unless this process was late and either the server counted
// what that did to it, or the failure is TooLate. Then it is tried again, and in the end skipped, or failed if it is `strict`.
export async function undisturbed(t, attempt, { strict = false } = {}) {
  let failure;
  for (let i = 0; i < TRIES; i++) {
    const steps = [];
    // clocks: of other threads that must keep time, each tells how late it was; signs: what servers counted
    const own = { after: (step) => steps.push(step), diagnostic: (text) => t.diagnostic(text), lateMs: 0, clocks: [], signs: [] };
    failure = await attempt(own).then(() => null, (error) => error);
    const ask = (all) => (failure ? Promise.all(all.map((one) => one().catch(() => 0))) : []);
    const lateMs = Math.max(own.lateMs, ...(await ask(own.clocks)));
    const signs = Math.max(0, ...(await ask(own.signs)));
    for (const step of steps.reverse()) await step();
    if (!failure) return;
    if (lateMs < LATE_MS || (signs === 0 && !(failure instanceof TooLate))) throw failure;
    t.diagnostic(`this process was ${Math.round(lateMs)} ms late, which the server counted ${signs} times: ` +
      failure.message.split('\n')[0]);
    await delay(2000);
  }
  if (strict) throw failure;
  t.skip('this machine is too busy for audio in real time');
}
