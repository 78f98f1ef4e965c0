import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeEgress, silence, tone } from '../fakes/egress.mjs';
import { pitch, recordings } from '../fakes/wav.mjs';
import { eventually, startServer } from './harness.mjs';

// Plays for a second, says `muted` while half a second of sound is still in the pipeline, and unmutes after 1.5 s of silence.
async function story(t, headers) {
  const server = await startServer(t, { env: { MUTE_TAIL_MS: '10000' } });
  const egress = new FakeEgress(`${server.ws}/egress-audio?roomName=sala&participant=bob&trackId=TR_1&channels=2`, { headers });
  await egress.opened;
  egress.source = (first, frames) => (first >= 72000 && first < 144000 ? silence() : tone())(first, frames);
  egress.cues.push([48000, () => egress.mute(true)], [144000, () => egress.mute(false)], [192000, () => egress.pause()]);
  egress.play();
  await eventually('it has played', () => egress.cues.length === 0);
  await egress.end();
  await eventually('the track has ended', async () => (await server.metric('prosa_tracks')) === 0);
  await server.stop();
  const [wav] = await recordings(server, 'sala');
  return { wav, server, egress };
}

const sounding = (wav) => {
  let frames = 0;
  for (let i = 0; i < wav.frames; i++) frames += wav.sample(i) !== 0;
  return frames / 48000;
};

test('of LiveKit Egress, whose flag runs ahead, what was in flight is recorded', async (t) => {
  const { wav } = await story(t, { 'Content-Type': 'audio/x-raw' });
  // 1.5 s before the silence and 1 s after it, and of the silence only what tells that it is one.
  assert.ok(Math.abs(sounding(wav) - 2.5) < 0.15, `sounds for ${sounding(wav)} s`);
  assert.ok(wav.frames < 3.2 * 48000, `${wav.frames} frames`);
  assert.ok(Math.abs(pitch(wav, 0, 70000) - 440) < 3);
});

test('of anybody else the flag counts at once', async (t) => {
  const { wav } = await story(t, {});
  assert.ok(Math.abs(sounding(wav) - 2) < 0.15, `sounds for ${sounding(wav)} s`);
});
