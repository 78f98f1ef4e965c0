// Whatever strangers can fill has a bound for all of them together, and those who are known keep a place.
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { io } from 'socket.io-client';
import WebSocket from 'ws';
import { bodyWithoutEnd, frame, HANDSHAKE, openPolling, openWebSocket, post, Stranger } from '../fakes/strangers.mjs';
import { startWorld } from '../fakes/world.mjs';
import { accounts, register } from './accounts.mjs';
import { openTrack, recordings } from './egress.mjs';
import { atEnd, eventually, once, run, startServer } from './harness.mjs';

const MIB = 1024 * 1024;
const quickly = { within: 20000 }; // sooner than any timeout would end them
const secret = { EGRESS_URL_SECRET: '0123456789abcdef0123456789abcdef' };

// Ends what a test opened, so that its server can leave at once.
function crowd(t) {
  const all = [];
  atEnd(t, () => all.forEach((stranger) => stranger.end()));
  return (stranger) => (all.push(stranger), stranger);
}

async function connect(t, server, options = {}) {
  const socket = io(server.url, { reconnection: false, forceNew: true, ...options });
  atEnd(t, () => socket.close());
  await Promise.race([once(socket, 'connect'), once(socket, 'connect_error').then((error) => Promise.reject(error))]);
  return socket;
}

test('handshakes without a CONNECT give way to hosts', async (t) => {
  const server = await startServer(t, { env: { MAX_CONNECTIONS: '200' } });
  const note = crowd(t);
  const flood = note(new Stranger(server));
  flood.say(HANDSHAKE.repeat(2000)).say('GET /health HTTP/1.1\r\nHost: h\r\n\r\n');
  await eventually('all handshakes are answered', async () => (await server.metric('prosa_http_responses_total')) >= 2000);
  for (const transports of [['polling'], ['websocket'], ['polling', 'websocket']])
    assert.ok((await connect(t, server, { transports })).connected, transports.join());
  assert.ok((await server.metric('prosa_socket_sessions')) <= 200);
});

test('idle WebSockets on every connection shut out neither LiveKit nor health', async (t) => {
  const world = await startWorld(t, { env: { MAX_CONNECTIONS: '40', PROSA_ENV: 'production', JWT_ACCESS_SECRET: 'a'.repeat(32),
    JWT_REFRESH_SECRET: 'b'.repeat(32), LIVEKIT_KEYS: '' } });
  const { livekit, server } = world;
  const note = crowd(t);
  for (const isConnecting of [false, true])
    for (let i = 0; i < 60; i++) note(await openWebSocket(server, { connect: isConnecting }));

  assert.equal((await server.get('/health')).status, 200);
  const room = livekit.room('daily');
  const person = livekit.participant(room, 'ana');
  assert.equal((await livekit.publish(room, person, livekit.track(person))).status, 204);
  await eventually('the signed egress is taken', async () => (await server.metric('prosa_egress_accepted_total')) === 1);
  assert.equal((await server.get('/health')).status, 200);
  assert.ok((await server.metric('prosa_budget_held', { pool: 'connections' })) <= 40);
});

test('users and the metrics keep their connections by their tokens', async (t) => {
  const server = await startServer(t, { env: { ...accounts, MAX_CONNECTIONS: '40', KEEP_ALIVE_MS: '600000', METRICS_TOKEN: 'm'.repeat(32) } });
  const note = crowd(t);
  const ana = await register(server, 'ana');
  const get = (path, token = '') => `GET ${path} HTTP/1.1\r\nHost: h\r\n${token && `Authorization: Bearer ${token}\r\n`}\r\n`;
  const known = [['/auth/me', ana.accessToken], ['/metrics', 'm'.repeat(32)]]
    .map(([path, token]) => ({ client: note(new Stranger(server)), ask: get(path, token) }));
  for (const { client, ask } of known) assert.ok(await client.say(ask).hears('HTTP/1.1 200'), client.heard);

  const guesses = ['', 'x'.repeat(32)];
  const strangers = [];
  for (let i = 0; i < 60; i++) {
    const stranger = note(new Stranger(server)).say(get('/auth/me', guesses[i % 2]));
    assert.ok(await stranger.hears('HTTP/1.1 401'));
    strangers.push(stranger);
  }
  await eventually('strangers make room', () => strangers.filter(({ isOver }) => isOver).length >= 20);
  for (const { client, ask } of known) {
    client.heard = '';
    assert.ok(await client.say(ask).hears('HTTP/1.1 200'), 'the connection is still there');
  }
});

test('what strangers leave unfinished has one bound', async (t) => {
  const server = await startServer(t, { env: { MAX_CLIENT_BYTES: '4MiB', SOCKET_MESSAGE_BYTES: '64KiB',
    SOCKET_MESSAGES_PER_SECOND: '1000', SOCKET_RECOVERY: 'off' } });
  const note = crowd(t);
  let most = 0;
  const look = async () => (most = Math.max(most, await server.metric('prosa_budget_held', { pool: 'memory' })));

  await t.test('bodies less one byte', async () => {
    const all = Array.from({ length: 12 }, () => note(new Stranger(server)).say(bodyWithoutEnd('/livekit/webhook', 900 * 1024)));
    await eventually('most of them are given up', async () => (await look(), all.filter(({ isOver }) => isOver).length >= 7), quickly);
    for (const { heard } of all.filter(({ isOver }) => isOver)) assert.match(heard, /^HTTP\/1.1 503[^]*the server is busy/);
  });
  await t.test('messages less their last fragment', async () => {
    const all = [];
    for (let i = 0; i < 12; i++)
      all.push(note(await openWebSocket(server, { connect: true })).say(frame(Buffer.alloc(900000, 0x61), { fin: false })));
    await eventually('most of them are given up', async () => (await look(), all.filter(({ isOver }) => isOver).length >= 7), quickly);
  });
  await t.test('sessions that nobody polls', async () => {
    const before = await server.metric('prosa_memory_gave_way_total');
    for (let i = 0; i < 12; i++) {
      const { stranger, sid } = await openPolling(server);
      note(stranger);
      for (let k = 0; k < 12; k++) stranger.say(post(sid, `42["message","${'x'.repeat(60000)}"]`));
    }
    await eventually('some of them are given up', async () => (await look(),
      (await server.metric('prosa_memory_gave_way_total')) > before), quickly);
  });
  await t.test('rooms with long names', async () => {
    const before = await server.metric('prosa_memory_gave_way_total');
    for (let i = 0; i < 30; i++) {
      const stranger = note(await openWebSocket(server, { connect: true }));
      const rooms = Array.from({ length: 256 }, (_, k) => `${i}-${k}-${'r'.repeat(280)}`);
      stranger.say(frame(`42["join-room",${JSON.stringify(rooms)}]`));
    }
    await eventually('some of them are given up', async () => (await look(),
      (await server.metric('prosa_memory_gave_way_total')) > before), quickly);
  });
  assert.ok(most <= 4 * MIB, `${most} bytes were held`);
  assert.ok((await connect(t, server)).connected);
});

test('a meeting without sound gives way to one with, after a restart too', async (t) => {
  const env = { ...secret, PROSA_ENV: 'production', MAX_TRACKS: '16', JWT_ACCESS_SECRET: 'a'.repeat(32), JWT_REFRESH_SECRET: 'b'.repeat(32) };
  let server = await startServer(t, { env });
  const started = (name) => server.post('/livekit/webhook', { event: 'room_started', id: `EV_${name}`,
    createdAt: Math.floor(Date.now() / 1000), room: { sid: `RM_${name}`, name } });
  const enter = async (room) => {
    const { code, stdout, stderr } = await run(['egress-url', `roomName=${room}`, `meetingId=RM_${room}`, 'participant=ana', 'trackId=TR_1'],
      { cwd: server.folder, env: { ...secret, EGRESS_WS_BASE: server.ws } });
    assert.equal(code, 0, stderr);
    const socket = new WebSocket(stdout.trim());
    await once(socket, 'open');
    return socket;
  };
  await started('early');
  for (let i = 0; i < 40; i++) assert.equal((await started(`room-${i}`)).status, 204);
  const early = await enter('early'), late = await enter('late');
  await eventually('both are taken', async () => (await server.metric('prosa_tracks', { kind: 'audio' })) === 2);
  assert.ok((await server.metric('prosa_directory_meetings')) <= 16);
  assert.ok((await server.metric('prosa_meetings_gave_way_total')) >= 25);
  // The meeting that had given way is known again with its session.
  await eventually('its session is known', async () =>
    (await server.get('/sessions/resolve?roomName=early')).body.meetingId === 'RM_early');
  early.close(), late.close();
  const { folder } = server;
  await server.stop();

  server = await startServer(t, { env, folder });
  const again = await enter('after');
  await eventually('it is taken', async () => (await server.metric('prosa_tracks', { kind: 'audio' })) === 1);
  again.close();
});

test('meetings that anybody tells of share the memory of clients', async (t) => {
  const server = await startServer(t, { env: { MAX_CLIENT_BYTES: '1MiB' } });
  const tell = (i) => server.post('/livekit/webhook', { event: 'participant_joined', id: `EV_${i}`,
    createdAt: Math.floor(Date.now() / 1000), room: { sid: `RM_${i % 50}`, name: `room-${i % 50}` },
    participant: { sid: `PA_${i}`, identity: `person-${i}` } });
  for (let i = 0; i < 1500; i++) assert.equal((await tell(i)).status, 204);
  assert.ok((await server.metric('prosa_budget_held', { pool: 'memory' })) <= MIB);
  assert.ok((await server.metric('prosa_sessions_ended_for_others_total')) > 0);
});

test('who takes an answer byte by byte is given up', async (t) => {
  const server = await startServer(t, { env: { ANSWER_TIMEOUT_MS: '1000', SOCKET_QUEUE_BYTES: '16MiB', SOCKET_MESSAGE_BYTES: '1MiB',
    SOCKET_PACKET_BYTES: '4MiB', SOCKET_MESSAGES_PER_SECOND: '1000' } });
  const { stranger, sid } = await openPolling(server);
  const reader = new Stranger(server, { isReading: false });
  atEnd(t, () => [stranger, reader].forEach((one) => one.end()));
  for (let i = 0; i < 12; i++) {
    stranger.say(post(sid, `42["message","${'x'.repeat(1000000)}"]`));
    await eventually('the message is taken', async () => (await server.metric('prosa_socket_events_in_total')) === i + 1);
  }
  reader.say(`GET /socket.io/?EIO=4&transport=polling&sid=${sid} HTTP/1.1\r\nHost: h\r\n\r\n`);
  const timer = setInterval(() => reader.socket.read(200), 100);
  atEnd(t, () => clearInterval(timer));
  await eventually('the answer is given up', async () =>
    (await server.metric('prosa_http_refused_total', { cause: 'slow_reader' })) === 1, { within: 20000 });
});

test('with few descriptors strangers leave those of recordings', async (t) => {
  const server = await startServer(t, { wrap: ['prlimit', '--nofile=256:256'] });
  const note = crowd(t);
  // Tracks that are connected need their files when the first sound comes, and others come when strangers have taken all that they get.
  const enter = (i) => openTrack(server, { roomName: 'daily', participant: `p${i}`, trackId: `TR_${i}` });
  const tracks = [await enter(0), await enter(1), await enter(2)];
  await Promise.all(Array.from({ length: 300 }, () => note(new Stranger(server)).opened));
  let open = 0, looks = 0;
  await eventually('no more are taken', async () => {
    const now = (await readdir(`/proc/${server.child.pid}/fd`)).length;
    looks = now === open ? looks + 1 : 0;
    open = now;
    return looks === 10;
  });
  for (const track of tracks) track.send(Buffer.alloc(96000, 1));
  for (let i = 3; i < 5; i++) {
    tracks.push(await enter(i));
    tracks[i].send(Buffer.alloc(96000, 1));
  }
  await eventually('each has its file', async () => (await recordings(server)).length === 5);
  tracks.forEach((track) => track.close());
});
