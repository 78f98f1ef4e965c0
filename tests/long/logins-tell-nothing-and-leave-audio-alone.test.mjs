import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { accounts, password, postFrom, register } from '../system/accounts.mjs';
import { startServer } from '../system/harness.mjs';
import { deadMicrophone } from '../system/meeting.mjs';
import { lateness, latenessP99, median } from '../system/times.mjs';

// Hashes of the cost that is the default.
const env = { ...accounts, ARGON2_MEMORY_KIB: '19456', ARGON2_PASSES: '2', EGRESS_AUTH: 'off' };

test('an unknown user takes as long as a wrong password', async (t) => {
  const server = await startServer(t, { env });
  const times = { unknown: [], wrong: [] };
  const difference = () => Math.abs(median(times.unknown) / median(times.wrong) - 1);
  for (let i = 0; i < 200; i++) await register(server, `user${i}`);
  // What the machine does meanwhile meets both, since they take turns. Two hundred tries of each, and where the machine
  // is busy more of them: noise goes with their number, a difference stays. Four failures of an account are free.
  for (let i = 0; i < 800 && (i % 200 || i === 0 || difference() >= 0.05); i++) {
    const pair = [['wrong', `user${i % 200}@example.org`], ['unknown', `nobody${i}@example.org`]];
    for (const [kind, email] of i % 2 ? pair : pair.reverse()) {
      const start = performance.now();
      const { status } = await server.post('/auth/login', { email, password: 'not the password' });
      times[kind].push(performance.now() - start);
      assert.equal(status, 401);
    }
  }
  const said = `unknown user ${median(times.unknown).toFixed(2)} ms, wrong password ${median(times.wrong).toFixed(2)} ms, ` +
    `medians of ${times.wrong.length} tries`;
  console.log(said);
  assert.ok(difference() < 0.05, said);
});

test('a hundred logins at once succeed and leave audio alone', async (t) => {
  const server = await startServer(t, { env: { ...env, AUTH_LOGINS_PER_MINUTE: '20' } });
  for (let i = 0; i < 100; i++) await register(server, `user${i}`);
  for (let i = 0; i < 50; i++) await deadMicrophone(t, server, { room: `r${i >> 2}`, participant: `p${i}` });
  await delay(2000);
  const rounds = { calm: [], busy: [] };
  for (let round = 0; round < 5; round++) {
    const before = await lateness(server);
    await delay(5000);
    const calm = await lateness(server);
    const answers = await Promise.all(Array.from({ length: 100 }, (_, i) =>
      postFrom(server, `127.9.${i >> 4}.${(i & 15) + 1}`, '/auth/login', { email: `user${i}@example.org`, password })));
    const busy = await lateness(server);
    assert.deepEqual([...new Set(answers.map((a) => a.status))], [200]);
    rounds.calm.push(latenessP99(before, calm));
    rounds.busy.push(latenessP99(calm, busy));
  }
  const [calm, busy] = [median(rounds.calm), median(rounds.busy)];
  console.log(`p99 of tick lateness, median of five rounds: calm ${calm} ms (${rounds.calm}), with a hundred logins ${busy} ms (${rounds.busy})`);
  assert.ok(busy <= Math.max(2 * calm, calm + 10), `${calm} and ${busy} ms`);
});

test('more logins than can wait are told so at once, and what waits is answered', async (t) => {
  const server = await startServer(t, { env });
  for (let i = 0; i < 400; i++) await register(server, `user${i}`);
  const login = async (i) => {
    const start = performance.now();
    const answer = await postFrom(server, `127.9.${i >> 4}.${(i & 15) + 1}`, '/auth/login', { email: `user${i}@example.org`, password });
    return { ...answer, took: performance.now() - start };
  };
  const answers = await Promise.all(Array.from({ length: 400 }, (_, i) => login(i)));
  const [served, refused] = [200, 503].map((status) => answers.filter((a) => a.status === status));
  assert.equal(served.length + refused.length, 400);
  assert.ok(served.length >= 256 && refused.length > 0, `${served.length} of 400 logins succeeded`);
  for (const { headers, body } of refused) {
    assert.ok(headers['retry-after']);
    assert.match(body.message, /at once; try again shortly/);
  }
  const [first, last] = [Math.max(...refused.map((a) => a.took)), Math.max(...served.map((a) => a.took))];
  assert.ok(first < last / 2, `the last refusal after ${first} ms, the last success after ${last} ms`);
});
