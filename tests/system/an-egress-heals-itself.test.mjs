import assert from 'node:assert/strict';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { described } from '../fakes/livekit.mjs';
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

// As after LiveKit was killed: nothing is said of the track, and its egress neither sends nor ends.
test('a silent connection of a track that LiveKit no longer lists is ended', async (t) => {
  const { livekit, server } = await startWorld(t, { env: { RECONCILE_SECONDS: '1' } });
  const { room, participant, track } = await livekit.begin('daily', 'ana');
  const second = livekit.track(participant), third = livekit.track(participant);
  for (const more of [second, third]) await livekit.publish(room, participant, more);
  await hears(server, 3);
  const [gone, sending, listed] = [track, second, third].map(({ sid }) => livekit.running(sid)[0].client);
  gone.pause();
  listed.pause();
  participant.tracks = [third];
  let end;
  gone.closed.then((how) => (end = how));
  await eventually('it is ended', () => end);
  assert.deepEqual(end, { code: 1000, reason: 'the track is gone' });
  await hears(server, 2);
  assert.deepEqual([sending, listed].map(({ socket }) => socket.readyState), [1, 1]);
  assert.equal(starts(livekit).length, 3);
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

// Ends that no user wished: the worker died while it started, a limit was reached.
for (const [status, details, error] of [
  ['EGRESS_ABORTED', 'End reason: Process killed', 'Stop called before pipeline could start'],
  ['EGRESS_ABORTED', 'End reason: Source closed', 'Stop called before pipeline could start'],
  ['EGRESS_LIMIT_REACHED', 'End reason: Session limit reached', ''],
])
  test(`an egress that ended with ${status}, ${details}, is started again`, async (t) => {
    const { livekit, server } = await startWorld(t);
    livekit.dialAfter = -1;
    await livekit.begin('daily', 'ana');
    await eventually('it was ordered', () => livekit.egresses.length === 1);
    livekit.dialAfter = 10;
    await livekit.finish(livekit.egresses[0], status, details, error);
    await hears(server, 1);
    assert.equal(livekit.egresses.length, 2);
    assert.equal(await server.metric('prosa_egress_left_alone_total'), 0);
  });

test('a room that LiveKit does not know everywhere yet is asked for again within seconds', async (t) => {
  const { livekit, server } = await startWorld(t);
  livekit.refuse = [404, 'not_found', 'requested room does not exist'];
  await livekit.begin('daily', 'ana');
  await eventually('it was refused three times', () => starts(livekit).length >= 3, { within: 20000 });
  const [first, second, third] = starts(livekit).map(({ at }) => at);
  assert.ok(second - first < 5000, `${second - first} ms`);
  assert.ok(third - second < 10000, `${third - second} ms`);
  livekit.refuse = undefined;
  await hears(server, 1, { within: 20000 });
});

test('a start that fails later says why, is counted, and is tried again ever more slowly', async (t) => {
  const { livekit, server } = await startWorld(t);
  livekit.failure = ['EGRESS_FAILED', '', 'dial ws://h/egress-audio?token=abc: connection refused'];
  await livekit.begin('daily', 'ana');
  await eventually('three have failed', async () => (await server.metric('prosa_egress_failed_total')) >= 3);
  const told = await server.logged(/^.*connection refused.*$/m, 1);
  assert.doesNotMatch(told[0], /token=/);
  assert.ok((await server.get('/ready')).body.degraded.includes('egress'));
  const [first, second, third] = starts(livekit).map(({ at }) => at);
  assert.ok(second - first < 5000 && third - second > 900, `${second - first}, ${third - second} ms`);
  livekit.failure = undefined;
  await hears(server, 1);
  await eventually('all is well', async () => (await server.get('/ready')).body.degraded.length === 0);
});

test('what Egress cannot take is named once, and not asked for again', async (t) => {
  const { livekit, server } = await startWorld(t);
  livekit.failure = ['EGRESS_FAILED', '', 'audio/pcmu is not yet supported'];
  const { room, track } = await livekit.begin('daily', 'ana', { track: { mimeType: 'audio/pcmu' } });
  await eventually('it is given up', async () => (await server.metric('prosa_egress_left_alone_total')) === 1);
  await new Promise((done) => setTimeout(done, 3000));
  assert.equal(starts(livekit).length, 1);
  assert.equal(await server.metric('prosa_egress_failed_total'), 1);
  await server.logged(/^.*audio\/pcmu is not yet supported.*$/m, 1);
  assert.ok((await server.get('/ready')).body.degraded.includes('egress'));
  await livekit.webhook(livekit.event('track_unpublished', room, { participant: { identity: 'ana' }, track }));
  await eventually('all is well', async () => (await server.get('/ready')).body.degraded.length === 0);
});

test('no start waits for one that LiveKit takes long to refuse', async (t) => {
  const { livekit, server } = await startWorld(t);
  const room = livekit.room('daily');
  await livekit.webhook(livekit.event('room_started', room));
  livekit.hold = (trackId) => trackId === slow.sid;
  const ana = livekit.participant(room, 'ana');
  const slow = livekit.track(ana);
  await livekit.publish(room, ana, slow);
  await eventually('it was asked for', () => starts(livekit).length === 1);
  for (const identity of ['bruno', 'carla']) {
    const person = livekit.participant(room, identity);
    await livekit.publish(room, person, livekit.track(person));
  }
  await hears(server, 2, { within: 5000 });
});

test('every page of the egresses is read', async (t) => {
  const { livekit, server } = await startWorld(t);
  livekit.dialAfter = -1; // a worker that is busy: its egress runs, and connects later
  const { room } = await livekit.begin('daily', 'ana');
  await eventually('it was ordered', () => livekit.egresses.length === 1);
  const [{ info }] = livekit.egresses;
  for (let i = 0; i < 5; i++)
    livekit.egresses.unshift({ room, info: { ...info, egress_id: `EG_${i}`, status: 'EGRESS_COMPLETE', started_at: '1',
      track: { ...info.track, track_id: `TR_${i}` } } });
  livekit.pageSize = 2;
  await server.stop();
  const again = await startServer(t, { env: server.env, folder: server.folder });
  const listings = () => livekit.calls.filter(({ method }) => method === 'Egress/ListEgress');
  await eventually('the last page was read', () => listings().length >= 4);
  livekit.dialAfter = 10;
  livekit.dial(livekit.egresses.at(-1));
  await hears(again, 1);
  assert.equal(starts(livekit).length, 1);
});

// A world whose first sweep is over, so that the next is a minute away.
async function startSweptWorld(t) {
  const world = await startWorld(t, { env: { RECONCILE_ROOMS: 'all' } });
  await eventually('the first sweep is over', () => world.livekit.calls.some(({ method }) => method === 'RoomService/ListRooms'));
  return world;
}

test('what LiveKit no longer lists is not asked for', async (t) => {
  const { livekit, server } = await startSweptWorld(t);
  const { room, participant, track } = await livekit.begin('daily', 'ana');
  await hears(server);
  // The webhooks that told of its end are lost, as when a node fails.
  livekit.target = undefined;
  livekit.unpublish(room, track.sid);
  await hears(server, 0);
  await eventually('it is gone', async () => (await server.metric('prosa_published_tracks')) === 0);
  livekit.target = server.url;
  assert.equal(starts(livekit).length, 1);
  // A new microphone of the same person is heard.
  await livekit.publish(room, participant, livekit.track(participant));
  await hears(server, 1);
});

test('a LiveKit that was restarted is not asked for the tracks of before', async (t) => {
  const { livekit, server } = await startSweptWorld(t);
  const { room, participant } = await livekit.begin('daily', 'ana');
  await livekit.publish(room, participant, livekit.track(participant));
  await hears(server, 2);
  livekit.rooms.clear();
  for (const { client } of livekit.egresses) client.reset();
  await eventually('they are gone', async () => (await server.metric('prosa_published_tracks')) === 0);
  assert.equal(starts(livekit).length, 2);
  await livekit.begin('daily', 'ana');
  await hears(server, 1);
  assert.equal(starts(livekit).length, 3);
});

test('the tracks of somebody who left are gone, told or not', async (t) => {
  const { livekit, server } = await startWorld(t);
  const { room, participant } = await livekit.begin('daily', 'ana');
  await hears(server);
  await livekit.webhook(livekit.event('participant_left', room, { participant: described(participant) }));
  await eventually('none is published', async () => (await server.metric('prosa_published_tracks')) === 0);
  livekit.egresses[0].client.reset();
  await hears(server, 0);
  await new Promise((done) => setTimeout(done, 2000));
  assert.equal(starts(livekit).length, 1);
});

test('a track that a listing brings back is started', async (t) => {
  const { livekit, server } = await startWorld(t, { env: { RECONCILE_SECONDS: '1' } });
  const { room, participant, track } = await livekit.begin('daily', 'ana');
  await hears(server);
  participant.tracks = [];
  await eventually('none is published', async () => (await server.metric('prosa_published_tracks')) === 0);
  livekit.egresses[0].client.reset();
  await hears(server, 0);
  participant.tracks = [track];
  await hears(server, 1);
  assert.equal(room.participants.size, 1);
});

test('a room whose people could not be listed is asked for again within seconds', async (t) => {
  const { livekit, server } = await startWorld(t, { env: { RECONCILE_ROOMS: 'all' } });
  await server.stop();
  livekit.track(livekit.participant(livekit.room('daily'), 'ana'));
  let refusals = 0;
  livekit.fail = (method) => (method.endsWith('ListParticipants') && refusals++ < 2 ? [503, 'unavailable', 'no response'] : undefined);
  const again = await startServer(t, { env: server.env, folder: server.folder });
  const began = Date.now();
  await hears(again, 1);
  assert.ok(refusals >= 2);
  assert.ok(Date.now() - began < 30000, `${Date.now() - began} ms, where the next sweep is a minute away`);
});
