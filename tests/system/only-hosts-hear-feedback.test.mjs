import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually, once, PATIENCE_MS, startServer } from './harness.mjs';
import { authenticate, connected, deadMicrophone, finishRoom, hears, join, livekit, livekitToken, openClient, quickRules,
  startRoom } from './meeting.mjs';
import { startProxy } from './proxy.mjs';

const env = { ...livekit, ...quickRules, FEEDBACK_ACCESS: 'host', AUTH_REGISTRATION: 'open', EGRESS_AUTH: 'off' };
const room = 'feedback:RM_x';

async function refusesEveryDoor(socket) {
  const wishes = [room, [room], { room }, { room: [room] }, { room, after: 0 }, 'feedback:daily',
    { room, after: 0, stats: true }];
  for (const wish of wishes)
    await assert.rejects(join(socket, wish), /^Error: Forbidden/, JSON.stringify(wish));
}

// Counts the numbers of the meeting that a socket hears.
const countStats = (socket) => {
  socket.stats = 0;
  socket.on('stats', () => socket.stats++);
};

test('with FEEDBACK_ACCESS=host', async (t) => {
  const server = await startServer(t, { env });
  await startRoom(server, 'RM_x', 'daily');
  await deadMicrophone(t, server);
  const host = await openClient(t, server);
  assert.deepEqual(await authenticate(host, livekitToken()), { ok: true });
  countStats(host);
  await join(host, { room, stats: true });
  await hears(host);
  await eventually('it hears numbers', () => host.stats > 0);
  const outsiders = [];

  await t.test('who shows nothing is refused at every door', async () => {
    const nobody = await openClient(t, server);
    await refusesEveryDoor(nobody);
    outsiders.push(nobody);
  });

  const now = Math.floor(Date.now() / 1000);
  for (const [what, token, says] of [
    ['a guest', livekitToken({ metadata: '{"role":"guest"}' }), /Forbidden/],
    ['metadata that is no JSON', livekitToken({ metadata: 'host' }), /Forbidden/],
    ['one who can promote himself', livekitToken({ video: { canUpdateOwnMetadata: true } }), /Forbidden/],
    ['a token that joins nothing', livekitToken({ video: { roomJoin: false } }), /Invalid token/],
    ['a token without a subject', livekitToken({ sub: '' }), /Invalid token/],
    ['a forged token', livekitToken({ secret: 'another secret of good length 12345' }), /Invalid token/],
    ['an unknown key', livekitToken({ iss: 'otherkey' }), /Invalid token/],
    ['an expired token', livekitToken({ exp: now - 120 }), /expired/],
    ['a token from the future', livekitToken({ nbf: now + 600 }), /clock/],
    ['a token without an end', livekitToken({ exp: undefined }), /Invalid token/],
    ['no token', '', /required/],
  ]) {
    await t.test(`${what} is refused`, async () => {
      const socket = await openClient(t, server);
      await assert.rejects(authenticate(socket, token), says);
      await refusesEveryDoor(socket);
      outsiders.push(socket);
    });
  }

  await t.test('a token for another room opens that room alone', async () => {
    const socket = await openClient(t, server);
    await authenticate(socket, livekitToken({ room: 'other' }));
    await refusesEveryDoor(socket);
    outsiders.push(socket);
  });

  for (const [what, token] of [['role', livekitToken()], ['roles', livekitToken({ metadata: '{"roles":["a","Host"]}' })],
    ['isHost', livekitToken({ metadata: '{"isHost":true}' })]]) {
    await t.test(`a host by ${what} hears, his token given with the handshake`, async () => {
      const socket = await openClient(t, server, { auth: { token } });
      await join(socket, 'feedback:daily');
      await hears(socket);
      socket.close();
    });
  }

  await t.test('the debug route asks for the same right', async () => {
    const ask = async (token) => (await server.get('/feedback/debug/RM_x', {
      headers: token ? { authorization: `Bearer ${token}` } : {} })).status;
    assert.equal(await ask(), 401);
    assert.equal(await ask('nonsense'), 401);
    assert.equal(await ask(livekitToken({ metadata: '{}' })), 401);
    assert.equal(await ask(livekitToken({ room: 'other' })), 403);
    assert.equal(await ask(livekitToken()), 200);
  });

  await t.test('coming back is a door, too', async () => {
    const proxy = await startProxy(t, server.port);
    await startRoom(server, 'RM_y', 'other');
    const socket = await openClient(t, { url: proxy.url }, { auth: { token: livekitToken({ room: 'other' }), recovery: true },
      reconnection: false });
    countStats(socket);
    await join(socket, { room: 'feedback:RM_y', stats: true });
    const gone = once(socket, 'disconnect');
    proxy.cut();
    await gone;
    socket.auth = {};
    await finishRoom(server, 'RM_y', 'other');
    await deadMicrophone(t, server, { room: 'other', query: '&meetingId=RM_y' });
    socket.connect();
    await connected(socket);
    assert.equal(socket.recovered, true);
    socket.stats = 0;
    await delay(2200);
    assert.deepEqual(socket.feedback, []);
    assert.equal(socket.stats, 0);
    socket.close();
  });

  await t.test('a LiveKit host leaves the meeting that has ended, and its token is good for the next', async () => {
    await finishRoom(server, 'RM_x', 'daily');
    await assert.rejects(join(host, room), /Forbidden/);
    await host.timeout(PATIENCE_MS).emitWithAck('message', 'what was on its way is here');
    const count = host.feedback.length;
    const { stats } = host;
    await startRoom(server, 'RM_z', 'daily');
    await delay(2200);
    assert.equal(host.feedback.length, count);
    assert.equal(host.stats, stats, 'nor numbers');
    await join(host, 'feedback:RM_z');
    await authenticate(host, livekitToken());
    await join(host, 'feedback:RM_z');
    await assert.rejects(join(host, room), /Forbidden/, 'nor does a new one open what has ended');
  });

  for (const outsider of outsiders) assert.deepEqual(outsider.feedback, []);
});

test('a host who comes before his session is let in when it begins', async (t) => {
  const server = await startServer(t, { env });
  const host = await openClient(t, server, { auth: { token: livekitToken() } });
  host.emit('join-room', { room: 'feedback:daily', after: 0 });
  await deadMicrophone(t, server);
  await delay(1800);
  assert.deepEqual([host.feedback, host.exceptions], [[], []]);
  const joined = once(host, 'user-joined');
  await startRoom(server, 'RM_x', 'daily');
  await joined;
  await hears(host);
  assert.equal(host.feedback[0].seq, 1, 'what came before the session, too');
});

test('FEEDBACK_ACCESS=report lets in, and counts what host would refuse', async (t) => {
  const server = await startServer(t, { env: { ...env, FEEDBACK_ACCESS: 'report' } });
  await startRoom(server, 'RM_x', 'daily');
  await deadMicrophone(t, server);
  const nobody = await openClient(t, server);
  await join(nobody, room);
  await hears(nobody);
  await eventually('it is logged', () => /FEEDBACK_ACCESS=host would refuse/.test(server.log));
});
