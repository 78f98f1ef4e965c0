import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually, once, startServer } from './harness.mjs';
import { deadMicrophone, finishRoom, livekit, livekitToken, openClient, quickRules, startRoom } from './meeting.mjs';
import { startProxy } from './proxy.mjs';

const env = { ...livekit, ...quickRules, FEEDBACK_ACCESS: 'host', AUTH_REGISTRATION: 'open', EGRESS_AUTH: 'off' };
const room = 'feedback:RM_x';

// Resolves once the client has joined; fails with the exception that came instead.
async function join(socket, wish = room) {
  const refused = new Promise((_, fail) => socket.once('exception', (e) => fail(new Error(e.message))));
  const joined = once(socket, 'user-joined');
  joined.catch(() => {});
  socket.emit('join-room', wish);
  return Promise.race([joined, refused]);
}

async function authenticate(socket, token) {
  const refused = new Promise((_, fail) => socket.once('exception', (e) => fail(new Error(e.message))));
  return Promise.race([socket.timeout(3000).emitWithAck('authenticate', { token }), refused]);
}

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

const hears = (socket) => {
  const count = socket.feedback.length;
  return eventually('it hears feedback', () => socket.feedback.length > count, { within: 4000 });
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
    const socket = await openClient(t, { url: proxy.url }, { auth: { token: livekitToken({ room: 'other' }) }, reconnectionDelay: 400 });
    countStats(socket);
    await join(socket, { room: 'feedback:RM_y', stats: true });
    const gone = once(socket, 'disconnect');
    proxy.cut();
    await gone;
    socket.auth = {};
    await finishRoom(server, 'RM_y', 'other');
    await deadMicrophone(t, server, { room: 'other', query: '&meetingId=RM_y' });
    await once(socket, 'connect');
    assert.equal(socket.recovered, true);
    socket.stats = 0;
    await delay(2200);
    assert.deepEqual(socket.feedback, []);
    assert.equal(socket.stats, 0);
    socket.close();
  });

  await t.test('the right of a LiveKit host ends with the session', async () => {
    await finishRoom(server, 'RM_x', 'daily');
    await delay(100);
    const count = host.feedback.length;
    const { stats } = host;
    await assert.rejects(join(host), /Forbidden/);
    await startRoom(server, 'RM_z', 'daily');
    await assert.rejects(join(host, 'feedback:RM_z'), /Forbidden/);
    await delay(2200);
    assert.equal(host.feedback.length, count);
    assert.equal(host.stats, stats, 'nor numbers');
    await authenticate(host, livekitToken());
    await join(host, 'feedback:RM_z');
    await assert.rejects(join(host), /Forbidden/, 'nor does a new one open what has ended');
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

test('members of the organization that owns the meeting', async (t) => {
  const server = await startServer(t, { env: { ...env, JWT_ACCESS_TTL: '4', DEFAULT_ORGANIZATION: 'casa' } });
  const register = async (email, organizationName) => {
    const answer = await server.post('/auth/register', { email, password: 'correct horse battery', organizationName });
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    return answer.body;
  };
  const renew = async (user) => {
    const answer = await server.post('/auth/refresh', { refreshToken: user.refreshToken });
    assert.equal(answer.status, 200);
    user.refreshToken = answer.body.refreshToken;
    return answer.body.accessToken;
  };
  const ana = await register('ana@example.org', 'Casa');
  const eva = await register('eva@example.org', 'Outra');
  await startRoom(server, 'RM_x', 'daily');
  await deadMicrophone(t, server);

  await t.test('a stranger who registers an organization of his own is refused', async () => {
    const stranger = await openClient(t, server);
    await authenticate(stranger, await renew(eva));
    await assert.rejects(join(stranger), /Forbidden/);
    await assert.rejects(join(stranger, { room, after: 0 }), /Forbidden/);
    assert.deepEqual(stranger.feedback, []);
    const { status } = await server.get('/feedback/debug/RM_x', { headers: { authorization: `Bearer ${await renew(eva)}` } });
    assert.equal(status, 404, 'other organizations\' things do not exist');
  });

  await t.test('a member hears, is warned, may renew, and is out when the token ends', async () => {
    const member = await openClient(t, server);
    await authenticate(member, await renew(ana));
    await eventually('a warning', () => member.exceptions.some((e) => /expires soon/.test(e.message)));
    await join(member);
    await hears(member);
    await delay(2500);
    await authenticate(member, await renew(ana));
    await delay(2500);
    await hears(member);
    await delay(2500);
    const count = member.feedback.length;
    await delay(1500);
    assert.equal(member.feedback.length, count, 'the second token has ended');
    await assert.rejects(join(member), /Forbidden/);
  });

  await t.test('a member who logs out is out at once', async () => {
    const member = await openClient(t, server);
    const other = await register('bia@example.org', 'Terceira');
    await authenticate(member, await renew(ana));
    await join(member);
    await hears(member);
    assert.ok(other);
    assert.equal((await server.post('/auth/logout', { refreshToken: ana.refreshToken })).status, 204);
    await assert.rejects(join(member, { room, after: 0 }), /Forbidden/);
  });
});

test('the only way to a meeting that has ended is a membership', async (t) => {
  const server = await startServer(t, { env: { ...env, DEFAULT_ORGANIZATION: 'casa' } });
  const { body } = await server.post('/auth/register',
    { email: 'ana@example.org', password: 'correct horse battery', organizationName: 'Casa' });
  await startRoom(server, 'RM_x', 'daily');
  const microphone = await deadMicrophone(t, server);
  await delay(2500);
  microphone.close();
  await finishRoom(server, 'RM_x', 'daily');
  const host = await openClient(t, server, { auth: { token: livekitToken() } });
  await assert.rejects(join(host, { room, after: 0 }), /Forbidden/);
  const member = await openClient(t, server, { auth: { token: body.accessToken } });
  await join(member, { room, after: 0 });
  assert.ok(member.feedback.length > 0);
  assert.deepEqual(host.feedback, []);
});

test('FEEDBACK_ACCESS=report lets in, and counts what host would refuse', async (t) => {
  const server = await startServer(t, { env: { ...env, FEEDBACK_ACCESS: 'report' } });
  await startRoom(server, 'RM_x', 'daily');
  await deadMicrophone(t, server);
  const nobody = await openClient(t, server);
  await join(nobody);
  await hears(nobody);
  assert.match(server.log, /FEEDBACK_ACCESS=host would refuse/);
});

test('a member who lost the connection hears what he missed, once the store has said yes', async (t) => {
  const server = await startServer(t, { env: { ...env, DEFAULT_ORGANIZATION: 'casa' } });
  const proxy = await startProxy(t, server.port);
  const { body } = await server.post('/auth/register',
    { email: 'ana@example.org', password: 'correct horse battery', organizationName: 'Casa' });
  await startRoom(server, 'RM_x', 'daily');
  await eventually('the meeting is his organization\'s', async () => {
    const headers = { authorization: `Bearer ${body.accessToken}` };
    return (await server.get('/sessions/RM_x', { headers })).status === 200;
  });
  await deadMicrophone(t, server);
  const member = await openClient(t, { url: proxy.url }, { auth: { token: body.accessToken }, reconnectionDelay: 2500 });
  await join(member);
  await hears(member);
  const lose = async () => {
    const gone = once(member, 'disconnect');
    proxy.cut();
    await gone;
  };
  await lose();
  await once(member, 'connect', { within: 10000 });
  assert.equal(member.recovered, true);
  await hears(member);
  await hears(member);
  const seen = member.feedback.map((event) => event.seq);
  assert.deepEqual(seen, Array.from({ length: seen.length }, (_, i) => seen[0] + i), 'all, in order, once');

  await lose();
  assert.equal((await server.post('/auth/logout', { refreshToken: body.refreshToken })).status, 204);
  const count = member.feedback.length;
  await once(member, 'connect', { within: 10000 });
  await eventually('he is told', () => member.exceptions.some((e) => /^Forbidden/.test(e.message)));
  await delay(1500);
  assert.equal(member.feedback.length, count, 'a login that ended meanwhile opens nothing');
});
