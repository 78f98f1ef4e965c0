import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audioTracks, starts, startWorld } from '../fakes/world.mjs';
import { eventually } from './harness.mjs';

test('a published microphone is started once, however often it is told', async (t) => {
  const { livekit, server } = await startWorld(t);
  const { room, participant, track } = await livekit.begin('daily', 'ana');
  await livekit.publish(room, participant, track);
  await eventually('audio arrives', async () => (await audioTracks(server)) === 1);
  await livekit.publish(room, participant, track);
  const url = new URL(livekit.egresses[0].info.track.websocket_url);
  assert.equal(url.pathname, '/egress-audio');
  const query = Object.fromEntries(url.searchParams);
  delete query.token;
  assert.deepEqual(query, {
    roomName: 'daily',
    participant: 'ana',
    trackId: track.sid,
    meetingId: room.sid,
    sampleRate: '48000',
    channels: '2',
    groupSeconds: '2',
    source: 'MICROPHONE',
  });
  assert.equal(starts(livekit).length, 1);
  assert.equal(await server.metric('prosa_egress_started_total'), 1);
});

test('a track that is stereo says so in its address', async (t) => {
  const { livekit } = await startWorld(t);
  const { room, participant } = await livekit.begin('daily', 'ana');
  const told = [{ stereo: true }, { audioFeatures: ['TF_NO_DTX', 'TF_STEREO'] }, { audioFeatures: ['TF_NO_DTX'] }];
  for (const about of told) await livekit.publish(room, participant, livekit.track(participant, about));
  await eventually('all are started', () => livekit.egresses.length === told.length + 1);
  const words = livekit.egresses.map(({ info }) => new URL(info.track.websocket_url).searchParams.get('stereo'));
  assert.deepEqual(words.sort(), [null, null, 'on', 'on'].sort());
});

test("what is nobody's sound is left alone", async (t) => {
  const { livekit, server } = await startWorld(t);
  const room = livekit.room('daily');
  const ana = livekit.participant(room, 'ana');
  const agent = livekit.participant(room, 'bot', { kind: 'AGENT' });
  await livekit.webhook(livekit.event('room_started', room));
  await livekit.publish(room, ana, livekit.track(ana, { type: 'VIDEO', source: 'CAMERA', mimeType: 'video/vp8' }));
  await livekit.publish(room, ana, livekit.track(ana, { encryption: 'GCM' }));
  await livekit.publish(room, agent, livekit.track(agent));
  const shared = livekit.track(ana, { source: 'SCREEN_SHARE_AUDIO' });
  await livekit.publish(room, ana, shared);
  await eventually('the shared sound arrives', async () => (await audioTracks(server)) === 1);
  await eventually('the agent is known', async () => (await server.metric('prosa_egress_left_alone_total')) === 1);
  assert.deepEqual(livekit.egresses.map(({ info }) => info.track.track_id), [shared.sid]);
});

test('500 tracks published within a second are started once each', async (t) => {
  const { livekit, server } = await startWorld(t, { livekit: { egress: () => null } });
  const rooms = Array.from({ length: 50 }, (_, i) => livekit.room(`room-${i}`));
  const told = [];
  for (let i = 0; i < 500; i++) {
    const room = rooms[i % rooms.length];
    const person = livekit.participant(room, `person-${i}`);
    told.push([room, person, livekit.track(person)]);
  }
  await Promise.all(told.map((args) => livekit.publish(...args)));
  await eventually('all are started', () => livekit.egresses.length >= 500);
  await eventually('all are connected', async () => (await audioTracks(server)) === 500);
  await Promise.all(told.map((args) => livekit.publish(...args)));
  const tracks = livekit.egresses.map(({ info }) => info.track.track_id);
  assert.equal(tracks.length, 500);
  assert.equal(new Set(tracks).size, 500);
});

test('EGRESS_AUTOSTART=off leaves starting to others', async (t) => {
  const { livekit } = await startWorld(t, { env: { EGRESS_AUTOSTART: 'off' } });
  const { room } = await livekit.begin('daily', 'ana');
  await livekit.webhook(livekit.event('room_finished', room));
  assert.equal(starts(livekit).length, 0);
});

for (const mode of ['hang', 'html', '429', '503', 'reset'])
  test(`a LiveKit that answers with ${mode} is asked again`, async (t) => {
    const { livekit, server } = await startWorld(t, { env: { LIVEKIT_TIMEOUT_MS: '500' } });
    livekit.mode = mode;
    await livekit.begin('daily', 'ana');
    await eventually('it was asked', () => livekit.calls.length >= 2);
    assert.equal((await server.get('/ready')).status, 200);
    livekit.mode = 'ok';
    await eventually('audio arrives', async () => (await audioTracks(server)) === 1);
    assert.equal(livekit.egresses.length, 1);
  });
