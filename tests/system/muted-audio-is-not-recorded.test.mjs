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
