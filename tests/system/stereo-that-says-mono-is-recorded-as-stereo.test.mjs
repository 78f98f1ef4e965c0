import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { FakeEgress, RATE, silence, tone } from '../fakes/egress.mjs';
import { pitch, recordings } from '../fakes/wav.mjs';
import { eventually, startServer } from './harness.mjs';

async function record(t, { query, headers, source, seconds = 2, parts = 1, env = { AUDIO_RECORD_CHANNELS: 'declared' } }) {
  const server = await startServer(t, { env });
  const egress = new FakeEgress(`${server.ws}/egress-audio?roomName=sala&participant=bob&trackId=TR_1${query}`, { headers });
  await egress.opened;
  egress.source = source;
  egress.play();
  await eventually('it has played', () => egress.frames >= seconds * 48000);
  await egress.end();
  await eventually('the track has ended', async () => (await server.metric('prosa_tracks')) === 0);
  await server.stop();
  const [wav, ...more] = await recordings(server, 'sala');
  assert.equal(more.length, parts - 1);
  return { wav, second: more[0], server, sent: egress.frames };
}

const cases = {
  'by its handshake': { headers: { 'Content-Type': 'audio/x-raw' } },
  'by its sound': { headers: {} },
};
for (const [how, { headers }] of Object.entries(cases))
  test(`a stereo tone at a mono address keeps its pitch and length, known ${how}`, async (t) => {
    const { wav, server, sent } = await record(t, { query: '&sampleRate=48000&channels=1', headers, source: tone({ hz: 440 }) });
    assert.equal(wav.channels, 2);
    assert.equal(wav.frames, sent);
    assert.ok(Math.abs(pitch(wav) - 440) < 2, `pitch ${pitch(wav)}`);
    const expected = tone({ hz: 440 })(0, sent);
    for (let i = 0; i < sent; i += 97) assert.equal(wav.sample(i), expected.readInt16LE(i * 4));
    await server.logged(/channels=2/);
  });

test('sound after a second of zeros is known, too', async (t) => {
  const late = (first, frames) => (first < 48000 ? silence() : tone({ hz: 440 }))(first, frames);
  const { wav, sent } = await record(t, { query: '', headers: {}, source: late });
  assert.equal(wav.channels, 2);
  assert.equal(wav.frames, sent);
  assert.ok(Math.abs(pitch(wav, 48000) - 440) < 2);
});

test('a mono stream stays mono, at double speed as well', async (t) => {
  const mono = (first, frames) => {
    const pcm = Buffer.alloc(frames * 4); // as many bytes as stereo: twice real time
    for (let i = 0; i < frames * 2; i++)
      pcm.writeInt16LE(Math.round(8000 * Math.sin((2 * Math.PI * 440 * (first * 2 + i)) / 48000)), i * 2);
    return pcm;
  };
  const { wav, sent } = await record(t, { query: '&channels=1', headers: {}, source: mono });
  assert.equal(wav.channels, 1);
  assert.equal(wav.frames, sent * 2);
  assert.ok(Math.abs(pitch(wav) - 440) < 2);
});

// 8 kHz of a telephone at an address of 16 kHz: every sample is sent twice.
test('equal pairs at the speed of mono stay mono', async (t) => {
  const telephone = (first, frames) => {
    const pcm = Buffer.alloc(frames * 2);
    for (let i = 0; i < frames; i++) pcm.writeInt16LE(Math.round(8000 * Math.sin((2 * Math.PI * 440 * ((first + i) >> 1)) / 24000)), i * 2);
    return pcm;
  };
  const { wav, sent } = await record(t, { query: '&channels=1', headers: {}, source: telephone, seconds: 3 });
  assert.equal(wav.channels, 1);
  assert.equal(wav.frames, sent);
  assert.ok(Math.abs(pitch(wav) - 440) < 2, `pitch ${pitch(wav)}`);
});

const apart = (first, frames) => {
  const pcm = tone({ hz: 440 })(first, frames);
  for (let i = 0; i < frames; i++) pcm.writeInt16LE(pcm.readInt16LE(i * 4) >> 1, i * 4 + 2);
  return pcm;
};
const auto = { AUDIO_RECORD_CHANNELS: 'auto' };
const raw = { 'Content-Type': 'audio/x-raw' };

test('equal channels are recorded as one', async (t) => {
  const { wav, sent } = await record(t, { query: '', headers: raw, source: tone({ hz: 440 }), env: auto });
  assert.equal(wav.channels, 1);
  assert.equal(wav.frames, sent);
  assert.ok(Math.abs(pitch(wav) - 440) < 2);
});

// What Egress makes of a mono microphone: now and then a sample differs by one.
test('channels that differ inaudibly are recorded as one', async (t) => {
  const almost = (first, frames) => {
    const pcm = tone({ hz: 440 })(first, frames);
    for (let i = 0; i < frames; i += 100) pcm.writeInt16LE(pcm.readInt16LE(i * 4) + 1, i * 4 + 2);
    return pcm;
  };
  const { wav, sent } = await record(t, { query: '', headers: raw, source: almost, env: auto });
  assert.equal(wav.channels, 1);
  assert.equal(wav.frames, sent);
});

const doubts = async (server) => {
  const folder = join(server.folder, 'storage/egress/audio/sala');
  const [name] = (await readdir(folder)).filter((file) => file.endsWith('.json'));
  return JSON.parse(await readFile(join(folder, name), 'utf8')).doubts;
};

test('a recording that began as mono stays one file; the stereo that follows is mixed, and said', async (t) => {
  const source = (first, frames) => (first < RATE ? tone({ hz: 440 }) : apart)(first, frames);
  const { wav, server, sent } = await record(t, { query: '', headers: raw, source, env: auto });
  assert.equal(wav.channels, 1);
  assert.equal(wav.frames, sent);
  const expected = source(RATE, 480);
  for (let i = 10; i < 480; i++)
    assert.equal(wav.sample(RATE + i), (expected.readInt16LE(i * 4) + expected.readInt16LE(i * 4 + 2) + 1) >> 1);
  await server.logged(/became stereo/, 1);
  assert.deepEqual(await doubts(server), ['stereo-as-mono']);
});

test('a track that LiveKit calls stereo is recorded so, equal channels as well', async (t) => {
  const { wav, server, sent } = await record(t, { query: '&stereo=on', headers: raw, source: tone({ hz: 440 }), env: auto });
  assert.equal(wav.channels, 2);
  assert.equal(wav.frames, sent);
  assert.equal(await doubts(server), undefined);
});

test('digital silence before the first sound is recorded, and decides nothing', async (t) => {
  const source = (first, frames) => (first < RATE ? silence() : apart)(first, frames);
  const { wav, sent } = await record(t, { query: '', headers: raw, source, env: auto });
  assert.equal(wav.channels, 2);
  assert.equal(wav.frames, sent);
  assert.equal(wav.sample(RATE - 1), 0);
});

test('channels that differ from the first sample make one stereo file', async (t) => {
  const { wav, sent } = await record(t, { query: '', headers: raw, source: (first, frames) => apart(first + 1, frames), env: auto });
  assert.equal(wav.channels, 2);
  assert.equal(wav.frames, sent);
});
