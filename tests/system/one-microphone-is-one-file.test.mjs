// The traffic of a real LiveKit Egress: a mono microphone on two channels that are not quite equal.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { closeTrack, openTrack, readWav, recordings } from './egress.mjs';
import { eventually, startServer } from './harness.mjs';

const fixture = (name) => new URL(`../fixtures/egress/${name}`, import.meta.url).pathname;
const FASTER = 4;

async function play(socket) {
  const pcm = execFileSync('ffmpeg', ['-v', 'error', '-i', fixture('mono.flac'), '-f', 's16le', '-'], { maxBuffer: 1 << 24 });
  const lines = (await readFile(fixture('mono.jsonl'), 'utf8')).trim().split('\n').map((line) => JSON.parse(line));
  const first = lines.find(([, what]) => typeof what === 'number')[0];
  const began = Date.now();
  let at = 0;
  for (const [ms, what] of lines) {
    const due = began + (ms - first) / FASTER;
    if (due > Date.now() + 5) await delay(due - Date.now());
    if (typeof what === 'number') socket.send(pcm.subarray(at, (at += what)));
    else if (what.text) socket.send(what.text);
  }
  assert.equal(at, pcm.length);
  return pcm;
}

for (const format of ['wav', 'flac'])
  test(`a real egress of a mono microphone makes one mono ${format}`, async (t) => {
    const server = await startServer(t, { env: { AUDIO_RECORD_FORMAT: format } });
    const query = 'roomName=sala&participant=ana&trackId=TR_1&sampleRate=48000&channels=2';
    const socket = await openTrack(server, query, { headers: { 'Content-Type': 'audio/x-raw' } });
    await play(socket);
    await closeTrack(socket);
    const [sidecar, ...more] = await eventually('it is finished', async () => {
      const found = await recordings(server, { ending: '.json' });
      const sidecars = await Promise.all(found.map(async ({ path }) => JSON.parse(await readFile(path, 'utf8'))));
      assert.ok(sidecars.length > 0 && sidecars.every(({ end }) => end));
      return sidecars;
    });
    assert.deepEqual(more, []);
    assert.equal(sidecar.channels, 1);
    assert.deepEqual((sidecar.doubts ?? []).filter((doubt) => doubt.includes('stereo')), []);
    assert.ok(sidecar.frames > 20 * 48000, `${sidecar.frames} frames`);
    if (format === 'wav') assert.equal((await readWav((await recordings(server))[0].path)).channels, 1);
  });
