// What goes to the prosody service and what does not, what stops it for good, and what an operator can see of it.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { closeTrack, openTrack, streamAudio } from './egress.mjs';
import { atEnd, eventually, startServer } from './harness.mjs';
import { audioOf, FakeHumeV0, FakeHumeV1 } from '../fakes/hume.mjs';

const RATE = 48000;
const generations = [['v0', FakeHumeV0], ['v1', FakeHumeV1]];

function tone(hz) {
  const pcm = Buffer.alloc(RATE * 2);
  for (let i = 0; i < RATE; i++) pcm.writeInt16LE(Math.round(Math.sin((2 * Math.PI * hz * i) / RATE) * 16000), i * 2);
  return pcm;
}

async function setUp(t, Fake, options, env) {
  const hume = await new Fake({ aheadMs: 60000, ...options }).start();
  atEnd(t, () => hume.stop());
  const server = await startServer(t, { env: { HUME_API_KEY: 'k3y', HUME_WS_URL: hume.url, AUDIO_RECORD_FORMAT: 'off',
    AUDIO_PIPELINE_GROUP_SECONDS: '0.5', ...env } });
  const socket = await openTrack(server, { roomName: 'sala', trackId: 'TR_x', meetingId: 'RM_x' });
  return { hume, server, socket };
}

// Speaks until `enough` and for at least so many ms.
async function speak(socket, pcm, enough, ms = 0) {
  const stream = streamAudio(socket, pcm);
  await eventually('enough was said', async () => stream.sentMs() >= ms && (await enough()));
  stream.stop();
}

const fates = async (server) =>
  [...(await readFile(join(server.folder, 'storage/pipeline-logs/RM_x.log'), 'utf8')).matchAll(/ hume=(\w+)$/gm)].map(([, fate]) => fate);

const secondsHeard = (hume) => hume.sessions.reduce((sum, session) => sum + audioOf(session).length / 32000, 0);

// The level of 16 kHz audio at a frequency, in dB of full scale, over all of it.
function levelAt(audio, hz) {
  const count = audio.length / 2;
  let re = 0, im = 0;
  for (let i = 0; i < count; i++) {
    const x = audio.readInt16LE(i * 2) / 32767;
    re += x * Math.cos((2 * Math.PI * hz * i) / 16000);
    im += x * Math.sin((2 * Math.PI * hz * i) / 16000);
  }
  return 20 * Math.log10((Math.hypot(re, im) * 2) / count + 1e-9);
}

for (const [name, Fake] of generations) {
  for (const refusal of [401, 403, 404, 410])
    test(`${name}: a refusal with ${refusal} is final, and said once`, async (t) => {
      const { hume, server, socket } = await setUp(t, Fake, { mood: 'refuse', refusal }, { HUME_SKIP_SILENCE: 'off' });
      await speak(socket, tone(440), async () => (await server.metric('prosa_hume_blocks_total', { fate: 'error' })) >= 3, 3000);
      await closeTrack(socket);
      assert.equal(hume.handshakes, 1);
      await server.logged(new RegExp(`error hume: the service refuses us.* code=http_${refusal}`), 1);
      assert.equal(await server.metric('prosa_hume_refused'), 1);
      assert.equal(await server.metric('prosa_hume_errors_total', { code: `http_${refusal}` }), 1);
    });

  test(`${name}: silence costs nothing`, async (t) => {
    const { hume, server, socket } = await setUp(t, Fake, {});
    await speak(socket, Buffer.alloc(RATE * 2), async () => (await server.metric('prosa_hume_blocks_total', { fate: 'silent' })) >= 3);
    await closeTrack(socket);
    assert.equal(hume.handshakes, 0);
    const log = await eventually('the log has its lines', async () => {
      const lines = await fates(server);
      return lines.length >= 3 && lines;
    });
    assert.ok(log.every((fate) => fate === 'silent'), log.join());
  });

  test(`${name}: what is muted is not heard`, async (t) => {
    const { hume, server, socket } = await setUp(t, Fake, {}, { HUME_SKIP_SILENCE: 'off', MUTE_TAIL_MS: '0' });
    await speak(socket, tone(1000), () => secondsHeard(hume) >= 1);
    socket.send('{"muted":true}');
    await speak(socket, tone(3000), async () => (await server.metric('prosa_audio_muted_bytes_total')) > RATE * 2, 1500);
    socket.send('{"muted":false}');
    const before = secondsHeard(hume);
    await speak(socket, tone(1000), () => secondsHeard(hume) >= before + 1);
    await closeTrack(socket);
    for (const session of hume.sessions) {
      const audio = audioOf(session), level = levelAt(audio, 3000);
      assert.ok(level < -50, `muted audio was sent: ${level} dB in ${audio.length / 32000} s`);
    }
    assert.ok(levelAt(audioOf(hume.sessions[0]), 1000) > -20);
    assert.deepEqual(hume.errors, []);
  });

  test(`${name}: its state is in the metrics, its messages in the debug log`, async (t) => {
    const { hume, server, socket } = await setUp(t, Fake, {}, { HUME_SKIP_SILENCE: 'off', LOG_LEVEL: 'debug' });
    assert.equal(await server.metric('prosa_hume_tracks', { state: 'idle' }), 1);
    await speak(socket, tone(440), async () => (await server.metric('prosa_hume_latency_seconds_count')) >= 2);
    assert.equal(await server.metric('prosa_hume_tracks', { state: 'open' }), 1);
    assert.ok((await server.metric('prosa_hume_messages_sent_total')) >= 2);
    await closeTrack(socket);
    assert.equal(await server.metric('prosa_hume_dropped_total'), 0);
    const received = await server.logged(/^.*debug hume: received track=\S+ bytes=\d+ begins=".*$/m);
    assert.ok(received.every((line) => line.length < 600), 'a message is in the log whole');
    assert.deepEqual(hume.errors, []);
  });
}

test('v0: out of credits is final, too', async (t) => {
  const { hume, server, socket } = await setUp(t, FakeHumeV0, { mood: 'quota' }, { HUME_SKIP_SILENCE: 'off' });
  await speak(socket, tone(440), async () => (await server.metric('prosa_hume_refused')) === 1, 3000);
  await closeTrack(socket);
  assert.equal(hume.handshakes, 1);
  await server.logged(/error hume: the service refuses us.* code=E0300/, 1);
  assert.equal(await server.metric('prosa_hume_errors_total', { code: 'E03xx' }), 1);
});

test('v0: silence that is sent is answered by a warning, which is no error', async (t) => {
  const { hume, server, socket } = await setUp(t, FakeHumeV0, {}, { HUME_SKIP_SILENCE: 'off' });
  await speak(socket, Buffer.alloc(RATE * 2), async () => (await server.metric('prosa_hume_no_speech_total')) >= 2);
  await closeTrack(socket);
  assert.ok(!/ (warn|error) +hume:/.test(server.log));
  assert.equal(await server.metric('prosa_hume_failures_total'), 0);
  assert.deepEqual(hume.errors, []);
});

test('v0: without HUME_V0_HELLO the first message is a block', async (t) => {
  const { hume, socket } = await setUp(t, FakeHumeV0, {}, { HUME_SKIP_SILENCE: 'off', HUME_V0_HELLO: 'off' });
  await speak(socket, tone(440), () => secondsHeard(hume) > 1);
  await closeTrack(socket);
  assert.equal(hume.errors.length, 1); // the fake misses the hello
  assert.match(hume.errors[0], /^unexpected: \{"data":/);
});
