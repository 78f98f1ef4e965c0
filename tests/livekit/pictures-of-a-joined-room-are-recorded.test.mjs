// Video of a room that Prosa joined is recorded where that is asked for.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import test from 'node:test';
import { promisify } from 'node:util';
import {
  LocalVideoTrack, TrackPublishOptions, TrackSource, VideoBufferType, VideoCodec, VideoFrame, VideoSource,
} from '@livekit/rtc-node';
import { atEnd, eventually } from '../system/harness.mjs';
import { recordingsOf } from './ledger.mjs';
import { Publisher, startRealWorld } from './real.mjs';

const run = promisify(execFile);

for (const [codec, name] of [[VideoCodec.VP8, 'vp8'], [VideoCodec.VP9, 'vp9'], [VideoCodec.H264, 'h264']])
  test(`pictures come out as they were sent: ${name}`, async (t) => {
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
    await eventually('a picture is recorded', async () => (await recordingsOf(server, 'sala', 'video')).length === 1);
    const before = await server.metric('prosa_packets_total');
    await eventually('pictures come', async () => (await server.metric('prosa_packets_total')) > before + 60);
    await ana.room.localParticipant.unpublishTrack(publication.sid);
    await eventually('it is finished', async () => (await recordingsOf(server, 'sala', 'video'))[0].end);
    const [about] = await recordingsOf(server, 'sala', 'video');
    assert.equal(about.format, name === 'h264' ? 'h264' : 'ivf');
    const { stdout } = await run('ffprobe', ['-v', 'error', '-count_frames', '-show_entries',
      'stream=codec_name,width,height,nb_read_frames', '-of', 'csv=p=0', about.path]);
    const [coded, width, height, pictures] = stdout.trim().split(',');
    assert.deepEqual([coded, width, height], [name, '320', '240']);
    assert.ok(Number(pictures) > 10, stdout);
  });
