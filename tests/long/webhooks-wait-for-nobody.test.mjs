// LiveKit's events are acknowledged at once, whatever LiveKit itself does: measured against a request that asks for nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startWorld } from '../fakes/world.mjs';

const ROUNDS = 5;
const p99 = (times) => times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)];
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

test('99 of 100 webhooks are answered within 20 ms while LiveKit hangs', async (t) => {
  const { livekit, server } = await startWorld(t);
  livekit.mode = 'hang';
  const room = livekit.room('daily');
  const rounds = { mine: [], theirs: [] };
  for (let round = 0; round < ROUNDS; round++) {
    const webhooks = [], others = [];
    for (let i = 0; i < 400; i++) {
      const person = livekit.participant(room, `person-${round}-${i}`);
      const answer = await livekit.publish(room, person, livekit.track(person));
      assert.equal(answer.status, 204);
      webhooks.push(answer.ms);
      const began = performance.now();
      await server.get('/health');
      others.push(performance.now() - began);
    }
    rounds.mine.push(p99(webhooks));
    rounds.theirs.push(p99(others));
  }
  const [mine, theirs] = [median(rounds.mine), median(rounds.theirs)];
  console.log(`p99, median of ${ROUNDS} rounds: ${mine.toFixed(1)} ms, of /health ${theirs.toFixed(1)} ms`);
  assert.ok(mine <= Math.max(20, 3 * theirs), `p99 is ${mine} ms, of /health ${theirs} ms`);
});
