import assert from 'node:assert/strict';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { audioTracks, starts, startWorld } from '../fakes/world.mjs';
import { eventually, startServer } from './harness.mjs';

const hears = (server, count = 1, options) =>
  eventually(`${count} audio tracks`, async () => (await audioTracks(server)) === count, options);

async function recordings(server, meetingId) {
  const folder = join(server.folder, 'storage/egress/audio', meetingId);
  const names = (await readdir(folder)).filter((name) => name.endsWith('.wav'));
  return Promise.all(names.sort().map(async (name) => ({ name, size: (await stat(join(folder, name))).size })));
}

test('a connection that breaks is made again', async (t) => {
  const { livekit, server } = await startWorld(t);
  await livekit.begin('daily', 'ana');
  await hears(server);
  livekit.egresses[0].client.reset();
  await eventually('it is started again', async () => (await server.metric('prosa_egress_restarted_total')) === 1);
  await hears(server);
  assert.equal(livekit.egresses.length, 2);
});

test('an egress that somebody stopped is not started again', async (t) => {
  const { livekit, server } = await startWorld(t);
  const { room, participant, track } = await livekit.begin('daily', 'ana');
  await hears(server);
  await livekit.finish(livekit.egresses[0], 'EGRESS_COMPLETE', 'End reason: StopEgress API');
  await hears(server, 0);
  await livekit.publish(room, participant, track);
  // Long enough for the longest first pause, and for looking at it once more.
  await eventually('it is left alone', async () => (await server.metric('prosa_egress_left_alone_total')) === 1);
  await new Promise((done) => setTimeout(done, 2500));
  assert.equal(starts(livekit).length, 1);
});

test('the stop is noticed even when its webhook is lost', async (t) => {
  const { livekit, server } = await startWorld(t);
  await livekit.begin('daily', 'ana');
  await hears(server);
  livekit.target = undefined;
  await livekit.finish(livekit.egresses[0], 'EGRESS_COMPLETE', 'End reason: StopEgress API');
  await eventually('it is left alone', async () => (await server.metric('prosa_egress_left_alone_total')) === 1);
  assert.equal(starts(livekit).length, 1);
});

test('neither after a restart, though LiveKit has forgotten it', async (t) => {
  const { livekit, server } = await startWorld(t);
  const { room, participant } = await livekit.begin('daily', 'ana');
  await hears(server);
  await livekit.finish(livekit.egresses[0], 'EGRESS_COMPLETE', 'End reason: StopEgress API');
  await eventually('it is left alone', async () => (await server.metric('prosa_egress_left_alone_total')) === 1);
  await server.stop();
  livekit.egresses.length = 0;
  const again = await startServer(t, { env: server.env, folder: server.folder });
  const second = livekit.track(participant);
  await livekit.publish(room, participant, second);
  await hears(again, 1);
  assert.deepEqual(livekit.egresses.map(({ info }) => info.track.track_id), [second.sid]);
});

test('a track that is unpublished and a room that ended stay silent', async (t) => {
  const { livekit, server } = await startWorld(t);
  const { room, participant, track } = await livekit.begin('daily', 'ana');
  const second = livekit.track(participant);
  await livekit.publish(room, participant, second);
  await hears(server, 2);
  await livekit.webhook(livekit.event('track_unpublished', room, { participant: { identity: 'ana' }, track }));
  livekit.unpublish(room, track.sid);
  await hears(server, 1);
  await livekit.webhook(livekit.event('room_finished', room));
  livekit.running()[0].client.reset();
  await hears(server, 0);
  await new Promise((done) => setTimeout(done, 2000));
  assert.equal(starts(livekit).length, 2);
});

test('webhooks that were lost are made up for', async (t) => {
  const { livekit, server } = await startWorld(t, { env: { RECONCILE_SECONDS: '1' } });
  const room = livekit.room('daily');
  await livekit.webhook(livekit.event('room_started', room));
  const ana = livekit.participant(room, 'ana', { metadata: '{"role":"host","name":"Ana"}' });
  livekit.track(ana);
  await hears(server, 1);
  // Its end is lost, too.
  livekit.rooms.delete('daily');
  await eventually('the session ends', async () => {
    const { body } = await server.get('/sessions/resolve?roomName=daily');
    return body.pending === true;
  });
});

test('rooms that are none of ours are left alone, unless all are asked for', async (t) => {
  for (const [policy, expected] of [['known', 0], ['all', 1]]) {
    const { livekit, server } = await startWorld(t, { env: { RECONCILE_SECONDS: '1', RECONCILE_ROOMS: policy } });
    const room = livekit.room('stranger');
    livekit.track(livekit.participant(room, 'eve'));
    if (expected) await hears(server, 1);
    else await new Promise((done) => setTimeout(done, 1500));
    assert.equal(livekit.egresses.length, expected, policy);
  }
});

test('a server that was killed in a meeting is back in it within five seconds', async (t) => {
  const { livekit, server } = await startWorld(t);
  const ordered = Date.now();
  const { room } = await livekit.begin('daily', 'ana');
  await hears(server);
  const usualMs = Date.now() - ordered; // what this machine takes when nobody waits
  await eventually('audio is on the disk', async () => (await recordings(server, room.sid))[0]?.size > 100000);
  await server.kill();
  const again = await startServer(t, { env: server.env, folder: server.folder });
  const began = Date.now();
  await hears(again, 1);
  const tookMs = Date.now() - began;
  assert.ok(tookMs < Math.max(5000, 10 * usualMs), `${tookMs} ms, and ${usualMs} ms the first time`);
  await eventually('both parts are on the disk', async () => {
    const files = await recordings(again, room.sid);
    return files.length === 2 && files.every(({ size }) => size > 50000);
  });
  const { body } = await again.get('/sessions/resolve?roomName=daily');
  assert.equal(body.meetingId, room.sid);
});

test('a worker that takes an order and never comes is replaced', async (t) => {
  const { livekit, server } = await startWorld(t);
  livekit.dialAfter = -1;
  await livekit.begin('daily', 'ana');
  await eventually('it was ordered', () => livekit.egresses.length === 1);
  livekit.dialAfter = 10;
  await livekit.finish(livekit.egresses[0], 'EGRESS_FAILED', '', 'no worker');
  await hears(server, 1);
  assert.equal(livekit.egresses.length, 2);
});
