import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startServer } from './harness.mjs';
import { audio, closeTrack, finishedWav, openTrack } from './egress.mjs';

test('muted audio is not recorded, and unknown text changes nothing', async (t) => {
  const server = await startServer(t);
  const socket = await openTrack(server, { roomName: 'sala', trackId: 'TR_mute' });
  const parts = [1, 2, 3, 4, 5].map((seed) => audio(960, seed));
  socket.send(parts[0]);
  for (const text of ['', 'hello', '{', 'null', '[true]', '{"muted":"true"}', '{"muted":1}', '{"other":true}']) socket.send(text);
  socket.send(parts[1]);
  socket.send('{"muted":true}');
  socket.send(parts[2]);
  socket.send('{"muted":true}');
  socket.send(parts[3]);
  socket.send('{"muted":false}');
  socket.send(parts[4]);
  await closeTrack(socket);
  const wav = await finishedWav(server, 'TR_mute', { bytes: 3 * 1920 });
  assert.ok(wav.data.equals(Buffer.concat([parts[0], parts[1], parts[4]])));
});

test('a track that is muted before its first sample', async (t) => {
  const server = await startServer(t);
  const socket = await openTrack(server, { roomName: 'sala', trackId: 'TR_first' });
  socket.send('{"muted":true}');
  socket.send(audio(960, 1));
  socket.send('{"muted":false}');
  socket.send(audio(960, 2));
  await closeTrack(socket);
  const wav = await finishedWav(server, 'TR_first', { bytes: 1920 });
  assert.ok(wav.data.equals(audio(960, 2)));
});

// A mute falls between the halves of a sample frame. What follows it keeps the borders of sample frames.
for (const channels of [1, 2])
  test(`a mute within a sample frame shifts no byte of ${channels === 1 ? 'mono' : 'stereo'}`, async (t) => {
    const server = await startServer(t, { env: { AUDIO_RECORD_CHANNELS: 'declared' } });
    const socket = await openTrack(server, { roomName: 'sala', trackId: 'TR_odd', channels });
    const frame = 2 * channels;
    const size = 240 * frame + channels; // not whole sample frames
    const tone = Buffer.alloc(300 * size);
    for (let i = 0; i < tone.length / frame; i++)
      for (let c = 0; c < channels; c++)
        if (i * frame + c * 2 + 2 <= tone.length) tone.writeInt16LE(Math.round(8000 * Math.sin(i / 20)) >> c, i * frame + c * 2);
    for (let i = 0; i < 300; i++) {
      if (i === 99) socket.send('{"muted":true}');
      if (i === 199) socket.send('{"muted":false}');
      socket.send(tone.subarray(i * size, (i + 1) * size));
    }
    await closeTrack(socket);
    const whole = (bytes, round) => round(bytes / frame) * frame;
    const expected = Buffer.concat([
      tone.subarray(0, whole(99 * size, Math.floor)),
      tone.subarray(whole(199 * size, Math.ceil), whole(300 * size, Math.floor)),
    ]);
    const wav = await finishedWav(server, 'TR_odd', { bytes: expected.length });
    assert.ok(wav.data.equals(expected));
  });
