// MEDIA_SOURCE=join in a real room: Prosa is a hidden participant that receives every microphone, and leaves when the last person
// does.
import assert from 'node:assert/strict';
import test from 'node:test';
import { starts } from '../fakes/world.mjs';
import { eventually } from '../system/harness.mjs';
import { Publisher, startRealWorld } from './real.mjs';

const joinedRooms = (server, way = 'media') => server.metric('prosa_rooms', { way });

test('a room is joined, heard, and left with its last person', async (t) => {
  const { real, door, server } = await startRealWorld(t, { env: { MEDIA_SOURCE: 'join' } });
  const ana = await Publisher.join(t, real, 'sala', 'ana');
  await ana.publish();
  await eventually('media comes', async () => (await joinedRooms(server)) === 1);
  const before = await server.metric('prosa_packets_total');
  await eventually('packets come', async () => (await server.metric('prosa_packets_total')) > before + 50);
  assert.equal(starts(door).length, 0, 'no egress is started');
  const people = await real.rooms.listParticipants('sala');
  const own = people.filter(({ identity }) => identity.startsWith('prosa-'));
  assert.equal(own.length, 1);
  assert.deepEqual([own[0].permission.hidden, own[0].permission.recorder, own[0].tracks.length], [true, true, 0]);
  await ana.leave();
  await eventually('the room is left', async () => (await joinedRooms(server, 'signalling')) === 0);
  await eventually('nobody is there', async () => (await real.rooms.listParticipants('sala').catch(() => [])).length === 0);
  assert.equal(await server.metric('prosa_room_joins_total'), 1);
  assert.equal(await server.metric('prosa_room_missing_total'), 0);
});
