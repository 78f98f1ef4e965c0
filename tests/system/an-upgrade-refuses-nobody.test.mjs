// The service manager holds the socket while one server leaves and the next one starts.
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { FakeLivekit } from '../fakes/livekit.mjs';
import { readWav } from '../fakes/wav.mjs';
import { audioTracks } from '../fakes/world.mjs';
import { eventually, freePort } from './harness.mjs';
import { ask, startManaged } from './managed.mjs';

const TRACKS = 5;
const MISSED_MS = 3000;

// Of one track's files: when each begins and ends, by the time in its name and its length.
async function spans(server, meeting, track) {
  const folder = join(server.folder, 'storage/egress/audio', meeting);
  const names = (await readdir(folder)).filter((name) => name.endsWith(`_${track}.wav`)).sort();
  return Promise.all(names.map(async (name) => {
    const began = Date.parse(name.slice(0, 24).replace(/T(\d\d)-(\d\d)-/, 'T$1:$2:'));
    const { frames, rate } = await readWav(join(folder, name));
    return { began, ended: began + (frames * 1000) / rate };
  }));
}

async function upgrade(t, env) {
  const livekit = await new FakeLivekit().listen(t);
  const server = await startManaged(t, {
    env: { ...livekit.environment(await freePort()), EGRESS_AUTH: 'signed', ...env } });
  livekit.target = server.url;
  const { room } = await livekit.begin('daily', 'p0');
  for (let i = 1; i < TRACKS; i++) {
    const participant = livekit.participant(room, `p${i}`);
    await livekit.publish(room, participant, livekit.track(participant));
  }
  await eventually('all are recorded', async () => (await audioTracks(server)) === TRACKS);
  await eventually('for a while', async () => (await server.metric('prosa_track_bytes_total')) > 192000 * TRACKS);

  const answers = [];
  let isOver = false;
  const asking = (async () => {
    while (!isOver) answers.push(await ask(server));
  })();
  server.child.kill('SIGUSR2');
  await eventually('the next one is ready', () => server.log.split('notice: READY=1').length === 3);
  await eventually('all are recorded again', async () => (await audioTracks(server)) === TRACKS);
  await eventually('for a while', async () => (await server.metric('prosa_track_bytes_total')) > 192000 * TRACKS);
  isOver = true;
  await asking;
  assert.deepEqual(answers.filter((answer) => answer === 'ECONNREFUSED'), []);
  assert.ok(answers.filter((answer) => answer === 200).length > 10);
  await server.stop();

  const tracks = [...new Set(livekit.egresses.map(({ info }) => info.track.track_id))];
  assert.equal(tracks.length, TRACKS);
  const missed = await Promise.all(tracks.map(async (track) => {
    const files = await spans(server, room.sid, track);
    assert.equal(files.length, 2);
    return files[1].began - files[0].ended;
  }));
  t.diagnostic(`missed: ${missed.map((ms) => ms.toFixed(0)).join(' ')} ms`);
  for (const ms of missed) assert.ok(ms <= MISSED_MS, `${ms} ms`);
}

test('one leaves, then the next one starts', (t) => upgrade(t, {}));
test('the next one starts while the first is leaving', (t) => upgrade(t, { OVERLAP: '1' }));
