// GET /meetings/:meetingId/report, running, ended and after a restart; and who took part.
import assert from 'node:assert/strict';
import test from 'node:test';
import { accounts, bearer, register } from './accounts.mjs';
import { eventually, run, startServer } from './harness.mjs';
import { deadMicrophone, finishRoom, livekit, livekitToken, quickRules, startRoom, webhook } from './meeting.mjs';

const env = { ...livekit, ...quickRules, ...accounts, FEEDBACK_ACCESS: 'host', EGRESS_AUTH: 'off', DEFAULT_ORGANIZATION: 'casa' };
const room = { sid: 'RM_r', name: 'daily' };
const report = (server, login, meeting = 'RM_r') => server.get(`/meetings/${meeting}/report`, bearer(login));
const person = (identity, sid, more = {}) => ({ identity, sid, name: identity.toUpperCase(), state: 'ACTIVE',
  joinedAt: String(Math.floor(Date.now() / 1000)), ...more });

test('a report while the meeting runs, when it has ended, and after a restart', async (t) => {
  const server = await startServer(t, { env });
  const ana = await register(server, 'ana', { organizationName: 'Casa' });
  const eva = await register(server, 'eva');
  await startRoom(server, 'RM_r', 'daily');
  await eventually('it is her organization\'s', async () => (await server.get('/sessions/RM_r', bearer(ana))).status === 200);
  await webhook(server, 'participant_joined', { room, participant: person('ana', 'PA_1', { metadata: '{"role":"host"}' }) });
  // Comes back twice; and somebody of the same name is somebody else.
  for (const sid of ['PA_2', 'PA_3', 'PA_4']) {
    await webhook(server, 'participant_joined', { room, participant: person('bob', sid) });
    if (sid !== 'PA_4') await webhook(server, 'participant_left', { room, participant: person('bob', sid) });
  }
  await webhook(server, 'participant_joined', { room, participant: person('bob2', 'PA_5', { name: 'BOB' }) });
  await webhook(server, 'participant_joined', { room, participant: person('EG_1', 'PA_6', { kind: 'EGRESS' }) });
  const microphone = await deadMicrophone(t, server, { participant: 'bob' });

  const running = await eventually('the report has an event', async () => {
    const { status, body } = await report(server, ana);
    return status === 200 && body.events.length > 1 && body;
  });
  await t.test('while it runs', async () => {
    assert.deepEqual([running.version, running.meetingId, running.roomName, running.source, running.isFinal, running.isComplete],
      [1, 'RM_r', 'daily', 'live', false, true]);
    assert.deepEqual(running.people.map((p) => [p.participantId, p.name, p.isHost]),
      [['ana', 'ANA', true], ['bob', 'BOB', false], ['bob2', 'BOB', false]]);
    const bob = running.people[1];
    assert.equal(bob.attendance.reconnects, 2);
    assert.equal(bob.attendance.intervals.length, 3);
    assert.equal(bob.attendance.leftAt, null);
    assert.deepEqual([bob.talkSeconds, bob.talkShare, bob.turns, bob.pace.syllablesPerSecond], [0, null, 0, null]);
    assert.match(bob.ribbon, /^[-.gm\d]+$/);
    assert.equal(running.people[0].ribbon, '');
    assert.ok(running.eventCounts.silencio_prolongado >= running.events.length);
    assert.equal(running.events[0].seq, 1);
    assert.equal(running.moments.at(-1).kind, 'event');
    const { body: again } = await server.get('/meetings/daily/report', bearer(ana));
    assert.equal(again.meetingId, 'RM_r');
  });

  await t.test('nobody without a right', async () => {
    const status = async (token) => (await server.get('/meetings/RM_r/report',
      token && { headers: { authorization: `Bearer ${token}` } })).status;
    assert.deepEqual([await status(), await status('x'), await status(eva.accessToken)], [401, 401, 404]);
    assert.equal(await status(livekitToken()), 200);
    assert.equal(await status(livekitToken({ room: 'other' })), 403);
    assert.equal((await report(server, ana, 'RM_none')).status, 404);
  });

  await t.test('who took part is listed, stay by stay, and meetings are found by them', async () => {
    const { body } = await eventually('all are stored', async () => {
      const answer = await server.get('/meetings/RM_r/participants', bearer(ana));
      return answer.body.items?.length === 5 && answer;
    });
    assert.deepEqual(body.items.map((p) => p.participantId).sort(), ['ana', 'bob', 'bob', 'bob', 'bob2']);
    assert.equal(body.items.filter((p) => p.leftAt === null).length, 3);
    assert.ok(body.items.find((p) => p.participantId === 'ana').isHost);
    const found = async (query) => (await server.get(`/sessions?${query}`, bearer(ana))).body.items.length;
    assert.deepEqual([await found('person=BOB2'), await found('person=carla'), await found('room=DAI'), await found('room=x')],
      [1, 0, 1, 0]);
    assert.equal((await server.get(`/sessions?person=${'x'.repeat(300)}`, bearer(ana))).status, 400);
  });

  const ended = await t.test('when it has ended', async () => {
    await microphone.close();
    await finishRoom(server, 'RM_r', 'daily');
    const body = await eventually('it is final', async () => {
      const answer = await report(server, ana);
      return answer.body.isFinal && answer.body;
    });
    assert.ok(body.until >= running.until && body.people.length === 3);
    return body;
  });

  await t.test('made again from its recordings', async () => {
    await server.stop();
    const { code, stdout } = await run(['report', 'RM_r', '--host', 'bob'], { env, cwd: server.folder });
    assert.equal(code, 0);
    const again = JSON.parse(stdout);
    assert.deepEqual([again.version, again.meetingId, again.source, again.isFinal], [1, 'RM_r', 'recordings', true]);
    assert.deepEqual(Object.keys(again).sort(), Object.keys(running).sort());
    assert.deepEqual(Object.keys(again.people[0]).filter((name) => name !== 'name'),
      Object.keys(running.people[1]).filter((name) => name !== 'name'));
    assert.deepEqual(again.people.map((p) => [p.participantId, p.isHost]), [['bob', true]]);
    assert.ok(Math.abs(again.startedAt - running.people[1].attendance.joinedAt) < 60000, 'at the times of the recording');
    assert.ok(again.lengthSeconds > 0);
    assert.equal((await run(['report', 'RM_none'], { env, cwd: server.folder })).code, 1);
  });

  await t.test('and after a restart, from the database', async () => {
    const next = await startServer(t, { env, folder: server.folder });
    const { status, body } = await report(next, ana);
    assert.equal(status, 200);
    assert.equal(body.isFinal, true);
    assert.deepEqual(body.people.map((p) => p.participantId), ['ana', 'bob', 'bob2']);
    assert.equal(body.people[1].attendance.reconnects, 2);
    const { body: list } = await next.get('/meetings/RM_r/participants', bearer(ana));
    assert.ok(list.items.every((p) => p.leftAt), 'all have left');
    assert.equal((await next.get('/sessions/RM_r', { method: 'DELETE', ...bearer(ana) })).status, 200);
    assert.equal((await report(next, ana)).status, 404);
  });
});

test('a server that leaves keeps the reports of meetings that run', async (t) => {
  const server = await startServer(t, { env: { ...env, FEEDBACK_ACCESS: 'open' } });
  await startRoom(server, 'RM_r', 'daily');
  await webhook(server, 'participant_joined', { room, participant: person('bob', 'PA_1') });
  await deadMicrophone(t, server);
  await eventually('there is a report', async () => (await server.get('/meetings/RM_r/report')).status === 200);
  await server.stop();
  const next = await startServer(t, { env: { ...env, FEEDBACK_ACCESS: 'open' }, folder: server.folder });
  const { status, body } = await next.get('/meetings/RM_r/report');
  assert.equal(status, 200);
  assert.equal(body.isFinal, false);
  assert.deepEqual(body.people.map((p) => p.participantId), ['bob']);
});
