// Webhooks of a real LiveKit: a room becomes a meeting, its microphones get an egress, and its end ends it.
import assert from 'node:assert/strict';
import test from 'node:test';
import { audioTracks, starts } from '../fakes/world.mjs';
import { eventually, startServer } from '../system/harness.mjs';
import { openClient } from '../system/meeting.mjs';
import { Publisher, startRealWorld } from './real.mjs';

const resolved = async (server, room) => (await server.get(`/sessions/resolve?roomName=${room}`)).body;

test('a room that fills and empties is a meeting that begins and ends', async (t) => {
  const { real, door, server } = await startRealWorld(t);
  const ana = await Publisher.join(t, real, 'diária', 'ana', { metadata: '{"role":"host"}' });
  const bruno = await Publisher.join(t, real, 'diária', 'bruno');
  const sids = [await ana.publish(), await bruno.publish()];

  await eventually('both microphones have an egress', () => starts(door).length === 2);
  assert.deepEqual(starts(door).map(({ body }) => body.trackId).sort(), sids.sort());
  await eventually('both are heard', async () => (await audioTracks(server)) === 2);
  const room = (await real.rooms.listRooms(['diária']))[0];
  assert.equal((await resolved(server, 'diária')).meetingId, room.sid);

  await bruno.unpublish();
  await eventually('a microphone that is gone has no egress', () => door.running(bruno.publication.sid).length === 0);
  await ana.leave();
  await bruno.leave();
  await eventually('the meeting has ended', async () => (await resolved(server, 'diária')).pending);
});

test('a microphone whose webhook was lost is found by the sweep', async (t) => {
  const { real, door, server } = await startRealWorld(t, { env: { RECONCILE_ROOMS: 'all', RECONCILE_SECONDS: '1' } });
  await server.stop();
  const ana = await Publisher.join(t, real, 'sala', 'ana');
  const sid = await ana.publish();
  assert.equal(starts(door).length, 0);
  await startServer(t, { folder: server.folder, env: server.env });
  await eventually('it has an egress', () => starts(door).some(({ body }) => body.trackId === sid));
});

test('a page that stays open hears the next meeting of the room', async (t) => {
  const { real, door, server } = await startRealWorld(t, {
    env: { FEEDBACK_ACCESS: 'host', RULE_SILENCIO_PROLONGADO_NOT_RECORDED_S: '2' },
  });
  door.refuse = [503, 'unavailable', 'no response from servers'];
  const host = await openClient(t, server, { auth: { token: await real.token('ana', 'sala', { metadata: '{"role":"host"}' }) } });
  host.emit('join-room', 'feedback:sala'); // before there is a meeting
  const meetings = [];
  for (let i = 0; i < 2; i++) {
    const bruno = await Publisher.join(t, real, 'sala', 'bruno');
    await bruno.publish();
    const { sid } = (await real.rooms.listRooms(['sala']))[0];
    await eventually('the host hears the meeting', () => host.feedback.some(({ meetingId }) => meetingId === sid));
    meetings.push(sid);
    await bruno.leave();
    await eventually('the meeting has ended', async () => (await resolved(server, 'sala')).pending);
  }
  assert.notEqual(meetings[0], meetings[1]);
  assert.deepEqual(host.exceptions, []);
});
