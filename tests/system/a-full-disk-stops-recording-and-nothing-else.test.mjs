import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { closeTrack, delay, openTrack, readWav, recordings, roomNoise, streamAudio } from './egress.mjs';
import { eventually, once, startServer, temporaryFolder } from './harness.mjs';
import { deadMicrophone, livekit, openClient, quickRules, startRoom } from './meeting.mjs';

const TRACKS = 20;
const MiB = 1 << 20;
// Not for ordinary users, and not in every container.
const mayMount = spawnSync('unshare', ['-m', 'true']).status === 0;

// Storage of its own on a small tmpfs that only the server sees; the test reaches it through /proc.
async function startOnSmallDisk(t) {
  const folder = await temporaryFolder(t);
  await mkdir(join(folder, 'storage'));
  const server = await startServer(t, { folder,
    wrap: ['unshare', '-m', 'sh', '-c', 'mount -t tmpfs -o size=64m none storage && exec "$0" "$@"'],
    env: { ...livekit, ...quickRules, EGRESS_AUTH: 'off', FEEDBACK_ACCESS: 'open', AUDIO_FSYNC: 'none',
      DATABASE_URL: `sqlite:${join(folder, 'prosa.db')}`, DISK_MIN_FREE: '4MiB', DISK_WARN_FREE: '8MiB' } });
  const inside = Object.create(server, { folder: { value: `/proc/${server.child.pid}/root${folder}` } });
  return { server, inside };
}

async function fill(path) {
  const file = await open(path, 'w');
  try {
    for (;;) await file.write(Buffer.alloc(MiB / 4));
  } catch (error) {
    assert.equal(error.code, 'ENOSPC');
  } finally {
    await file.close();
  }
}

test('a full disk', { skip: !mayMount && 'nobody may mount a small file system here' }, async (t) => {
  const { server, inside } = await startOnSmallDisk(t);
  await startRoom(server, 'RM_1', 'daily');
  const host = await openClient(t, server);
  host.emit('join-room', 'feedback:RM_1');
  await once(host, 'user-joined');
  await deadMicrophone(t, server);
  const tracks = [];
  for (let i = 0; i < TRACKS; i++) {
    const socket = await openTrack(server, { roomName: 'other', participant: `p${i}`, trackId: `TR_${i}`, sampleRate: 48000 });
    tracks.push({ socket, stream: streamAudio(socket, roomNoise(48000, i)) });
  }
  const ready = async () => (await server.get('/ready')).body;
  await eventually('all are recorded', async () =>
    (await recordings(inside)).filter(({ file }) => /_TR_\d+\.wav/.test(file)).length === TRACKS);
  assert.doesNotMatch(JSON.stringify(await ready()), /disk/);

  const filler = join(inside.folder, 'storage/filler');
  await fill(filler);
  await eventually('/ready names the disk', async () => /disk/.test(JSON.stringify(await ready())));
  const heard = host.feedback.length;
  await eventually('feedback goes on', async () => {
    assert.equal((await server.get('/health')).status, 200);
    return host.feedback.length > heard + 2;
  }, { every: 200 });
  await eventually('audio is lost, and counted', async () => (await server.metric('prosa_disk_lost_bytes_total')) > 0);
  assert.equal(server.log.split('\n').filter((line) => /error.*no room for recordings/.test(line)).length, 1);

  await rm(filler);
  await eventually('/ready forgets the disk', async () => !/disk/.test(JSON.stringify(await ready())));
  await delay(1500);
  for (const track of tracks) {
    track.stream.stop();
    track.sent = track.stream.sentMs() / 1000;
    await closeTrack(track.socket);
  }
  await eventually('every recording is whole and as long as it took', async () => {
    for (const { file, path } of await recordings(inside)) {
      const number = /_TR_(\d+)\.wav$/.exec(file)?.[1];
      if (!number) continue;
      const { seconds } = await readWav(path);
      assert.ok(Math.abs(seconds - tracks[number].sent) < 0.3, `${file}: ${seconds} s of ${tracks[number].sent} s`);
    }
    return true;
  });
});
