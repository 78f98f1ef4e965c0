// What is said in a room that Prosa joined is in its recordings: as the Opus that was sent, at the time when it was said.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import {
  LocalVideoTrack, TrackPublishOptions, TrackSource, VideoBufferType, VideoCodec, VideoFrame, VideoSource,
} from '@livekit/rtc-node';
import { atEnd, eventually } from '../system/harness.mjs';
import { Publisher, startRealWorld } from './real.mjs';

const run = promisify(execFile);
const RATE = 48000;

// Bursts of a tone, one a second, on a floor of noise: their beginnings can be found in what was recorded.
function bursts() {
  let seed = 1;
  const noise = () => ((seed = (seed * 1103515245 + 12345) & 0x7fffffff) / 0x7fffffff - 0.5) * 300;
  return Int16Array.from({ length: RATE }, (_, i) => {
    const isOn = i < RATE / 5;
    return Math.round((isOn ? 9000 * Math.sin((2 * Math.PI * 440 * i) / RATE) : 0) + noise());
  });
}

async function samplesOf(file) {
  const { stdout } = await run('ffmpeg', ['-v', 'error', '-i', file, '-ac', '1', '-ar', String(RATE), '-f', 's16le', '-'],
    { encoding: 'buffer', maxBuffer: 1 << 28 });
  return new Int16Array(stdout.buffer, stdout.byteOffset, stdout.length / 2);
}

// Where it becomes loud, in seconds from the beginning.
function onsets(samples) {
  const step = RATE / 500;
  const found = [];
  let quiet = 0;
  for (let at = 0; at + step <= samples.length; at += step) {
    let peak = 0;
    for (let i = at; i < at + step; i++) peak = Math.max(peak, Math.abs(samples[i]));
    if (peak < 2500) quiet += step;
    else {
      if (quiet > RATE / 4) found.push(at / RATE);
      quiet = 0;
    }
  }
  return found;
}

async function recordings(server, room, kind = 'audio') {
  const audio = join(server.folder, 'storage', 'egress', kind);
  const folders = await readdir(audio).catch(() => []);
  const sidecars = [];
  for (const folder of folders)
    for (const file of await readdir(join(audio, folder)))
      if (file.endsWith('.json')) {
        const about = JSON.parse(await readFile(join(audio, folder, file), 'utf8'));
        if (about.room === room) sidecars.push({ ...about, path: join(audio, folder, about.file) });
      }
  return sidecars;
}

test('microphones of a joined room are recorded as they were sent', async (t) => {
  const { real, server } = await startRealWorld(t, { env: { MEDIA_SOURCE: 'join' } });
  const ana = await Publisher.join(t, real, 'sala', 'ana');
  const bob = await Publisher.join(t, real, 'sala', 'bob');
  await Promise.all([ana.publish({ pcm: bursts() }), bob.publish({ pcm: bursts(), dtx: false, red: false })]);
  await eventually('eight seconds are received', async () =>
    (await server.metric('prosa_packets_total')) > 2 * 8 * 45);
  const [{ meeting }] = await recordings(server, 'sala');
  const { packets } = (await server.get(`/feedback/debug/${meeting}`)).body;
  assert.deepEqual(packets.map(({ participantId }) => participantId).sort(), ['ana', 'bob']);
  for (const { received, bad, muted, encrypted, waitMs } of packets) {
    assert.ok(received > 100, `${received} packets`);
    assert.deepEqual([bad, muted, encrypted], [0, false, false]);
    assert.ok(waitMs >= 60 && waitMs <= 200, `${waitMs} ms`);
  }
  await Promise.all([ana.unpublish(), bob.unpublish()]);
  await eventually('both recordings are finished', async () =>
    (await recordings(server, 'sala')).filter(({ end }) => end).length === 2);

  for (const about of await recordings(server, 'sala')) {
    assert.equal(about.format, 'opus');
    assert.equal(about.sampleRate, 48000);
    assert.equal(about.gapCount, 0, JSON.stringify(about));
    await run('oggz-validate', [about.path]);
    const { stdout } = await run('ffprobe', ['-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0', about.path]);
    assert.ok(Math.abs(Number(stdout) - about.durationMs / 1000) < 0.01, `${stdout} ${about.durationMs}`);
    const samples = await samplesOf(about.path);
    const found = onsets(samples);
    assert.ok(found.length >= 5, `${found.length} bursts in ${samples.length / RATE} s`);
    const spacings = found.slice(1).map((at, i) => at - found[i]);
    assert.ok(spacings.every((spacing) => Math.abs(spacing - 1) < 0.02), spacings.join(' '));
    assert.ok(about.bytes < samples.length / 4, 'it is not as large as samples would be');
  }
});

test('a mute of a joined room is a pause of its recording', async (t) => {
  const { real, server } = await startRealWorld(t, { env: { MEDIA_SOURCE: 'join' } });
  const ana = await Publisher.join(t, real, 'sala', 'ana');
  await ana.publish();
  const packets = () => server.metric('prosa_packets_total');
  const more = async (count) => {
    const before = await packets();
    await eventually('packets come', async () => (await packets()) > before + count);
  };
  await more(100);
  await real.rooms.mutePublishedTrack('sala', 'ana', ana.publication.sid, true);
  const pauses = async () => (await recordings(server, 'sala'))[0]?.pauses ?? [];
  await eventually('the recording pauses', async () => (await pauses()).length === 1);
  await real.rooms.mutePublishedTrack('sala', 'ana', ana.publication.sid, false);
  await eventually('the recording resumes', async () => (await pauses())[0].to !== null);
  await more(100);
  await ana.unpublish();
  await eventually('it is finished', async () => (await recordings(server, 'sala'))[0].end);
  const [about] = await recordings(server, 'sala');
  assert.equal(about.pauseCount, 1);
  const lasted = Date.parse(about.endedAt) - Date.parse(about.startedAt);
  assert.ok(Math.abs(lasted - about.durationMs - about.pausedMs) < 700, JSON.stringify(about));
  await run('oggz-validate', [about.path]);
});

for (const [codec, name] of [[VideoCodec.VP8, 'vp8'], [VideoCodec.VP9, 'vp9'], [VideoCodec.H264, 'h264']])
  test(`video of a joined room is recorded where that is asked for: ${name}`, async (t) => {
    const { real, server } = await startRealWorld(t, { env: { MEDIA_SOURCE: 'join', JOIN_RECORD_VIDEO: 'on' } });
    const ana = await Publisher.join(t, real, 'sala', 'ana');
    const source = new VideoSource(320, 240);
    const track = LocalVideoTrack.createVideoTrack('camera', source);
    const publication = await ana.room.localParticipant.publishTrack(track,
      new TrackPublishOptions({ source: TrackSource.SOURCE_CAMERA, videoCodec: codec, simulcast: false }));
    let shade = 0;
    const camera = setInterval(() => {
      const picture = new Uint8Array(320 * 240 * 4).fill((shade = (shade + 5) % 256));
      source.captureFrame(new VideoFrame(picture, 320, 240, VideoBufferType.RGBA));
    }, 50);
    atEnd(t, () => clearInterval(camera));
    await eventually('a picture is recorded', async () => (await recordings(server, 'sala', 'video')).length === 1);
    const before = await server.metric('prosa_packets_total');
    await eventually('pictures come', async () => (await server.metric('prosa_packets_total')) > before + 60);
    await ana.room.localParticipant.unpublishTrack(publication.sid);
    await eventually('it is finished', async () => (await recordings(server, 'sala', 'video'))[0].end);
    const [about] = await recordings(server, 'sala', 'video');
    assert.equal(about.format, name === 'h264' ? 'h264' : 'ivf');
    const { stdout } = await run('ffprobe', ['-v', 'error', '-count_frames', '-show_entries',
      'stream=codec_name,width,height,nb_read_frames', '-of', 'csv=p=0', about.path]);
    const [coded, width, height, pictures] = stdout.trim().split(',');
    assert.deepEqual([coded, width, height], [name, '320', '240']);
    assert.ok(Number(pictures) > 10, stdout);
  });
