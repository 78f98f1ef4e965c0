// A disk that is full for a while, in the middle of twenty tracks and a film.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { closeTrack, delay, openTrack, readWav, recordings, streamAudio } from './egress.mjs';
import { atEnd, eventually, temporaryFolder } from './harness.mjs';
import { quickRules } from './meeting.mjs';
import { endTracks, startHost, startOnOwnDisk, startTracks } from './own_disk.mjs';

const TRACKS = 20;
const MiB = 1 << 20;

async function startOnSmallDisk(t) {
  const folder = await temporaryFolder(t);
  return startOnOwnDisk(t, { folder, mount: 'mount -t tmpfs -o size=64m none storage', env: { ...quickRules, AUDIO_FSYNC: 'none',
    DATABASE_URL: `sqlite:${join(folder, 'prosa.db')}`, DISK_MIN_FREE: '4MiB', DISK_WARN_FREE: '8MiB' } });
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

// Key frames of VP8, each with its number in it, 25 a second.
function streamVideo(socket) {
  let count = 0;
  const timer = setInterval(() => {
    const frame = Buffer.alloc(2000, count & 0xff);
    Buffer.from([0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 96, 0, 80, 0]).copy(frame);
    frame.writeUInt32LE(count++, 10);
    if (socket.readyState === socket.OPEN) socket.send(frame);
  }, 40);
  return { stop: () => clearInterval(timer) };
}

// The numbers of an IVF file's frames; fails where it is not whole.
async function filmed(path) {
  const file = await readFile(path);
  assert.equal(file.toString('latin1', 0, 4), 'DKIF');
  const numbers = [];
  let lastMs = -1;
  for (let at = 32; at < file.length; at += 12 + file.readUInt32LE(at)) {
    assert.equal(file.readUInt32LE(at), 2000);
    numbers.push(file.readUInt32LE(at + 12 + 10));
    lastMs = file.readUInt32LE(at + 4);
  }
  const length = file.readUInt32LE(24); // the last frame lasts as long as frames do
  assert.ok(length > lastMs && length <= lastMs + lastMs / Math.max(numbers.length - 1, 1) + 2);
  return numbers;
}

// Not for ordinary users, and not in every container.
export const mayMount = spawnSync('unshare', ['-m', 'true']).status === 0;

// `forMs`: how long the disk is full.
export async function fillDisk(t, { forMs }) {
  const disk = await startOnSmallDisk(t), { server, inside } = disk;
  const host = await startHost(t, server);
  const tracks = await startTracks(t, disk, 'other', TRACKS);
  const camera = await openTrack(server, { roomName: 'other', participant: 'p0', trackId: 'TR_V', codec: 'vp8' }, { path: '/egress-video' });
  const film = streamVideo(camera);
  atEnd(t, () => (film.stop(), camera.terminate()));
  const films = async () => (await recordings(inside, { kind: 'video', ending: '.ivf' })).map(({ path }) => path).sort();
  const ready = async () => (await server.get('/ready')).body;
  await eventually('the film is recorded', async () => (await films()).length === 1);
  assert.doesNotMatch(JSON.stringify(await ready()), /disk/);

  const filler = join(inside.folder, 'storage/filler');
  await fill(filler);
  const until = Date.now() + forMs;
  await eventually('/ready names the disk', async () => /disk/.test(JSON.stringify(await ready())));
  do {
    const heard = host.feedback.length;
    await eventually('feedback goes on', async () => {
      assert.equal((await server.get('/health')).status, 200);
      return host.feedback.length > heard + 2;
    }, { every: 200 });
    assert.match(JSON.stringify(await ready()), /disk/);
  } while (Date.now() < until);
  await eventually('audio is lost, and counted', async () => (await server.metric('prosa_disk_lost_bytes_total')) > 0);
  await server.logged(/^.*error.*disk full: recordings continue.*$/m, 1);
  const begun = await openTrack(server, { roomName: 'other', participant: 'q', trackId: 'TR_Q', sampleRate: 48000 });
  const silence = streamAudio(begun, Buffer.alloc(9600)); // takes no room, and is refused as well
  atEnd(t, () => (silence.stop(), begun.terminate()));
  const isBegun = async () => (await recordings(inside)).some(({ file }) => file.endsWith('_TR_Q.wav'));
  await delay(1500);
  assert.equal(await isBegun(), false);

  await rm(filler);
  await eventually('what waited for room is recorded', isBegun);
  await eventually('/ready forgets the disk', async () => !/disk/.test(JSON.stringify(await ready())));
  await eventually('the film goes on in a file of its own', async () => (await films()).length > 1);
  await delay(1500);
  film.stop();
  await closeTrack(camera);
  await endTracks(tracks);
  await eventually('every recording is whole and as long as it took', async () => {
    for (const { file, path } of await recordings(inside)) {
      const number = /_TR_(\d+)\.wav$/.exec(file)?.[1];
      if (!number) continue;
      const { seconds } = await readWav(path);
      assert.ok(Math.abs(seconds - tracks[number].sent) < 0.3, `${file}: ${seconds} s of ${tracks[number].sent} s`);
    }
    return true;
  });
  await eventually('every film is whole, and nothing in it twice', async () => {
    let last = -1;
    for (const path of await films())
      for (const number of await filmed(path)) {
        assert.ok(number > last);
        last = number;
      }
    return last > 0;
  });
}
