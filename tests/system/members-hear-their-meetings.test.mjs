// Members of the organization that owns a meeting hear it with our own tokens, as long as those last.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accounts, bearer, password, register } from './accounts.mjs';
import { eventually, once, startServer } from './harness.mjs';
import { authenticate, connected, deadMicrophone, finishRoom, hears, join, livekit, livekitToken, openClient, quickRules,
  sign, startRoom } from './meeting.mjs';
import { startProxy } from './proxy.mjs';

const secret = 'a-secret-for-access-tokens-0123';
const env = { ...livekit, ...quickRules, ...accounts, FEEDBACK_ACCESS: 'host', EGRESS_AUTH: 'off', DEFAULT_ORGANIZATION: 'casa',
  JWT_ACCESS_SECRET: secret };
const room = 'feedback:RM_x';

const claimsOf = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
// The same token, but for its end.
const lasting = (login, seconds) =>
  sign({ ...claimsOf(login.accessToken), exp: Math.floor(Date.now() / 1000) + seconds }, secret);
const hasEnded = (token) => eventually('the token has ended', () => Date.now() > (claimsOf(token).exp + 1) * 1000);

// Ana's meeting, with a microphone that gives something to tell every second.
async function startMeeting(t) {
  const server = await startServer(t, { env });
  const ana = await register(server, 'ana', { organizationName: 'Casa' });
  await startRoom(server, 'RM_x', 'daily');
  await eventually('it is her organization\'s', async () => (await server.get('/sessions/RM_x', bearer(ana))).status === 200);
  const microphone = await deadMicrophone(t, server);
  return { server, ana, microphone };
}

// How many events there were, whoever heard them.
const raised = async (server, login) =>
  (await server.get('/feedback/metrics/RM_x', bearer(login))).body.counts?.silencio_prolongado ?? 0;
const moreAreRaised = async (server, login, more = 2) => {
  const count = await raised(server, login);
  await eventually('there is more to tell', async () => (await raised(server, login)) >= count + more);
};

test('members of the organization that owns the meeting', async (t) => {
  const { server, ana } = await startMeeting(t);
  const isSaid = (socket, words) => eventually(`it is told: ${words}`, () => socket.exceptions.some((e) => words.test(e.message)));

  await t.test('a stranger who registers an organization of his own is refused', async () => {
    const eva = await register(server, 'eva');
    const stranger = await openClient(t, server);
    await authenticate(stranger, eva.accessToken);
    await assert.rejects(join(stranger, room), /Forbidden/);
    await assert.rejects(join(stranger, { room, after: 0 }), /Forbidden/);
    assert.deepEqual(stranger.feedback, []);
    const { status } = await server.get('/feedback/debug/RM_x', bearer(eva));
    assert.equal(status, 404, 'other organizations\' things do not exist');
  });

  await t.test('a member is warned before the token ends, and may renew it', async () => {
    const member = await openClient(t, server);
    await authenticate(member, ana.accessToken);
    await join(member, room);
    await hears(member);
    assert.deepEqual(member.exceptions, []);
    const short = lasting(ana, 3);
    await Promise.all([authenticate(member, short), authenticate(member, ana.accessToken)]);
    await authenticate(member, lasting(ana, 50));
    await isSaid(member, /expires soon/);
    await hasEnded(short);
    await hears(member, 2);
    assert.ok(!member.exceptions.some((e) => /has expired/.test(e.message)));
    member.close();
  });

  await t.test('a member is out when the token ends, is told so, and back with a new one', async () => {
    const [member, witness] = [await openClient(t, server), await openClient(t, server)];
    for (const socket of [member, witness]) {
      await authenticate(socket, ana.accessToken);
      await join(socket, { room, stats: true });
      await hears(socket);
    }
    await authenticate(member, lasting(ana, 2));
    await isSaid(member, /has expired/);
    const count = member.feedback.length;
    await hears(witness, 2);
    assert.equal(member.feedback.length, count);
    await assert.rejects(join(member, room), /Forbidden/);
    await authenticate(member, ana.accessToken);
    await hears(member, 2);
    await once(member, 'stats');
    assert.ok(!witness.exceptions.some((e) => /expire/.test(e.message)));
    member.close();
    witness.close();
  });

  await t.test('but not into a room that he has left', async () => {
    const [member, witness] = [await openClient(t, server), await openClient(t, server)];
    for (const socket of [member, witness]) {
      await authenticate(socket, ana.accessToken);
      await join(socket, room);
    }
    await authenticate(member, lasting(ana, 1));
    await isSaid(member, /has expired/);
    member.emit('leave-room', room);
    await authenticate(member, ana.accessToken);
    const count = member.feedback.length;
    await hears(witness, 2);
    assert.equal(member.feedback.length, count);
    member.close();
    witness.close();
  });

  await t.test('a member who logs out is out at once', async () => {
    const member = await openClient(t, server);
    await authenticate(member, ana.accessToken);
    await join(member, room);
    await hears(member);
    assert.equal((await server.post('/auth/logout', { refreshToken: ana.refreshToken })).status, 204);
    await isSaid(member, /^Forbidden/);
    await assert.rejects(join(member, { room, after: 0 }), /Forbidden/);
  });
});

// Less than the round in which memberships are checked anyway.
const AT_ONCE_MS = 8000;

test('a login that ends is out of its meetings at once, and no other', async (t) => {
  const { server, ana } = await startMeeting(t);
  const log = async () => (await server.post('/auth/login', { email: 'ana@example.org', password })).body;
  const other = await openClient(t, server, { auth: { token: ana.accessToken } });
  await join(other, room);
  const ends = {
    'a logout': (login) => server.post('/auth/logout', { refreshToken: login.refreshToken }),
    'a refresh token used twice': async (login) => {
      const next = await server.post('/auth/refresh', { refreshToken: login.refreshToken });
      await server.post('/auth/refresh', { refreshToken: next.body.refreshToken });
      assert.equal((await server.post('/auth/refresh', { refreshToken: login.refreshToken })).status, 401);
    },
  };
  for (const [what, end] of Object.entries(ends)) {
    const login = await log();
    const member = await openClient(t, server, { auth: { token: login.accessToken } });
    await join(member, room);
    await hears(member);
    await end(login);
    await eventually(`${what} is told`, () => member.exceptions.some((e) => /^Forbidden: you are no member/.test(e.message)),
      { within: AT_ONCE_MS });
    const { length } = member.feedback;
    await hears(other, 2);
    assert.equal(member.feedback.length, length, what);
  }
  assert.deepEqual(other.exceptions, []);
});

test('the only way to a meeting that has ended is a membership', async (t) => {
  const { server, ana, microphone } = await startMeeting(t);
  await moreAreRaised(server, ana);
  microphone.close();
  await finishRoom(server, 'RM_x', 'daily');
  const host = await openClient(t, server, { auth: { token: livekitToken() } });
  await assert.rejects(join(host, { room, after: 0 }), /Forbidden/);
  const member = await openClient(t, server, { auth: { token: ana.accessToken } });
  await join(member, { room, after: 0 });
  assert.ok(member.feedback.length > 0);
  assert.deepEqual(host.feedback, []);
});

test('a member who lost the connection hears what he missed, once the store has said yes', async (t) => {
  const { server, ana } = await startMeeting(t);
  const other = (await server.post('/auth/login', { email: 'ana@example.org', password: 'correct horse battery staple' })).body;
  const proxy = await startProxy(t, server.port);
  const member = await openClient(t, { url: proxy.url }, { auth: { token: ana.accessToken, recovery: true }, reconnection: false });
  await join(member, room);
  await hears(member);
  // Away for as long as it takes to miss something, or for what is done meanwhile.
  const lose = async (meanwhile = () => moreAreRaised(server, other)) => {
    const gone = once(member, 'disconnect');
    proxy.cut();
    await gone;
    await meanwhile();
    member.connect();
    await connected(member);
    assert.equal(member.recovered, true);
  };
  const isWhole = () => {
    const seen = member.feedback.map((event) => event.seq);
    assert.deepEqual(seen, Array.from({ length: seen.length }, (_, i) => seen[0] + i), 'all, in order, once');
  };
  await lose();
  await hears(member, 4);
  isWhole();

  const short = lasting(ana, 4);
  await authenticate(member, short);
  await lose(async () => {
    await hasEnded(short);
    await moreAreRaised(server, other);
    member.auth = { token: ana.accessToken, recovery: true };
  });
  await hears(member, 4);
  isWhole();

  await lose(async () => assert.equal((await server.post('/auth/logout', { refreshToken: ana.refreshToken })).status, 204));
  const count = member.feedback.length;
  await eventually('he is told', () => member.exceptions.some((e) => /^Forbidden/.test(e.message)));
  await moreAreRaised(server, other);
  assert.equal(member.feedback.length, count, 'a login that ended meanwhile opens nothing');
});
