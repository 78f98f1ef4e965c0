// DELETE /meetings/:meetingId/participants/:participantId: audio, sidecar, feedback, stays, verdicts and the report without them.
import assert from 'node:assert/strict';
import test from 'node:test';
import { accounts, bearer, invite, register } from './accounts.mjs';
import { finishedWav, recordings } from './egress.mjs';
import { eventually, startServer } from './harness.mjs';
import { deadMicrophone, finishRoom, livekit, livekitToken, quickRules, startRoom, webhook } from './meeting.mjs';

const env = { ...livekit, ...quickRules, ...accounts, FEEDBACK_ACCESS: 'host', EGRESS_AUTH: 'off', DEFAULT_ORGANIZATION: 'casa' };
const room = { sid: 'RM_e', name: 'daily' };

test('one person of an ended meeting is erased', async (t) => {
  const server = await startServer(t, { env });
  const ana = await register(server, 'ana', { organizationName: 'Casa' });
  const eva = await register(server, 'eva');
  const carla = await invite(server, ana, 'carla', 'ADMIN');
  await startRoom(server, room.sid, room.name);
  await eventually('it is hers', async () => (await server.get('/sessions/RM_e', bearer(ana))).status === 200);
  const microphones = [];
  for (const identity of ['bob', 'dora']) {
    await webhook(server, 'participant_joined', { room, participant: { sid: `PA_${identity}`, identity, state: 'ACTIVE' } });
    microphones.push(await deadMicrophone(t, server, { participant: identity }));
  }
  const stored = async (from) => (await from.get('/feedback/RM_e?limit=1000', bearer(ana))).body.items;
  await eventually('both are told about', async () => {
    const about = (await stored(server)).map((event) => event.participantId);
    return about.includes('bob') && about.includes('dora');
  });
  const host = { headers: { authorization: `Bearer ${livekitToken()}` } };
  await server.post('/feedback/RM_e/verdicts', { verdict: 'wrong', type: 'volume_baixo', participantId: 'bob' }, host);
  const erase = async (from, login, who = 'bob') =>
    (await from.get(`/meetings/RM_e/participants/${who}`, { method: 'DELETE', ...bearer(login) }));
  assert.equal((await erase(server, ana)).status, 409, 'while it is active');
  for (const microphone of microphones) microphone.close();
  for (const who of ['bob', 'dora']) await finishedWav(server, `TR_${who}`);
  await finishRoom(server, room.sid, room.name);
  await eventually('it has ended', async () => (await server.get('/meetings/RM_e/report', bearer(ana))).body.isFinal);
  assert.equal((await erase(server, ana)).status, 409, 'while it is in memory');
  await server.stop();

  const next = await startServer(t, { env, folder: server.folder });
  const before = (await next.get('/meetings/RM_e/report', bearer(ana))).body;
  const exported = async (login, who = 'bob') => next.get(`/meetings/RM_e/participants/${who}/export`, bearer(login));
  const { status: given, body: all } = await exported(carla);
  assert.equal(given, 200);
  assert.deepEqual(Object.keys(all), ['meetingId', 'participantId', 'stays', 'report', 'events', 'verdicts', 'recordings']);
  assert.deepEqual([all.stays.length, all.report.participantId, all.verdicts.length, all.recordings.length], [1, 'bob', 1, 1]);
  assert.ok(all.events.length >= 1 && all.events.every((event) => event.participantId === 'bob'));
  assert.ok(!JSON.stringify(all).includes('dora'));
  assert.equal((await exported(eva)).status, 404);
  assert.deepEqual((await exported(ana, 'nobody')).body, { meetingId: 'RM_e', participantId: 'nobody', stays: [], report: null,
    events: [], verdicts: [], recordings: [] });
  assert.equal((await erase(next, eva)).status, 404);
  assert.equal((await erase(next, carla)).status, 404, 'only the owner erases');
  const { status, body } = await erase(next, ana);
  assert.equal(status, 200);
  assert.equal(body.erased.recordings, 1);
  assert.ok(body.erased.files === 1 && body.erased.sidecars === 1 && body.erased.feedback >= 1);

  const after = (await next.get('/meetings/RM_e/report', bearer(ana))).body;
  assert.deepEqual(after.people, before.people.filter((p) => p.participantId !== 'bob'));
  assert.deepEqual(after.group, before.group);
  const everything = JSON.stringify([after, await stored(next), (await next.get('/meetings/RM_e/participants', bearer(ana))).body,
    (await next.get('/sessions/RM_e', bearer(ana))).body, (await next.get('/feedback/RM_e/verdicts', bearer(ana))).body]);
  assert.ok(!everything.includes('bob') && everything.includes('dora'));
  assert.deepEqual((await recordings(next)).map(({ file }) => /_(TR_\w+)\.wav$/.exec(file)[1]), ['TR_dora']);
  assert.deepEqual((await recordings(next, { ending: '.json' })).length, 1);
  assert.equal((await erase(next, ana)).body.erased.recordings, 0, 'again: nothing is left');
});
