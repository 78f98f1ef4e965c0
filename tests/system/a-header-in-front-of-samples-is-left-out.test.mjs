import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { audio, closeTrack, finishedWav, openTrack, tinyWav } from './egress.mjs';
import { startServer } from './harness.mjs';

// 44 bytes are whole sample frames; 46 (with a format of 18 bytes) would shift the sides of stereo for good.
const canonical = tinyWav().subarray(0, 44);
const longer = Buffer.concat([canonical.subarray(0, 16), Buffer.from([18, 0, 0, 0]), canonical.subarray(20, 36), Buffer.alloc(2), canonical.subarray(36)]);

test('the header of a WAV is no audio', async (t) => {
  const server = await startServer(t, { env: { AUDIO_RECORD_CHANNELS: 'declared' } });
  const samples = audio(9600);
  const cases = { TR_whole: [Buffer.concat([canonical, samples])], TR_apart: [longer, samples],
    TR_pieces: [longer.subarray(0, 3), longer.subarray(3, 30), Buffer.concat([longer.subarray(30), samples])] };
  for (const [trackId, messages] of Object.entries(cases)) {
    const socket = await openTrack(server, { roomName: 'sala', trackId, channels: 2 });
    for (const message of messages) socket.send(message);
    await closeTrack(socket);
    const wav = await finishedWav(server, trackId, { bytes: samples.length });
    assert.ok(wav.data.equals(samples), trackId);
    assert.deepEqual(JSON.parse(await readFile(wav.path.replace(/wav$/, 'json'), 'utf8')).doubts, ['wav-header']);
  }
  await server.logged(/header of a WAV/, 3);
});

test('samples that only begin like one are audio', async (t) => {
  const server = await startServer(t);
  const samples = Buffer.concat([Buffer.from('RIFF'), audio(960)]);
  const socket = await openTrack(server, { roomName: 'sala', trackId: 'TR_1' });
  socket.send(samples.subarray(0, 7));
  socket.send(samples.subarray(7));
  await closeTrack(socket);
  const wav = await finishedWav(server, 'TR_1', { bytes: samples.length });
  assert.ok(wav.data.equals(samples));
});
