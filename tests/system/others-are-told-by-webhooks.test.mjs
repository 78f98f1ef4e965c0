// Webhooks to others (docs/webhooks.md): what they hold, that receivers can verify them, and what becomes of those that are not taken.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openReceiver, secret } from '../fakes/receiver.mjs';
import { talk } from '../fakes/talker.mjs';
import { accounts, bearer, invite, register, startPostgres } from './accounts.mjs';
import { api } from './api.mjs';
import { audio, closeTrack, openTrack } from './egress.mjs';
import { eventually, freePort, run, startServer, temporaryFolder } from './harness.mjs';
import { finishRoom, livekit, startRoom } from './meeting.mjs';

const quick = { ...accounts, ...livekit, EGRESS_AUTH: 'off', WEBHOOK_SECRET: secret(1), WEBHOOK_RETRY_MS: '50', WEBHOOK_TIMEOUT_MS: '1000', DEFAULT_ORGANIZATION: 'acme' };
const start = (t, receiver, { env = {}, ...options } = {}) => startServer(t, { env: { ...quick, WEBHOOK_URLS: receiver.url, ...env }, ...options });
const dead = async (server) => (await server.get('/operators/webhooks')).body.dead;

test('a meeting is told from its start to its report', async (t) => {
  const receiver = await openReceiver(t), second = await openReceiver(t);
  const server = await startServer(t, { env: { ...quick, WEBHOOK_URLS: `${receiver.url}, ${second.url}` } });
  await register(server, 'acme');
  await startRoom(server, 'RM_1', 'daily');
  const track = await openTrack(server, { roomName: 'daily', participant: 'bob', trackId: 'TR_1', sampleRate: 48000 });
  const sent = audio(48000 * 3);
  for (let at = 0; at < sent.length; at += 1920) track.send(sent.subarray(at, at + 1920));
  await closeTrack(track);
  await eventually('the recording is told', () => receiver.of('recording.finished').length);
  await finishRoom(server, 'RM_1', 'daily');
  const types = ['meeting.started', 'recording.finished', 'meeting.ended', 'report.ready'];
  for (const one of [receiver, second]) await eventually('all is told', () => types.every((type) => one.of(type).length));
  for (const type of types) {
    assert.equal(receiver.of(type).length, 1, type);
    const { id, event, headers } = receiver.of(type)[0];
    assert.match(id, /^msg_[\w-]{32}$/);
    assert.equal(event.data.meetingId, 'RM_1');
    assert.equal(headers['content-type'], 'application/json');
    api().checkWebhook(event);
  }
  const [{ event: { data } }] = receiver.of('recording.finished');
  assert.deepEqual([data.participantId, data.bytes, data.durationMs, data.sha256.length], ['bob', sent.length, 3000, 64]);
  const report = await server.get(receiver.of('report.ready')[0].event.data.report);
  assert.equal(report.status, 200);
  assert.notEqual(receiver.of('meeting.started')[0].id, second.of('meeting.started')[0].id);
  assert.deepEqual([...receiver.refused, ...second.refused], []);
  await eventually('it is counted', async () => await server.metric('prosa_deliveries_total', { outcome: 'delivered' }) === 8);
});

test('critical feedback is told, and other feedback is not', async (t) => {
  const receiver = await openReceiver(t);
  const server = await start(t, receiver);
  await startRoom(server, 'RM_1', 'daily');
  const track = await openTrack(server, { roomName: 'daily', participant: 'bob', trackId: 'TR_1', sampleRate: 16000, channels: 1 });
  const spoken = talk(16000, 4), loud = Buffer.alloc(spoken.length * 2);
  spoken.forEach((x, i) => loud.writeInt16LE(Math.max(-32768, Math.min(32767, Math.round(x * 8 * 32767))), i * 2));
  let at = 0;
  const timer = setInterval(() => track.send(loud.subarray(at, at + 3200)) || (at = (at + 3200) % loud.length), 100);
  t.after(() => clearInterval(timer));
  const told = await eventually('critical feedback', () => receiver.of('feedback.critical')[0]);
  clearInterval(timer);
  api().checkWebhook(told.event);
  assert.deepEqual([told.event.data.roomName, told.event.data.feedback.severity, told.event.data.feedback.participantId], ['daily', 'critical', 'bob']);
  const stored = (await server.get('/meetings/RM_1/report')).body.events;
  assert.deepEqual(told.event.data.feedback.id, stored.find(({ severity }) => severity === 'critical').id);
});

test('what fails is tried again with growing delay, by the same id and a new timestamp', async (t) => {
  const receiver = await openReceiver(t, { answer: (_, tries) => (tries < 5 ? 500 : 200) });
  const server = await start(t, receiver, { env: { WEBHOOK_RETRY_MS: '200' } });
  await startRoom(server, 'RM_1', 'daily');
  await eventually('it is taken', () => receiver.of('meeting.started').length);
  const gaps = receiver.tries.slice(1).map(({ at }, i) => at - receiver.tries[i].at);
  assert.equal(receiver.tries.length, 5);
  assert.equal(new Set(receiver.tries.map(({ id }) => id)).size, 1);
  gaps.forEach((gap, i) => assert.ok(gap >= 100 * 2 ** i - 20, `the gap ${i} is ${gap} ms: half of it is certain`));
  assert.ok(Number(receiver.tries[4].headers['webhook-timestamp']) > Number(receiver.tries[0].headers['webhook-timestamp']));
  await server.logged(/was not taken; it is tried again.*HTTP status 500/);
  assert.equal((await server.get('/operators/webhooks')).body.pending.length, 0);
});

test('a receiver that hangs holds up neither its own later ones for ever, nor another receiver', async (t) => {
  const slow = await openReceiver(t, { answer: (_, tries) => (tries < 2 ? 'hang' : 200) }), quickOne = await openReceiver(t);
  const server = await startServer(t, { env: { ...quick, WEBHOOK_URLS: `${slow.url},${quickOne.url}`, WEBHOOK_TIMEOUT_MS: '1500' } });
  const began = Date.now();
  for (let i = 0; i < 8; i++) await startRoom(server, `RM_${i}`, `room ${i}`);
  await eventually('the quick one has all', () => quickOne.of('meeting.started').length === 8);
  const took = Date.now() - began;
  assert.ok(slow.events.length < 8, 'the slow one has not');
  await eventually('the slow one has all', () => slow.of('meeting.started').length === 8);
  assert.ok(slow.tries.length >= 16 && Date.now() - began > took);
});

test('410 gives up at once; what was given up is listed, and delivered again on request', async (t) => {
  const receiver = await openReceiver(t, { answer: () => 410 });
  const server = await start(t, receiver);
  const owner = await register(server, 'acme'), member = await invite(server, owner, 'bob');
  await startRoom(server, 'RM_1', 'daily');
  const [letter] = await eventually('it is dead', async () => (await dead(server)).length && dead(server));
  assert.equal(receiver.tries.length, 1);
  assert.deepEqual([letter.type, letter.meetingId, letter.to, letter.lastStatus, letter.attempts],
    ['meeting.started', 'RM_1', `http://127.0.0.1:${receiver.port}`, 410, 1]);
  await eventually('the metrics say so', async () => await server.metric('prosa_deliveries_dead') === 1, { within: 30000 });
  assert.equal(await server.metric('prosa_deliveries_lost_total', { cause: 'given_up' }), 1);
  const proxied = (login) => ({ headers: { ...login?.headers, via: 'a proxy' } });
  assert.equal((await server.get('/operators/webhooks', proxied())).status, 401);
  assert.equal((await server.get('/operators/webhooks', proxied(bearer(member)))).status, 403);
  assert.equal((await server.get('/operators/webhooks', proxied(bearer(owner)))).status, 200);
  receiver.answer = () => 200;
  assert.equal((await server.post('/operators/webhooks/nobody/redeliver')).status, 404);
  assert.equal((await server.post(`/operators/webhooks/${letter.id}/redeliver`)).status, 204);
  await eventually('it is taken', () => receiver.of('meeting.started').length);
  assert.equal(receiver.tries[1].id, letter.id);
  assert.deepEqual(await dead(server), []);
  assert.equal((await server.post(`/operators/webhooks/${letter.id}/redeliver`)).status, 404);
});

test('it is given up when its time is over', async (t) => {
  const receiver = await openReceiver(t, { answer: () => 503 });
  const server = await start(t, receiver, { env: { WEBHOOK_RETRY_MS: '300', WEBHOOK_GIVE_UP_SECONDS: '2' } });
  await startRoom(server, 'RM_1', 'daily');
  const [letter] = await eventually('it is dead', async () => (await dead(server)).length && dead(server));
  assert.ok(letter.attempts >= 2 && letter.attempts === receiver.tries.length, JSON.stringify(letter));
  assert.match(letter.lastError, /503/);
});

test('no redirect is followed', async (t) => {
  const inner = await openReceiver(t);
  const receiver = await openReceiver(t, { answer: () => ({ status: 307, headers: { location: inner.url } }) });
  const server = await start(t, receiver, { env: { WEBHOOK_GIVE_UP_SECONDS: '1' } });
  await startRoom(server, 'RM_1', 'daily');
  const [letter] = await eventually('it is dead', async () => (await dead(server)).length && dead(server));
  assert.match(letter.lastError, /307: redirects are not followed/);
  assert.deepEqual([inner.tries, inner.refused], [[], []]);
});

test('the receiver says when to come again', async (t) => {
  const receiver = await openReceiver(t, { answer: (_, tries) => (tries === 1 ? { status: 429, headers: { 'retry-after': '2' } } : 200) });
  const server = await start(t, receiver);
  await startRoom(server, 'RM_1', 'daily');
  await eventually('it is taken', () => receiver.events.length);
  assert.ok(receiver.tries[1].at - receiver.tries[0].at >= 1900);
});

test('a restart, by a kill too, between two tries loses nothing and repeats nothing that was taken', async (t) => {
  const port = await freePort(); // nobody listens there yet
  const url = `http://127.0.0.1:${port}/hook`;
  const first = await startServer(t, { env: { ...quick, WEBHOOK_URLS: url } });
  await startRoom(first, 'RM_1', 'daily');
  await eventually('it was tried', async () => (await first.get('/operators/webhooks')).body.pending[0]?.attempts > 0);
  await first.kill();
  const second = await startServer(t, { env: { ...quick, WEBHOOK_URLS: url }, folder: first.folder });
  await eventually('it is tried again', async () => (await second.get('/operators/webhooks')).body.pending[0]?.attempts > 1);
  await second.stop();
  const receiver = await openReceiver(t, { port });
  const third = await startServer(t, { env: { ...quick, WEBHOOK_URLS: url }, folder: first.folder });
  await eventually('it is taken', () => receiver.of('meeting.started').length);
  await third.stop();
  const fourth = await startServer(t, { env: { ...quick, WEBHOOK_URLS: url }, folder: first.folder });
  await finishRoom(fourth, 'RM_1', 'daily');
  await eventually('the end is told', () => receiver.of('meeting.ended').length);
  assert.equal(receiver.of('meeting.started').length, 1, 'the start was told once, though the meeting was read back twice');
});

test('keys are changed without a gap', async (t) => {
  const receiver = await openReceiver(t);
  const both = await start(t, receiver, { env: { WEBHOOK_SECRET: `${secret(2)},${secret(1)}` } });
  await startRoom(both, 'RM_1', 'one');
  await eventually('who has the old key takes it', () => receiver.events.length === 1);
  receiver.key = secret(2);
  await startRoom(both, 'RM_2', 'two');
  await eventually('who has the new key takes it', () => receiver.events.length === 2);
  assert.match(receiver.tries[0].headers['webhook-signature'], /^v1,\S{44} v1,\S{44}$/);
  await both.stop();
  const next = await start(t, receiver, { env: { WEBHOOK_SECRET: secret(2) }, folder: both.folder });
  await startRoom(next, 'RM_3', 'three');
  await eventually('the new key alone', () => receiver.events.length === 3);
  assert.deepEqual(receiver.refused, []);
});

test('two servers on one PostgreSQL send each once', async (t) => {
  const postgres = await startPostgres(t);
  const receiver = await openReceiver(t);
  const env = { DATABASE_URL: postgres.url };
  const one = await start(t, receiver, { env }), other = await start(t, receiver, { env });
  for (let i = 0; i < 20; i++) {
    await startRoom(i % 2 ? one : other, `RM_${i}`, `room ${i}`);
    await startRoom(i % 2 ? other : one, `RM_${i}`, `room ${i}`); // both hear of it
  }
  await eventually('all is told', () => new Set(receiver.of('meeting.started').map(({ event }) => event.data.meetingId)).size === 20);
  await eventually('nothing is pending', async () => (await one.get('/operators/webhooks')).body.pending.length === 0);
  const count = await one.metric('prosa_deliveries_total', { outcome: 'delivered' }) + await other.metric('prosa_deliveries_total', { outcome: 'delivered' });
  assert.equal(count, receiver.events.length);
  assert.equal(new Set(receiver.events.map(({ id }) => id)).size, receiver.events.length, 'no id came twice');
  assert.equal(await postgres.ask(`SELECT COUNT(*) FROM "WebhookDelivery" WHERE "state" <> 'sent' OR "body" <> ''`), '0');
});

test('what waits goes with the meeting that is erased', async (t) => {
  const receiver = await openReceiver(t, { answer: () => 500 });
  const server = await start(t, receiver, { env: { WEBHOOK_RETRY_MS: '60000' } });
  const owner = await register(server, 'acme');
  await startRoom(server, 'RM_1', 'daily');
  await finishRoom(server, 'RM_1', 'daily');
  await eventually('both wait', async () => (await server.get('/operators/webhooks')).body.pending.length === 2);
  await server.get('/sessions/RM_1', { method: 'DELETE', ...bearer(owner) });
  await eventually('none waits', async () => (await server.get('/operators/webhooks')).body.pending.length === 0);
});

test('settings that could not work are refused', async (t) => {
  const cwd = await temporaryFolder(t);
  const refused = [
    [{ WEBHOOK_URLS: 'https://app.example.org/x' }, /WEBHOOK_SECRET is not set.*openssl rand/],
    [{ WEBHOOK_URLS: 'ftp://app.example.org/x', WEBHOOK_SECRET: secret(1) }, /WEBHOOK_URLS: ftp:\/\/app\.example\.org must begin with https/],
    [{ WEBHOOK_URLS: 'https://u:p4ssw0rd-of-it@app.example.org/x', WEBHOOK_SECRET: secret(1) }, /must not hold a password/],
    [{ WEBHOOK_URLS: 'https://a.example/x,https://a.example/x', WEBHOOK_SECRET: secret(1) }, /is there twice/],
    [{ WEBHOOK_URLS: 'https://a.example/x', WEBHOOK_SECRET: 'a-secret-without-its-form' }, /WEBHOOK_SECRET must be whsec_/],
  ];
  for (const [env, words] of refused) {
    const { code, stderr } = await run(['check-config'], { cwd, env });
    assert.equal(code, 1, stderr);
    assert.match(stderr, words);
  }
});
