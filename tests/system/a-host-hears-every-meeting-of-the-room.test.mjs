// Recurring meetings: one page stays open while meetings begin and end under the same room name.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { io as connect } from 'socket.io-client';
import { accounts, bearer, register } from './accounts.mjs';
import { eventually, once, PATIENCE_MS, startServer } from './harness.mjs';
import { authenticate, connected, deadMicrophone, finishRoom, hears, join, livekit, livekitToken, openClient, quickRules,
  startRoom } from './meeting.mjs';
import { startProxy } from './proxy.mjs';

const env = { ...livekit, ...quickRules, ...accounts, FEEDBACK_ACCESS: 'host', EGRESS_AUTH: 'off', DEFAULT_ORGANIZATION: 'casa' };
const room = 'feedback:daily';
const over = /^Forbidden: the meeting in this room is over/;

const meetingsOf = (socket) => [...new Set(socket.feedback.map((event) => event.meetingId))];
const hearsOf = (socket, id) => eventually(`it hears ${id}`, () => meetingsOf(socket).includes(id));
const isTold = (socket, words) => eventually('it is told', () => socket.exceptions.find((e) => words.test(e.message)));

// A meeting of the room from its first sound to its end.
async function meet(t, server, sid, meanwhile) {
  await startRoom(server, sid, 'daily');
  const microphone = await deadMicrophone(t, server, { participant: `p${sid}` });
  await meanwhile();
  microphone.close();
  await finishRoom(server, sid, 'daily');
}

test('a host with a valid token', async (t) => {
  const server = await startServer(t, { env });
  const host = await openClient(t, server, { auth: { token: livekitToken() } });
  host.stats = [];
  host.on('stats', (stats) => host.stats.push(stats.meetingId));
  host.emit('join-room', { room, stats: true });

  await t.test('hears each meeting of the room, and its numbers', async () => {
    for (const sid of ['RM_1', 'RM_2', 'RM_3']) {
      await meet(t, server, sid, async () => {
        await hearsOf(host, sid);
        await eventually('numbers', () => host.stats.includes(sid));
      });
      assert.equal(host.feedback.find((event) => event.meetingId === sid).seq, 1, 'from its first event');
    }
    assert.deepEqual(host.exceptions, []);
  });

  await t.test('hears the next meeting when the end of the last one was lost', async () => {
    await startRoom(server, 'RM_4', 'daily');
    await meet(t, server, 'RM_5', () => hearsOf(host, 'RM_5'));
    assert.deepEqual(host.exceptions, []);
  });

  await t.test('is told when the room that is over bears the id of one meeting', async () => {
    const narrow = await openClient(t, server, { auth: { token: livekitToken() } });
    await meet(t, server, 'RM_6', async () => {
      await join(narrow, 'feedback:RM_6');
      await hearsOf(narrow, 'RM_6');
    });
    const told = await isTold(narrow, over);
    assert.deepEqual(told.cause, { pattern: 'join-room', data: 'feedback:RM_6' });
    await meet(t, server, 'RM_7', () => hearsOf(host, 'RM_7'));
    assert.deepEqual(meetingsOf(narrow), ['RM_6']);
  });

  await t.test('leaves for good with leave-room, between two meetings as well', async () => {
    const gone = await openClient(t, server, { auth: { token: livekitToken() } });
    gone.emit('join-room', room);
    gone.emit('leave-room', room);
    await gone.timeout(PATIENCE_MS).emitWithAck('message', 'both are done');
    await meet(t, server, 'RM_8', () => hearsOf(host, 'RM_8'));
    assert.deepEqual(gone.feedback, []);
  });
});

test('a host whose token has expired is told at the end of the meeting, and a new one waits for the next', async (t) => {
  const server = await startServer(t, { env });
  const [host, probe] = [await openClient(t, server), await openClient(t, server)];
  const isGood = (socket, token) => authenticate(socket, token).then(() => true, () => false);
  // The clocks of two machines may differ, so a token is good for a while beyond its end.
  let token;
  for (const left of [-50, -20, 10]) {
    token = livekitToken({ exp: Math.floor(Date.now() / 1000) + left });
    if (await isGood(host, token)) break;
  }
  await meet(t, server, 'RM_1', async () => {
    await join(host, room);
    await eventually('the token has ended', async () => !(await isGood(probe, token)), { every: 500 });
    await hears(host);
  });
  const told = await isTold(host, over);
  assert.match(told.message, /new token with authenticate/);
  assert.deepEqual(told.cause, { pattern: 'join-room', data: room });
  await meet(t, server, 'RM_2', () => assert.rejects(join(host, room), /Forbidden/));
  await authenticate(host, livekitToken());
  await meet(t, server, 'RM_3', () => hearsOf(host, 'RM_3'));
});

test('a host who lost the connection', async (t) => {
  const server = await startServer(t, { env: { ...env, SOCKET_RECOVERY: 'on' } });
  const proxy = await startProxy(t, server.port);
  const host = await openClient(t, { url: proxy.url }, { auth: { token: livekitToken() }, reconnection: false });
  const witness = await openClient(t, server, { auth: { token: livekitToken() } });
  for (const socket of [host, witness]) {
    socket.emit('join-room', room);
    await socket.timeout(PATIENCE_MS).emitWithAck('message', 'it has arrived');
  }
  const lose = async (meanwhile) => {
    const gone = once(host, 'disconnect');
    proxy.cut();
    await gone;
    await meanwhile();
    host.connect();
    await connected(host);
    assert.equal(host.recovered, true);
  };

  await t.test('while waiting for the first meeting hears it', async () => {
    await lose(async () => {});
    await meet(t, server, 'RM_1', () => Promise.all([hearsOf(host, 'RM_1'), hearsOf(witness, 'RM_1')]));
  });
  await t.test('between two meetings hears the next', async () => {
    await lose(async () => {});
    await meet(t, server, 'RM_2', () => Promise.all([hearsOf(host, 'RM_2'), hearsOf(witness, 'RM_2')]));
  });
  await t.test('while one ended and the next began hears what it missed', async () => {
    await startRoom(server, 'RM_3', 'daily');
    await deadMicrophone(t, server, { participant: 'pRM_3' });
    await Promise.all([hearsOf(host, 'RM_3'), hearsOf(witness, 'RM_3')]);
    await lose(async () => {
      await finishRoom(server, 'RM_3', 'daily');
      await startRoom(server, 'RM_4', 'daily');
      await deadMicrophone(t, server, { participant: 'pRM_4' });
      await hearsOf(witness, 'RM_4');
    });
    await hearsOf(host, 'RM_4');
    const seen = host.feedback.filter((e) => e.meetingId === 'RM_4').map((e) => e.seq);
    assert.deepEqual(seen, seen.map((_, i) => i + 1));
  });
  await t.test('is told what it cannot hear any more', async () => {
    await lose(async () => finishRoom(server, 'RM_4', 'daily'));
    assert.deepEqual(host.exceptions, []);
    await join(host, 'feedback:RM_4').catch((error) => assert.match(error.message, /^Forbidden/));
  });
});

test('members of the organization hear each meeting of the room', async (t) => {
  const server = await startServer(t, { env });
  const ana = await register(server, 'ana', { organizationName: 'Casa' });
  await startRoom(server, 'RM_1', 'daily');
  await eventually('it is hers', async () => (await server.get('/sessions/RM_1', bearer(ana))).status === 200);
  const member = await openClient(t, server, { auth: { token: ana.accessToken } });
  await join(member, room);
  for (const sid of ['RM_1', 'RM_2']) await meet(t, server, sid, () => hearsOf(member, sid));
  assert.match((await isTold(member, over)).message, /join again/, 'whether the next is theirs is not known yet');
  await startRoom(server, 'RM_3', 'daily');
  member.emit('join-room', room);
  await meet(t, server, 'RM_4', () => hearsOf(member, 'RM_4'));
  member.emit('join-room', room);
  await meet(t, server, 'RM_5', () => hearsOf(member, 'RM_5'));
  assert.ok(member.exceptions.every(({ message }) => over.test(message)), JSON.stringify(member.exceptions));
});

test('a page that joins on each connect comes back after a long absence', async (t) => {
  const server = await startServer(t, { env });
  const proxy = await startProxy(t, server.port);
  await startRoom(server, 'RM_1', 'daily');
  const feedback = [];
  // As in the README.
  const socket = connect(proxy.url, { auth: { token: livekitToken() } });
  t.after(() => socket.close());
  socket.on('connect', () => socket.emit('join-room', room));
  socket.on('feedback', (event) => feedback.push(event));
  await deadMicrophone(t, server);
  await eventually('it hears', () => feedback.length > 0);
  const gone = once(socket, 'disconnect');
  socket.io.engine.once('close', () => (socket._pid = undefined)); // more than two minutes: nothing is recovered
  proxy.cut();
  await gone;
  await connected(socket);
  assert.equal(socket.recovered, false);
  const count = feedback.length;
  await eventually('it hears again', () => feedback.length > count + 1);
});
