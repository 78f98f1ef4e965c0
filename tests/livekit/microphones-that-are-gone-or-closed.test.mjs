// What a real LiveKit says, or does not say, of microphones that cannot be recorded: after it was killed, and encrypted.
import assert from 'node:assert/strict';
import test from 'node:test';
import { audioTracks, starts } from '../fakes/world.mjs';
import { eventually } from '../system/harness.mjs';
import { Publisher, startRealWorld } from './real.mjs';

const sidsOf = async (real, room) =>
  (await real.rooms.listParticipants(room)).flatMap(({ tracks }) => tracks.map(({ sid }) => sid));

test('after LiveKit was killed, only what it lists is asked for', async (t) => {
  const { real, door, server } = await startRealWorld(t);
  const ana = await Publisher.join(t, real, 'sala', 'ana');
  const before = await ana.publish();
  await eventually('it is heard', async () => (await audioTracks(server)) === 1);
  await real.restart();
  // The official client comes back by itself, but now and then it gives up: then its user joins again.
  const published = async () => {
    const sids = await sidsOf(real, 'sala').catch(() => []);
    return sids.length > 0 && sids;
  };
  const [after] = await eventually('the client is back', published, { within: 20000 }).catch(async () => {
    await (await Publisher.join(t, real, 'sala', 'ana')).publish();
    return eventually('its user is back', published);
  });
  for (const { client, info } of door.egresses) if (info.track.track_id === before) client?.kill();
  await eventually('it is heard again', async () => door.running(after).length === 1 && (await audioTracks(server)) === 1);
  await eventually('no other is published', async () => (await server.metric('prosa_published_tracks')) === 1);
  const asked = starts(door).map(({ body }) => body.trackId);
  assert.deepEqual(asked, before === after ? [before, before] : [before, after]);
});

test('a microphone that is encrypted end to end is named and left alone', async (t) => {
  const { real, door, server } = await startRealWorld(t);
  const ana = await Publisher.join(t, real, 'sala', 'ana', { encryption: 'a key of all' });
  await ana.publish();
  await eventually('it is named', async () => (await server.get('/ready')).body.degraded.includes('encrypted audio'));
  assert.equal(starts(door).length, 0);
});
