import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, startServer, temporaryFolder, watchLag } from './harness.mjs';
import { delay, openTrack, readWav, recordings, roomNoise, streamAudio } from './egress.mjs';

const TRACKS = 50;
const SECONDS = 6;

test('kill -9 in the middle of 50 tracks costs at most the last three seconds', async (t) => {
  const folder = await temporaryFolder(t);
  const first = await startServer(t, { folder });
  const noise = roomNoise(48000);
  const streams = [];
  for (let i = 0; i < TRACKS; i++) {
    const socket = await openTrack(first, { roomName: `room${i % 5}`, participant: `p${i}`, trackId: `TR_${i}`, sampleRate: 48000 });
    socket.on('error', () => {});
    streams.push({ socket, stream: streamAudio(socket, noise) });
  }
  const lag = watchLag(t, first);
  await delay(SECONDS * 1000);
  await first.kill();
  lag.stop();
  const sent = streams.map(({ stream }) => stream.sentMs() / 1000);
  for (const { socket, stream } of streams) {
    stream.stop();
    socket.terminate();
  }

  const second = await startServer(t, { folder });
  await eventually(
    'every recording is valid',
    async () => {
      const files = await recordings(second);
      assert.equal(files.length, TRACKS);
      for (const { path } of files) await readWav(path);
      return true;
    },
    { every: 200 },
  );
  for (const { path, file } of await recordings(second)) {
    const { seconds } = await readWav(path);
    const track = Number(/_TR_(\d+)\.wav$/.exec(file)[1]);
    const most = 3 + (3 * lag.ms) / 1000; // and what a busy machine adds
    assert.ok(sent[track] - seconds <= most, `${file}: ${seconds} s of ${sent[track]} s, ${lag.ms} ms late`);
  }
});
