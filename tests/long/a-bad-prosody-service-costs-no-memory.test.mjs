// Whatever the prosody service does, resident memory stays flat and recordings stay as they were sent.
//
// HUME_MOODS, HUME_GENERATIONS and HUME_SECONDS choose what is run and for how long, HUME_RATE and HUME_CHANNELS what the
// tracks send. What is promised is promised for HUME_SECONDS=300; a minute of each keeps the whole within its hour.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { closeTrack, finishedWav, openTrack } from '../system/egress.mjs';
import { releaseBinary, startServer } from '../system/harness.mjs';
import { startHumeWorker } from '../fakes/hume_worker.mjs';

const listed = (name, all) => (process.env[name] ?? all).split(',');
const TRACKS = 100;
const SECONDS = Number(process.env.HUME_SECONDS ?? 60);
const RECORDED = 20; // of them
const RATE = Number(process.env.HUME_RATE ?? 16000), CHANNELS = Number(process.env.HUME_CHANNELS ?? 1);
const MESSAGE_MS = 100, BYTES = (RATE * CHANNELS * 2 * MESSAGE_MS) / 1000;
const WARM_UP_S = 5, GROWTH_MAX_KB = 10 * 1024;

const residentKb = (server) => Number(/Rss:\s+(\d+)/.exec(readFileSync(`/proc/${server.child.pid}/smaps_rollup`, 'utf8'))[1]);

// Tells every sample from those around it, and has no zero that could be taken for silence that was filled in.
const NOISE = Buffer.alloc(65521 * 2);
for (let i = 0; i < 65521; i++) NOISE.writeInt16LE((((i * 7919) % 65521) - 32760) >> 3 || 1, i * 2);
const DOUBLE = Buffer.concat([NOISE, NOISE]);
const message = (n) => {
  const at = (n * BYTES) % NOISE.length;
  return DOUBLE.subarray(at, at + BYTES);
};

// In real time; late messages follow at once. `each` is told of every second. Returns how many went to each track.
async function stream(sockets, seconds, each) {
  const began = performance.now();
  let lateMs = 0;
  for (let n = 0; n < (seconds * 1000) / MESSAGE_MS; n++) {
    const due = began + (n + 1) * MESSAGE_MS, wait = due - performance.now();
    if (wait > 0) await delay(wait);
    lateMs = Math.max(lateMs, performance.now() - due);
    for (const socket of sockets) socket.send(message(n));
    if ((n + 1) % (1000 / MESSAGE_MS) === 0) each();
  }
  return lateMs;
}

function checkRecording(data, seconds, track) {
  assert.equal(data.length, (seconds * 1000 * BYTES) / MESSAGE_MS, `track ${track}: length`);
  for (let at = 0; at < data.length; at += NOISE.length) {
    const part = data.subarray(at, at + NOISE.length);
    assert.ok(part.equals(NOISE.subarray(0, part.length)), `track ${track}: not what was sent, after ${at} bytes`);
  }
}

// The most by which a value exceeds an earlier one.
function growth(levels) {
  let least = Infinity, most = 0;
  for (const level of levels) {
    least = Math.min(least, level);
    most = Math.max(most, level - least);
  }
  return most;
}

for (const generation of listed('HUME_GENERATIONS', 'v0,v1'))
  for (const mood of listed('HUME_MOODS', 'mute,hole,deaf,drop,slow,trickle,refuse'))
    test(`${generation} in the mood "${mood}": ${TRACKS} tracks, ${SECONDS} s`, async (t) => {
      const hume = await startHumeWorker(t, generation, { mood, forgets: true });
      const server = await startServer(t, { file: releaseBinary, env: { HUME_API_KEY: 'k3y', HUME_WS_URL: hume.url,
        HUME_SKIP_SILENCE: 'off', AUDIO_RECORD_FORMAT: 'off' } });
      const sockets = [];
      for (let i = 0; i < TRACKS; i++)
        sockets.push(await openTrack(server, { roomName: `r${i % 10}`, participant: `p${i}`, trackId: `T${i}`,
          meetingId: `M${i % 10}`, sampleRate: RATE, channels: CHANNELS, ...(i < RECORDED && { recordFormat: 'wav' }) },
          { light: true }));
      const levels = [residentKb(server)];
      const lateMs = await stream(sockets, SECONDS, () => levels.push(residentKb(server)));
      const grown = growth(levels.slice(WARM_UP_S));
      const at = [0, 1, 2, 3, 5, 7, 10, 15, 20, 30, 45, 60, 120, 180, 240, 300].filter((s) => s < levels.length);
      t.diagnostic(`${generation} ${mood}: KB resident after seconds: ${at.map((s) => `${s}: ${levels[s]}`).join(', ')}; ` +
        `at most ${Math.max(...levels)}; after ${WARM_UP_S} s it grew by at most ${grown} KB. ` +
        `${await hume.handshakes()} handshakes; the sender was ${Math.round(lateMs)} ms late at most`);
      await Promise.all(sockets.map(closeTrack));
      assert.ok(grown < GROWTH_MAX_KB, `grew by ${grown} KB`);
      for (let i = 0; i < RECORDED; i++) checkRecording((await finishedWav(server, `T${i}`)).data, SECONDS, i);
      if (mood === 'refuse') assert.ok((await hume.handshakes()) < 20, `${await hume.handshakes()} handshakes`);
      assert.equal((await server.get('/health')).status, 200);
    });
