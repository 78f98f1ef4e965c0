// The traffic of a real LiveKit Egress: a mono microphone on two channels that are not quite equal.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { playCapture } from '../fakes/captured_egress.mjs';
import { closeTrack, openTrack, readWav, recordings } from './egress.mjs';
import { eventually, startServer } from './harness.mjs';

for (const format of ['wav', 'flac'])
  test(`a real egress of a mono microphone makes one mono ${format}`, async (t) => {
    const server = await startServer(t, { env: { AUDIO_RECORD_FORMAT: format } });
    const query = 'roomName=sala&participant=ana&trackId=TR_1&sampleRate=48000&channels=2';
    const socket = await openTrack(server, query, { headers: { 'Content-Type': 'audio/x-raw' } });
    await playCapture(socket, { faster: 4 });
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
