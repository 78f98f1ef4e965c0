import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { closeTrack, openTrack, recordings } from './egress.mjs';
import { eventually, startServer } from './harness.mjs';

// A tone of `hz` samples a second, in messages of 20 ms, at an address that says 48 kHz. Returns what ends it.
function play(socket, hz) {
  const size = hz / 50;
  const message = Buffer.alloc(size * 2);
  for (let i = 0; i < size; i++) message.writeInt16LE(Math.round(5000 * Math.sin((2 * Math.PI * i * 10) / size)), i * 2);
  const began = Date.now();
  let sent = 0;
  const timer = setInterval(() => {
    for (; sent * 20 < Date.now() - began; sent++) socket.send(message);
  }, 10);
  return () => clearInterval(timer);
}

test('audio at the speed of another rate is recorded as declared, and said once', async (t) => {
  const server = await startServer(t);
  const cases = { TR_44: 44100, TR_16: 16000, TR_48: 48000 };
  const sockets = await Promise.all(Object.keys(cases).map((track) =>
    openTrack(server, { roomName: 'sala', participant: track, trackId: track, sampleRate: 48000, channels: 1 })));
  const ends = Object.values(cases).map((hz, i) => play(sockets[i], hz));
  // Eight seconds without a hole are enough. On a busy machine holes are many, and it takes longer to find so many without.
  const debug = await eventually('both are doubted', async () => {
    const { formatDoubts = [] } = await (await fetch(`${server.url}/feedback/debug/sala`)).json();
    return formatDoubts.length >= 2 && formatDoubts;
  }, { within: 150000, every: 100 }).finally(() => ends.forEach((end) => end()));
  assert.deepEqual(debug.map(({ trackId, doubts }) => [trackId, doubts]).sort(), [['TR_16', ['wrong-rate']], ['TR_44', ['wrong-rate']]]);
  await Promise.all(sockets.map(closeTrack));
  const sidecars = await eventually('all are finished', async () => {
    const found = await recordings(server, { ending: '.json' });
    const read = await Promise.all(found.map(async ({ path }) => JSON.parse(await readFile(path, 'utf8'))));
    return read.length === 3 && read.every(({ end }) => end) && read;
  });
  for (const { track, doubts } of sidecars) assert.deepEqual(doubts, track === 'TR_48' ? undefined : ['wrong-rate']);
  await server.logged(/speed of another rate/, 2);
  await server.logged(/fitsHz=44100/);
});
