import assert from 'node:assert/strict';
import { test } from 'node:test';
import { io } from 'socket.io-client';
import { FakeEgress, tone } from '../fakes/egress.mjs';
import { recordings } from '../fakes/wav.mjs';
import { eventually, once, startServer } from './harness.mjs';

async function busy(t) {
  const server = await startServer(t, { env: { DRAIN_MS: '20000' } });
  const tracks = [];
  for (let i = 0; i < 5; i++) {
    const url = `${server.ws}/egress-audio?roomName=sala&participant=p${i}&trackId=TR_${i}&channels=2`;
    const egress = new FakeEgress(url, { source: tone() });
    t.after(() => egress.reset());
    await egress.opened;
    tracks.push(egress);
  }
  await eventually('audio flows', async () => (await server.metric('prosa_track_bytes_total')) > 500000);
  return { server, tracks };
}

test('SIGTERM: headers are finished, clients sent away, and it is gone in time', async (t) => {
  const { server, tracks } = await busy(t);
  const host = io(server.url, { transports: ['polling'], reconnection: false });
  await once(host, 'connect');
  const gone = once(host, 'disconnect');
  const exit = await server.stop();
  assert.deepEqual(exit, { code: 0, signal: null }); // and not 1: it was done within DRAIN_MS
  // No disconnect packet, which would keep the client from coming back.
  const [reason] = [await gone].flat();
  assert.ok(['transport close', 'transport error'].includes(reason), reason);
  const closed = await Promise.all(tracks.map((track) => track.closed));
  assert.deepEqual(closed.map(({ code }) => code), [1001, 1001, 1001, 1001, 1001]);
  const files = await recordings(server, 'sala');
  assert.equal(files.length, 5);
  for (const wav of files) assert.ok(wav.frames > 20000, `${wav.frames} frames`);
});

for (const shards of ['0', '2'])
  test(`a cut short drain costs no audio: PROSA_SHARDS=${shards}`, async (t) => {
    // Half of DRAIN_MS is less than the two seconds that a connection has for the answer to our close.
    const server = await startServer(t, { env: { DRAIN_MS: '3900', PROSA_SHARDS: shards } });
    const egress = new FakeEgress(`${server.ws}/egress-audio?roomName=sala&participant=ana&trackId=TR_1&channels=2`);
    t.after(() => egress.reset());
    await egress.opened;
    egress.socket.pause(); // so it never sees our close, and does not answer it
    egress.source = tone();
    egress.send(60000);
    await eventually('audio arrives', async () => (await server.metric('prosa_track_bytes_total')) === 240000);
    server.wasKilled = true; // it says with its exit code that draining was cut short
    server.child.kill('SIGTERM');
    assert.deepEqual(await server.ended, { code: 1, signal: null }, server.log);
    await server.logged(/cut short/);
    assert.doesNotMatch(server.log, /Sanitizer|runtime error/);
    const [wav] = await recordings(server, 'sala');
    assert.equal(wav.frames, 60000);
    const source = tone()(0, 60000);
    for (let i = 0; i < 60000; i++) assert.equal(wav.sample(i), source.readInt16LE(i * 4));
  });

test('a second signal ends it at once', async (t) => {
  const { server, tracks } = await busy(t);
  for (const track of tracks) track.socket.pause(); // so none answers the close that it would wait for
  server.wasKilled = true;
  server.child.kill('SIGTERM');
  await eventually('it is leaving', () => server.log.includes('leaving'));
  server.child.kill('SIGTERM');
  assert.deepEqual(await server.ended, { code: null, signal: 'SIGTERM' });
});

test('what it says about itself', async (t) => {
  const server = await startServer(t);
  assert.deepEqual((await server.get('/')).body, { message: 'Live Meeting API is running', status: 'ok' });
  for (const path of ['/health', '/health/', '/HEALTH', '/health?x=1']) {
    const { status, body } = await server.get(path);
    assert.equal(status, 200);
    assert.equal(body.status, 'healthy');
    assert.match(body.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  }
  const ready = await server.get('/ready');
  assert.deepEqual([ready.status, ready.body.degraded], [200, []]);
  assert.deepEqual((await server.get('/nope?x=1')).body, {
    message: 'Cannot GET /nope?x=1',
    error: 'Not Found',
    statusCode: 404,
  });
  assert.equal((await server.post('/health', {})).status, 404);
  const head = await server.get('/health', { method: 'HEAD' });
  assert.deepEqual([head.status, head.body], [200, '']);
  assert.deepEqual((await server.get('/feedback/debug/none')).body, { meetingId: 'none', participants: [] });
  assert.deepEqual((await server.get('/feedback/metrics/none')).body, { meetingId: 'none', counts: {}, samples: 0 });
  assert.deepEqual((await server.get('/feedback/debug/%ZZ')).body, {
    message: "Failed to decode param '%ZZ'",
    error: 'Bad Request',
    statusCode: 400,
  });
  assert.deepEqual((await server.get('/sessions/resolve')).body, { ok: false, error: 'roomName is required' });
  assert.deepEqual((await server.get('/sessions/resolve?roomName=a&roomName=b')).body, {
    ok: true,
    meetingId: 'a,b',
    roomName: 'a,b',
    pending: true,
  });
  const preflight = await server.get('/any', { method: 'OPTIONS', headers: { origin: 'https://a.example' } });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers.get('access-control-allow-origin'), 'https://a.example');
});

test('the metrics are for this machine, or for who bears the token', async (t) => {
  const server = await startServer(t, { env: { METRICS_TOKEN: 'a-token-of-metrics' } });
  assert.equal((await server.get('/metrics')).status, 401);
  const { status, body } = await server.get('/metrics', { headers: { authorization: 'Bearer a-token-of-metrics' } });
  assert.equal(status, 200);
  for (const line of body.trim().split('\n')) assert.match(line, /^(# (HELP|TYPE) prosa_\w+ .+|prosa_\w+(\{\w+="[^"]*"\})? [-+\d.e]+)$/);
  assert.doesNotMatch(body, /meetingId|room=|participant=/);
});
