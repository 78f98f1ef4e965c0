// A real Egress's messages at the times at which they came: one mono file of their length, with no gap and no pause but the mute.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { playCapture } from '../fakes/captured_egress.mjs';
import { closeTrack, finishedWav, openTrack } from '../system/egress.mjs';
import { eventually, startServer } from '../system/harness.mjs';

const WITHIN_MS = 20;

async function record(t, env) {
  const server = await startServer(t, { env });
  const query = 'roomName=sala&participant=ana&trackId=TR_1&sampleRate=48000&channels=2';
  const socket = await openTrack(server, query, { headers: { 'Content-Type': 'audio/x-raw' } });
  const { pcm } = await playCapture(socket);
  await closeTrack(socket);
  const { path } = await finishedWav(server, 'TR_1'); // fails if there are two
  const sidecar = await eventually('the sidecar is finished', async () => {
    const info = JSON.parse(await readFile(path.replace(/\.wav$/, '.json')));
    return info.end && info;
  });
  const wav = await finishedWav(server, 'TR_1');
  return { wav, sidecar, ms: wav.seconds * 1000, sentMs: (pcm.length / 4 / 48000) * 1000 };
}

test('a mute that is recorded as silence: the file is as long as what was sent', async (t) => {
  const { wav, sidecar, ms, sentMs } = await record(t, { AUDIO_ON_MUTE: 'silence' });
  t.diagnostic(`${ms.toFixed(1)} ms recorded, ${sentMs.toFixed(1)} ms sent`);
  assert.equal(wav.channels, 1);
  assert.ok(Math.abs(ms - sentMs) <= WITHIN_MS, `${ms} ms of ${sentMs}`);
  assert.equal(sidecar.gapCount, 1, JSON.stringify(sidecar.gaps)); // the mute's silence
  const mutedMs = sidecar.gapFrames / 48;
  assert.ok(mutedMs > 500 && mutedMs < 1560, `${mutedMs} ms of silence`);
  assert.equal(sidecar.pauseCount, 0, JSON.stringify(sidecar.pauses));
});

test('a mute that is a pause: file and pause are as long as what was sent', async (t) => {
  const { wav, sidecar, ms, sentMs } = await record(t, { MUTE_TAIL_MS: '700' });
  t.diagnostic(`${ms.toFixed(1)} ms recorded, ${sidecar.pausedMs} ms paused, ${sentMs.toFixed(1)} ms sent`);
  assert.equal(wav.channels, 1);
  assert.equal(sidecar.gapCount, 0, JSON.stringify(sidecar.gaps));
  assert.equal(sidecar.pauseCount, 1, JSON.stringify(sidecar.pauses));
  assert.ok(Math.abs(ms + sidecar.pausedMs - sentMs) <= WITHIN_MS, `${ms} + ${sidecar.pausedMs} ms of ${sentMs}`);
});
