// MEDIA_SOURCE=join in a real room: Prosa is a hidden participant that receives every microphone, comes back after what can be
// mended, and leaves with the last person.
import assert from 'node:assert/strict';
import test from 'node:test';
import { starts } from '../fakes/world.mjs';
import { recordings } from '../system/egress.mjs';
import { eventually, startServer } from '../system/harness.mjs';
import { Publisher, startRealWorld } from './real.mjs';

const join = { env: { MEDIA_SOURCE: 'join', RECONCILE_SECONDS: '1' } };
const inRooms = (server, way = 'media') => server.metric('prosa_rooms', { way });
const ends = (server, cause) => server.metric('prosa_room_ends_total', { cause });
const packets = (server) => server.metric('prosa_packets_total');
const ours = async (real, room) =>
  (await real.rooms.listParticipants(room).catch(() => [])).filter(({ identity }) => identity.startsWith('prosa-'));

async function packetsCome(server) {
  const before = await packets(server);
  await eventually('packets come', async () => (await packets(server)) > before + 20);
}

async function meet(t, options = join) {
  const world = await startRealWorld(t, options);
  const ana = await Publisher.join(t, world.real, 'sala', 'ana', { metadata: '{"role":"host"}' });
  await ana.publish();
  return { ...world, ana };
}

test('a room is joined, heard, and left with its last person', async (t) => {
  const { real, door, server, ana } = await meet(t);
  await packetsCome(server);
  assert.equal(starts(door).length, 0, 'no egress is started');
  const [own, ...others] = await ours(real, 'sala');
  assert.equal(others.length, 0);
  assert.deepEqual([own.permission.hidden, own.permission.recorder, own.tracks.length], [true, true, 0]);
  assert.equal((await real.rooms.listRooms(['sala'])).length, 1);
  const bruno = await Publisher.join(t, real, 'sala', 'bruno');
  await bruno.publish();
  await packetsCome(server);
  await ana.leave();
  await packetsCome(server);
  await bruno.leave();
  await eventually('the room is left', async () => (await inRooms(server, 'signalling')) === 0);
  await eventually('nobody is there', async () => (await ours(real, 'sala')).length === 0);
  assert.equal(await server.metric('prosa_room_joins_total'), 1);
  assert.equal(await server.metric('prosa_room_missing_total'), 0);
  await eventually('the meeting ends', async () => (await server.get('/sessions/resolve?roomName=sala')).body.pending);
});

test('signalling that breaks is resumed, and the sound goes on', async (t) => {
  const { real, door, server, ana } = await meet(t);
  await packetsCome(server);
  const states = () => real.log.split('\n').filter((line) => line.includes('"setting sync state"'));
  for (let i = 1; i <= 3; i++) {
    door.cut();
    await eventually('it is resumed', async () => (await server.metric('prosa_room_resumes_total')) === i);
    await packetsCome(server);
    await eventually('LiveKit is told what was subscribed to', () => states().length === i);
    assert.ok(states().at(-1).includes(ana.publication.sid), states().at(-1));
  }
  assert.equal(await server.metric('prosa_room_joins_total'), 1);
});

test('a LiveKit that was killed is joined anew when its people are back', async (t) => {
  const { real, server } = await meet(t);
  await packetsCome(server);
  await real.restart(); // Ana's client may be back at once: it resumes by itself
  await eventually('the old session is given up', async () => (await inRooms(server)) === 0);
  const bruno = await Publisher.join(t, real, 'sala', 'bruno');
  await bruno.publish();
  await eventually('it is joined anew', async () => (await inRooms(server)) === 1);
  await packetsCome(server);
  assert.equal((await ours(real, 'sala')).length, 1);
});

test('who sends Prosa away is obeyed until the next meeting', async (t) => {
  const { real, server, ana } = await meet(t);
  await packetsCome(server);
  const [own] = await ours(real, 'sala');
  await real.rooms.removeParticipant('sala', own.identity);
  await eventually('it is gone', async () => (await ends(server, 'removed')) === 1);
  const bruno = await Publisher.join(t, real, 'sala', 'bruno');
  await bruno.publish();
  await ana.leave();
  await bruno.leave();
  await eventually('the meeting ends', async () => (await server.get('/sessions/resolve?roomName=sala')).body.pending);
  assert.equal(await server.metric('prosa_room_joins_total'), 1);
  const carla = await Publisher.join(t, real, 'sala', 'carla');
  await carla.publish();
  await eventually('the next one is joined', async () => (await server.metric('prosa_room_joins_total')) === 2);
});

test('a node that drains is not held up', async (t) => {
  const { real, server, ana } = await meet(t);
  await packetsCome(server);
  let hasEnded = false;
  real.kill('SIGTERM').then(() => (hasEnded = true));
  await packetsCome(server);
  await ana.leave();
  await eventually('LiveKit has ended', () => hasEnded);
});

test('rooms that are not to be heard are left alone', async (t) => {
  const options = { env: { ...join.env, JOIN_ROOMS: 'sala*, privada', JOIN_ROOMS_EXCEPT: 'privada' } };
  const { real, door, server } = await startRealWorld(t, options);
  await real.rooms.createRoom({ name: 'sala-off', metadata: '{"prosa":"off"}', emptyTimeout: 60 });
  for (const room of ['privada', 'outra', 'sala-off']) await (await Publisher.join(t, real, room, 'ana')).publish();
  await (await Publisher.join(t, real, 'sala', 'ana')).publish();
  await eventually('the one is joined', async () => (await inRooms(server)) === 1);
  assert.equal((await ours(real, 'sala')).length, 1);
  for (const room of ['privada', 'outra', 'sala-off']) assert.equal((await ours(real, room)).length, 0);
  assert.equal(starts(door).length, 0);
  await real.rooms.updateRoomMetadata('sala', '{"prosa":"off"}');
  await eventually('it is left by its wish', async () => (await ours(real, 'sala')).length === 0);
  await real.rooms.updateRoomMetadata('sala-off', '{}');
  await eventually('it is joined by its wish', async () => (await ours(real, 'sala-off')).length === 1);
});

test('a room that wishes so is analysed, and not recorded', async (t) => {
  const { real, server } = await startRealWorld(t, join);
  await real.rooms.createRoom({ name: 'sala', metadata: '{"prosa":"analyse"}', emptyTimeout: 60 });
  const sids = [];
  for (const room of ['sala', 'outra']) sids.push(await (await Publisher.join(t, real, room, 'ana')).publish());
  const heard = async (room) => (await server.get(`/feedback/debug/${room}`)).body.participants.length;
  await eventually('both are heard', async () => (await heard('sala')) === 1 && (await heard('outra')) === 1);
  await packetsCome(server);
  await eventually('one is recorded', async () => (await recordings(server, { ending: '.opus' })).length > 0);
  await packetsCome(server);
  await server.stop();
  const files = (await recordings(server, { ending: '.opus' })).map(({ file }) => file);
  assert.deepEqual(files.map((file) => file.includes(sids[1])), [true], files.join());
});

test('encrypted audio is named, and not taken', async (t) => {
  const { real, server } = await startRealWorld(t, join);
  await (await Publisher.join(t, real, 'sala', 'ana', { encryption: 'secret' })).publish();
  await eventually('it is known', async () => (await server.get('/ready')).body.degraded.includes('encrypted audio'));
  assert.equal(await inRooms(server, 'signalling'), 1);
  const { sid } = (await real.rooms.listRooms(['sala']))[0];
  const { unrecorded } = (await server.get(`/feedback/debug/${sid}`)).body;
  assert.deepEqual(unrecorded.map(({ participantId, reason }) => [participantId, reason]), [['ana', 'encrypted']]);
});

test('a Prosa that ends leaves its rooms, and one that starts joins them', async (t) => {
  const { real, server } = await meet(t);
  await packetsCome(server);
  await server.stop();
  assert.equal((await ours(real, 'sala')).length, 0);
  const again = await startServer(t, { folder: server.folder, env: server.env });
  await packetsCome(again);
});
