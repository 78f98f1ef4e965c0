// ACCESS_LOG, traces, and what a line of the JSON log names.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { FakeLivekit } from '../fakes/livekit.mjs';
import { openReceiver, secret } from '../fakes/receiver.mjs';
import { accounts } from './accounts.mjs';
import { eventually, startServer } from './harness.mjs';
import { deadMicrophone, livekit, openClient, startRoom, webhook } from './meeting.mjs';
import { openStream } from './stream.mjs';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736', parentId = '00f067aa0ba902b7';
const traceparent = `00-${traceId}-${parentId}-01`;
const lines = (server) => server.log.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
const accessed = (server) => lines(server).filter(({ area }) => area === 'access');

test('without the setting there is none', async (t) => {
  const server = await startServer(t, { env: { LOG_FORMAT: 'json' } });
  await server.get('/health', { headers: { traceparent } });
  await server.get('/health');
  await server.stop();
  assert.deepEqual(accessed(server), []);
});

test('the combined form', async (t) => {
  const server = await startServer(t, { env: { ACCESS_LOG: 'clf', ...accounts } });
  await server.get('/health?x=1', { headers: { 'user-agent': 'a "quoted" agent', referer: 'https://app.example.org/' } });
  await server.post('/auth/login', { email: 'a@example.org', password: 'wrong password' });
  await server.get('/recordings/1?ticket=a-secret-of-a-minute');
  await server.logged(/^127\.0\.0\.1 - - \[\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d \+0000\] "GET \/health\?x=1 HTTP\/1\.1" 200 \d+ "https:\/\/app\.example\.org\/" "a \\"quoted\\" agent"$/m, 1);
  await server.logged(/"POST \/auth\/login HTTP\/1\.1" 401 \d+ "-" "node"$/m, 1);
  await server.logged(/"GET \/recordings\/1\?ticket=- HTTP\/1\.1" 401 /, 1);
  assert.ok(!server.log.includes('a-secret-of-a-minute') && !server.log.includes('wrong password'));
});

test('an object for each request: whole, streamed, upgraded, refused, and left by its client', async (t) => {
  const server = await startServer(t, { env: { ACCESS_LOG: 'json', ...livekit } });
  await startRoom(server, 'RM_1', 'daily');
  await server.get('/health', { method: 'HEAD' });
  const { body } = await server.get('/app/main.js', { headers: { 'accept-encoding': 'identity' } });
  const stream = await openStream(t, server, 'RM_1');
  await stream.next('snapshot');
  stream.abort.abort();
  const client = await openClient(t, server);
  client.close();
  await new Promise((done) => connect(server.port, '127.0.0.1', function () {
    this.on('close', done).resume().end('NONSENSE\r\n\r\n');
  }));
  const find = (fits) => eventually('it is in the log', () => accessed(server).find(fits));
  assert.equal((await find(({ method }) => method === 'HEAD')).bytes, 0);
  const file = await find(({ target }) => target === '/app/main.js');
  assert.deepEqual([file.status, file.bytes, file.peer, file.agent], [200, Buffer.byteLength(body), '127.0.0.1', 'node']);
  const live = await find(({ target }) => target === '/feedback/RM_1/live');
  assert.ok(live.status === 200 && live.bytes > 100 && live.tookMs >= 0);
  assert.equal((await find(({ target }) => target?.startsWith('/socket.io/'))).status, 101);
  const refused = await find(({ method }) => method === null);
  assert.deepEqual([refused.status, refused.target], [400, null]);
  assert.equal((await find(({ target }) => target === '/livekit/webhook')).status, 204);
});

test('a trace goes from the request into the log, to LiveKit and to others', async (t) => {
  const fake = await new FakeLivekit().listen(t);
  const asked = [];
  fake.server.on('request', (request) => request.url.endsWith('/StartTrackEgress') && asked.push(request.headers.traceparent));
  const receiver = await openReceiver(t);
  const server = await startServer(t, { env: { ACCESS_LOG: 'json', LOG_FORMAT: 'json', ...livekit, EGRESS_AUTOSTART: 'on', LIVEKIT_API_URL: fake.url, WEBHOOK_URLS: receiver.url,
    WEBHOOK_SECRET: secret(1) } });
  await webhook(server, 'room_started', { room: { sid: 'RM_1', name: 'daily' } }, { traceparent });
  await server.get('/health', { headers: { traceparent: 'nonsense' } });
  const request = await eventually('the request', () => accessed(server).find(({ target }) => target === '/livekit/webhook'));
  assert.deepEqual([request.traceId, request.parentId], [traceId, parentId]);
  const active = await eventually('what it led to', () => lines(server).find(({ message }) => message === 'meeting active'));
  assert.deepEqual([active.traceId, active.meetingId], [traceId, 'RM_1']);
  const [{ headers }] = await eventually('the webhook', () => receiver.of('meeting.started').length && receiver.of('meeting.started'));
  assert.match(headers.traceparent, new RegExp(`^00-${traceId}-(?!${parentId})[0-9a-f]{16}-01$`));
  const room = { sid: 'RM_1', name: 'daily' }, participant = { sid: 'PA_1', identity: 'ana' };
  await webhook(server, 'track_published', { room, participant, track: { sid: 'TR_1', type: 'AUDIO', source: 'MICROPHONE' } }, { traceparent });
  await eventually('the start of the egress is asked for in the same trace', () => asked.some((one) => one?.startsWith(`00-${traceId}-`)));
  const plain = await eventually('the other request', () => accessed(server).find(({ target }) => target === '/health'));
  assert.equal(plain.traceId, undefined);
  assert.ok(lines(server).filter(({ traceId: id }) => id).length >= 2);
});

test('lines about a track name the meeting, the participant and the track', async (t) => {
  const server = await startServer(t, { env: { LOG_FORMAT: 'json', ...livekit } });
  await startRoom(server, 'RM_1', 'daily');
  const { close } = await deadMicrophone(t, server, { participant: 'bob', query: '' });
  const opened = await eventually('it is told', () => lines(server).find(({ message }) => /track connected/.test(message)));
  close();
  const closed = await eventually('its end is told', () => lines(server).find(({ message }) => /track ended/.test(message)));
  for (const line of [opened, closed]) {
    assert.equal(line.track, 'TR_bob', JSON.stringify(line));
    assert.equal(line.participant, 'bob', JSON.stringify(line));
    assert.ok(line.meeting === 'RM_1' || line.meetingId === 'RM_1', JSON.stringify(line));
  }
});
