import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { closeTrack, finishedWav, openTrack } from './egress.mjs';
import { eventually, startServer } from './harness.mjs';
import { audioOf, FakeHumeV0, FakeHumeV1 } from '../fakes/hume.mjs';

const RATE = 48000;

function tone(hz, seconds, amplitude = 0.5) {
  const pcm = Buffer.alloc(Math.round(RATE * seconds) * 2);
  for (let i = 0; i < pcm.length / 2; i++)
    pcm.writeInt16LE(Math.round(Math.sin((2 * Math.PI * hz * i) / RATE) * amplitude * 32767), i * 2);
  return pcm;
}

// Level of 16 kHz audio at a frequency, in dB of full scale, over its second second.
function levelAt(samples, hz) {
  let re = 0, im = 0;
  for (let i = 0; i < 16000; i++) {
    const x = samples.readInt16LE((16000 + i) * 2) / 32767;
    re += x * Math.cos((2 * Math.PI * hz * i) / 16000);
    im += x * Math.sin((2 * Math.PI * hz * i) / 16000);
  }
  return 20 * Math.log10((Math.hypot(re, im) * 2) / 16000 + 1e-9);
}

// In real time, 20 ms each.
async function stream(socket, pcm) {
  const began = Date.now();
  for (let at = 0; at < pcm.length; at += 1920) {
    socket.send(pcm.subarray(at, at + 1920));
    const due = began + (at / 2 / RATE) * 1000;
    if (due > Date.now()) await delay(due - Date.now());
  }
}

const settings = (hume, more) => ({ HUME_API_KEY: 'k3y', HUME_WS_URL: hume.url, HUME_SKIP_SILENCE: 'off',
  AUDIO_PIPELINE_GROUP_SECONDS: '0.5', ...more });

// What became of each block, once the log tells of so many seconds. A block that waits for late audio too long is cut.
const fates = (server, meeting, seconds) => eventually('every block has its line', async () => {
  const text = await readFile(join(server.folder, `storage/pipeline-logs/${meeting}.log`), 'utf8');
  const lines = [...text.matchAll(/ size=(\d+) hume=(\w+)$/gm)];
  const bytes = lines.reduce((sum, line) => sum + Number(line[1]) - 44, 0);
  return Math.abs(bytes - seconds * 32000) < 64 && lines.map((line) => line[2]);
});

async function withFake(t, Fake, options, env) {
  const hume = await new Fake(options).start();
  t.after(() => hume.stop());
  const server = await startServer(t, { env: settings(hume, env) });
  return { hume, server };
}

for (const [name, Fake] of [['v0', FakeHumeV0], ['v1', FakeHumeV1]])
  test(`${name}: all audio arrives in order, at 16 kHz, in time, and the recording stays whole`, async (t) => {
    const { hume, server } = await withFake(t, Fake, { aheadMs: 60000 });
    const low = tone(1000, 3.25), high = tone(11000, 3.25);
    const sockets = await Promise.all(['low', 'high'].map((id) =>
      openTrack(server, { roomName: 'sala', participant: id, trackId: `TR_${id}`, meetingId: 'RM_h' })));
    await Promise.all([stream(sockets[0], low), stream(sockets[1], high)]);
    await Promise.all(sockets.map(closeTrack));
    const sessions = await eventually('two sessions with all audio', () => {
      const whole = hume.sessions.filter((s) => audioOf(s).length >= 3.2 * 32000);
      return whole.length === 2 && whole;
    });
    const levels = sessions.map((s) => levelAt(audioOf(s), 1000));
    const lowSession = sessions[levels[0] > levels[1] ? 0 : 1], highSession = sessions[levels[0] > levels[1] ? 1 : 0];
    assert.ok(Math.abs(levelAt(audioOf(lowSession), 1000) - 20 * Math.log10(0.5)) < 0.5);
    assert.ok(levelAt(audioOf(highSession), 5000) < 20 * Math.log10(0.5) - 50, 'an 11 kHz tone folds down');
    assert.deepEqual(hume.errors, []);
    assert.ok((await finishedWav(server, 'TR_low', { bytes: low.length })).data.equals(low));
    const log = await fates(server, 'RM_h', 2 * 3.25);
    assert.ok(log.length >= 14 && log.every((fate) => fate === 'sent'), log.join());
    if (name === 'v1') await eventually('goodbyes', () => sessions.every((s) => s.saidGoodbye));
    assert.ok((await server.metric('prosa_hume_latency_seconds_count')) > 0);
  });

for (const mood of ['mute', 'hole', 'deaf', 'drop', 'slow', 'refuse', 'garbage', 'deep', 'huge', 'binary', 'quota'])
  for (const [name, Fake] of [['v0', FakeHumeV0], ['v1', FakeHumeV1]])
    test(`${name} in the mood "${mood}" is in nobody's way`, { concurrency: true }, async (t) => {
      const { hume, server } = await withFake(t, Fake, { mood });
      const pcm = tone(440, 2.5);
      const socket = await openTrack(server, { roomName: 'sala', trackId: 'TR_x', meetingId: 'RM_m' });
      await stream(socket, pcm);
      const health = await server.get('/health');
      assert.equal(health.status, 200);
      await closeTrack(socket);
      assert.ok((await finishedWav(server, 'TR_x', { bytes: pcm.length })).data.equals(pcm));
      assert.ok((await fates(server, 'RM_m', 2.5)).length >= 5);
      assert.ok(hume.handshakes >= 1 && hume.handshakes < 6, `${hume.handshakes} handshakes`);
      if (mood === 'refuse') {
        assert.equal(hume.handshakes, 1);
        await server.logged(/the service refuses us/, 1);
      }
      assert.ok(!server.log.includes('k3y'));
    });

test('without a key the pipeline goes on and says so once', async (t) => {
  const server = await startServer(t);
  const socket = await openTrack(server, { roomName: 'sala', trackId: 'TR_n', meetingId: 'RM_n', groupSeconds: 0.5 });
  await stream(socket, tone(440, 1));
  await closeTrack(socket);
  const log = await fates(server, 'RM_n', 1);
  assert.ok(log.length >= 2 && log.every((fate) => fate === 'no_key'), log.join());
  await server.logged(/no HUME_API_KEY/, 1);
});
