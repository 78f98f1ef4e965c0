import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { accounts, password, postFrom, register } from '../system/accounts.mjs';
import { startServer } from '../system/harness.mjs';
import { deadMicrophone } from '../system/meeting.mjs';

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
// Hashes of the cost that is the default.
const env = { ...accounts, ARGON2_MEMORY_KIB: '19456', ARGON2_PASSES: '2', EGRESS_AUTH: 'off' };

test('an unknown user takes as long as a wrong password', async (t) => {
  const server = await startServer(t, { env });
  const times = { unknown: [], wrong: [] };
  for (let i = 0; i < 200; i++) await register(server, `user${i}`);
  for (let i = 0; i < 200; i++) {
    // Each account once, so that no throttle is met; in turn, so that what the machine does meanwhile meets both.
    const pair = [['wrong', `user${i}@example.org`], ['unknown', `nobody${i}@example.org`]];
    for (const [kind, email] of i % 2 ? pair : pair.reverse()) {
      const start = performance.now();
      const { status } = await server.post('/auth/login', { email, password: 'not the password' });
      times[kind].push(performance.now() - start);
      assert.equal(status, 401);
    }
  }
  const [unknown, wrong] = [median(times.unknown), median(times.wrong)];
  console.log(`unknown user ${unknown.toFixed(2)} ms, wrong password ${wrong.toFixed(2)} ms`);
  assert.ok(Math.abs(unknown - wrong) / wrong < 0.05, `${unknown} and ${wrong}`);
});

// The bound below which 99 % of the ticks between two readings began.
async function lateness(server) {
  const { body } = await server.get('/metrics');
  return [...body.matchAll(/^prosa_tick_lateness_seconds_bucket\{le="([^"]+)"\} (\d+)/gm)]
    .map(([, bound, count]) => [bound === '+Inf' ? Infinity : Number(bound), Number(count)]);
}
function p99(before, after) {
  const counts = after.map(([bound, count], i) => [bound, count - before[i][1]]);
  return 1000 * counts.find(([, count]) => count >= 0.99 * counts.at(-1)[1])[0];
}

test('a hundred logins at once succeed and leave audio alone', async (t) => {
  const server = await startServer(t, { env: { ...env, AUTH_LOGINS_PER_MINUTE: '20' } });
  for (let i = 0; i < 100; i++) await register(server, `user${i}`);
  for (let i = 0; i < 50; i++) await deadMicrophone(t, server, { room: `r${i >> 2}`, participant: `p${i}` });
  await delay(2000);
  const before = await lateness(server);
  await delay(10000);
  const calm = await lateness(server);
  const answers = await Promise.all(Array.from({ length: 100 }, (_, i) =>
    postFrom(server, `127.9.${i >> 4}.${(i & 15) + 1}`, '/auth/login', { email: `user${i}@example.org`, password })));
  await delay(2000);
  const busy = await lateness(server);
  assert.deepEqual([...new Set(answers.map((a) => a.status))], [200]);
  console.log(`p99 of tick lateness: calm ${p99(before, calm)} ms, with a hundred logins ${p99(calm, busy)} ms`);
  assert.ok(p99(calm, busy) <= Math.max(2 * p99(before, calm), p99(before, calm) + 20));
});
