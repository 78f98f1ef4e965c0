// People of a real LiveKit: hosts by their tokens, mutes by its API, one who joins twice, and a server that was killed meanwhile.
import assert from 'node:assert/strict';
import test from 'node:test';
import { audioTracks } from '../fakes/world.mjs';
import { recordings } from '../system/egress.mjs';
import { eventually, startServer } from '../system/harness.mjs';
import { authenticate, join, openClient } from '../system/meeting.mjs';
import { Publisher, startRealWorld } from './real.mjs';

const debug = async (server, room) => (await server.get(`/feedback/debug/${room}`)).body;
const mutedOf = async (server, room) =>
  (await debug(server, room)).participants.filter(({ isMuted }) => isMuted).map(({ participantId }) => participantId);

test("a host's token of LiveKit hears the feedback of its room, another's does not", async (t) => {
  const { real, door, server } = await startRealWorld(t, {
    env: { FEEDBACK_ACCESS: 'host', RULE_SILENCIO_PROLONGADO_NOT_RECORDED_S: '2' },
  });
  door.refuse = [503, 'unavailable', 'no response from servers'];
  await Publisher.join(t, real, 'sala', 'ana', { metadata: '{"role":"host"}' });
  const bruno = await Publisher.join(t, real, 'sala', 'bruno');
  await bruno.publish();
  await eventually('the meeting is there', async () => (await server.get('/sessions/resolve?roomName=sala')).body.meetingId);

  const host = await openClient(t, server);
  assert.deepEqual(await authenticate(host, await real.token('ana', 'sala', { metadata: '{"role":"host"}' })), { ok: true });
  await join(host, 'feedback:sala');
  const guest = await openClient(t, server);
  await assert.rejects(authenticate(guest, await real.token('bruno', 'sala')), /Forbidden/);
  await assert.rejects(join(guest, 'feedback:sala'), /Forbidden/);

  await eventually('the host is told', () => host.feedback.length > 0);
  const [event] = host.feedback;
  assert.deepEqual([event.type, event.participantId, event.metadata.reason], ['silencio_prolongado', 'bruno', 'not_recorded']);
  assert.equal(guest.feedback.length, 0);
});

test('a mute by the API is a mute, a word of the egress alone is not', async (t) => {
  const { real, door, server } = await startRealWorld(t, { env: { MUTE_TAIL_MS: '100' } });
  const people = [];
  for (const name of ['ana', 'bruno']) people.push(await Publisher.join(t, real, 'sala', name));
  const [ana, bruno] = [await people[0].publish(), await people[1].publish()];
  await eventually('both are heard', async () => (await audioTracks(server)) === 2);
  const clientOf = (sid) => door.running(sid)[0].client;
  await eventually('both are sent', () => [ana, bruno].every((sid) => clientOf(sid)?.frames > 0));
  const { sid: room } = (await real.rooms.listRooms(['sala']))[0];

  await real.rooms.mutePublishedTrack('sala', 'ana', ana, true);
  for (const sid of [ana, bruno]) clientOf(sid).mute(true); // what an egress says when no packets come
  await eventually('the one who muted is muted', async () => (await mutedOf(server, room)).includes('ana'));
  assert.deepEqual(await mutedOf(server, room), ['ana']);

  await real.rooms.mutePublishedTrack('sala', 'ana', ana, false);
  for (const sid of [ana, bruno]) clientOf(sid).mute(false);
  await eventually('nobody is', async () => (await mutedOf(server, room)).length === 0);
});

test('who joins again from another place is heard from there alone', async (t) => {
  const { real, door, server } = await startRealWorld(t);
  const first = await Publisher.join(t, real, 'sala', 'ana');
  const before = await first.publish();
  await eventually('it is heard', async () => (await audioTracks(server)) === 1);
  const second = await Publisher.join(t, real, 'sala', 'ana'); // LiveKit ends the first connection
  const after = await second.publish();
  await eventually('the new microphone is heard, the old one is gone', () =>
    door.running(after).length === 1 && door.running(before).length === 0);
  await eventually('there is one', async () => (await audioTracks(server)) === 1);
  assert.equal(await server.metric('prosa_published_tracks'), 1);
  await eventually('one file for each connection', async () => (await recordings(server)).length === 2);
});

test('a server that was killed in a meeting goes on with it', async (t) => {
  const { real, door, server } = await startRealWorld(t);
  const ana = await Publisher.join(t, real, 'sala', 'ana');
  const sid = await ana.publish();
  await eventually('it is recorded', async () => (await recordings(server)).length === 1);
  const { sid: room } = (await real.rooms.listRooms(['sala']))[0];
  await server.kill();
  const again = await startServer(t, { folder: server.folder, env: server.env });
  await eventually('it is heard again', async () => (await audioTracks(again)) === 1);
  assert.equal((await again.get('/sessions/resolve?roomName=sala')).body.meetingId, room);
  await eventually('its second part is recorded', async () => (await recordings(again)).length === 2);
  assert.equal(door.running(sid).length, 1);
});

test('a sweep finds who came, and who is gone, without a webhook', async (t) => {
  const { real, server } = await startRealWorld(t, { env: { RECONCILE_ROOMS: 'all', RECONCILE_SECONDS: '1' } });
  await server.stop();
  const ana = await Publisher.join(t, real, 'sala', 'ana', { metadata: '{"role":"host","name":"Ana"}' });
  const bruno = await Publisher.join(t, real, 'sala', 'bruno');
  await ana.publish();
  await bruno.publish();
  // LiveKit's webhooks go nowhere now: the port is another one.
  const again = await startServer(t, { folder: server.folder, env: { ...server.env, PORT: '0' } });
  await eventually('both are published', async () => (await again.metric('prosa_published_tracks')) === 2);
  await bruno.unpublish();
  await eventually('one is', async () => (await again.metric('prosa_published_tracks')) === 1);
  await ana.leave();
  await eventually('none is', async () => (await again.metric('prosa_published_tracks')) === 0);
});
