// Many tracks that speak to the prosody service at once, and a look at every sample that it got.
//
// Each track begins with a tone of its own, all at the same moment, so that most of them wait for their turn to connect.
// When the service has heard every beginning, all go on: 1 kHz or 11 kHz for two seconds, then a tone that rises.
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { closeTrack, openTrack } from './egress.mjs';
import { eventually, startServer } from './harness.mjs';
import { disturbanceOf, inTime, TooLate } from './undisturbed.mjs';
import { startHumeWorker } from '../fakes/hume_worker.mjs';

const RATE = 48000, MESSAGE_MS = 100, AMPLITUDE = 0.5;
const MESSAGE = (RATE * MESSAGE_MS) / 1000; // samples
const STEADY = 2, RISING = 3; // seconds
const SETTLED = 1.5; // after the pause: the clock of a track doubts for a moment where it belongs

const ownHz = (track) => 400 + 20 * track;
const risingHz = (second) => 500 + 1000 * second;

// hz(t): the frequency at a second.
function sound(seconds, hz) {
  const pcm = Buffer.alloc(Math.round(RATE * seconds) * 2);
  let phase = 0;
  for (let i = 0; i < pcm.length / 2; i++) {
    pcm.writeInt16LE(Math.round(Math.sin(phase) * AMPLITUDE * 32767), i * 2);
    phase += (2 * Math.PI * hz(i / RATE)) / RATE;
  }
  return pcm;
}

// In real time, each its own. Returns when each message was sent, for all tracks.
async function streamAll(sockets, pcms) {
  const messages = pcms[0].length / 2 / MESSAGE, began = Date.now(), sent = [];
  while (sent.length < messages) {
    const at = sent.length * MESSAGE * 2;
    sockets.forEach((socket, track) => socket.send(pcms[track].subarray(at, at + MESSAGE * 2)));
    sent.push(Date.now());
    await delay(Math.max(0, began + sent.length * MESSAGE_MS - Date.now()));
  }
  return sent;
}

const sampleAt = (audio, i) => audio.readInt16LE(i * 2);

// By upward zero crossings between two seconds of 16 kHz audio.
function frequency(audio, from, to) {
  let count = 0, first, last;
  for (let i = Math.round(from * 16000) + 1; i < Math.round(to * 16000); i++)
    if (sampleAt(audio, i - 1) < 0 && sampleAt(audio, i) >= 0) {
      const at = i - sampleAt(audio, i) / (sampleAt(audio, i) - sampleAt(audio, i - 1));
      first ??= at;
      last = at;
      count++;
    }
  return count < 2 ? 0 : ((count - 1) * 16000) / (last - first);
}

function level(audio, from, to) {
  let sum = 0;
  for (let i = Math.round(from * 16000); i < Math.round(to * 16000); i++) sum += (sampleAt(audio, i) / 32767) ** 2;
  return 10 * Math.log10(sum / ((to - from) * 16000) + 1e-12);
}

function checkAudio(audio, track, own) {
  const whole = own + STEADY + RISING, full = 20 * Math.log10(AMPLITUDE) - 3.01, what = `track ${track}`;
  const seconds = audio.length / 32000;
  assert.ok(Math.abs(seconds - whole) < 0.01, `${what}: ${seconds} s of ${whole}`);
  const quiet = level(audio, own + 0.1, own + STEADY - 0.1);
  if (track % 2) {
    assert.ok(quiet < full - 50, `${what}: 11 kHz at ${quiet} dB`);
  } else {
    assert.ok(Math.abs(quiet - full) < 0.5, `${what}: 1 kHz at ${quiet} dB`);
    const hz = frequency(audio, own + 0.1, own + STEADY - 0.1);
    assert.ok(Math.abs(hz - 1000) < 0.5, `${what}: 1 kHz became ${hz} Hz`);
  }
  for (let at = 0.05; at < RISING - 0.1; at += 0.05) {
    const hz = frequency(audio, own + STEADY + at, own + STEADY + at + 0.05), due = risingHz(at + 0.025);
    assert.ok(Math.abs(hz - due) < 30, `${what}: ${hz} Hz instead of ${due} after ${at} s`);
  }
  for (let at = 0.05; at < own - 0.1; at += 0.1) {
    const hz = frequency(audio, at, at + 0.1);
    assert.ok(Math.abs(hz - ownHz(track)) < 8, `${what}: ${hz} Hz at its beginning`);
  }
}

// From the last sample's sending to the piece's arrival, in ms, where the track flowed.
function latencies(session, own, sent) {
  const found = [];
  let bytes = 0;
  for (const piece of session.pieces) {
    bytes += piece.bytes;
    const second = bytes / 32000 - own;
    const message = Math.min(sent.length - 1, Math.ceil((second * 1000) / MESSAGE_MS) - 1);
    if (second >= SETTLED && second <= STEADY + RISING - 0.1) found.push(piece.at - sent[message]);
  }
  return found;
}

export async function crowd(t, generation, { tracks, own, within, file }) {
  const hume = await startHumeWorker(t, generation, { aheadMs: 60000 });
  t.clocks.push(() => hume.late());
  const server = await startServer(t, { file, env: { HUME_API_KEY: 'k3y', HUME_WS_URL: hume.url, HUME_SKIP_SILENCE: 'off',
    AUDIO_PIPELINE_GROUP_SECONDS: '0.5', AUDIO_RECORD_FORMAT: 'off' } });
  t.signs.push(() => disturbanceOf(server, { gaps: tracks })); // the pause in the middle is one for each
  const sockets = [];
  for (let i = 0; i < tracks; i++)
    sockets.push(await openTrack(server, { roomName: `r${i % 10}`, participant: `p${i}`, trackId: `T${i}`,
      meetingId: `M${i % 10}` }, { light: true }));
  const beginnings = sockets.map((_, track) => sound(own, () => ownHz(track)));
  await inTime(t, () => streamAll(sockets, beginnings));
  await eventually('every beginning is heard', async () => {
    const heard = (await hume.heard()).filter((bytes) => bytes > (own - 0.15) * 32000).length;
    assert.equal(heard, tracks);
    return true;
  }, { within: 30000, every: 200 });

  const rising = sound(RISING, risingHz);
  const rest = [1000, 11000].map((hz) => Buffer.concat([sound(STEADY, () => hz), rising]));
  const sent = await inTime(t, () => streamAll(sockets, sockets.map((_, track) => rest[track % 2])));
  await Promise.all(sockets.map(closeTrack));
  await eventually('every end is heard', async () =>
    (await hume.heard()).every((bytes) => bytes > (own + STEADY + RISING - 0.01) * 32000), { within: 20000, every: 200 });

  const { errors, limited, sessions } = await hume.report();
  assert.deepEqual(errors, []);
  assert.equal(limited, 0);
  assert.equal(sessions.length, tracks);
  const seen = new Set(), late = [];
  for (const session of sessions) {
    const audio = Buffer.from(session.audio);
    const track = Math.round((frequency(audio, 0.1, own - 0.1) - 400) / 20);
    assert.ok(!seen.has(track), `track ${track} has two sessions`);
    seen.add(track);
    checkAudio(audio, track, own);
    late.push(...latencies(session, own, sent));
  }
  late.sort((a, b) => a - b);
  assert.ok(late.length >= tracks * 3);
  const most = late.at(-1);
  t.diagnostic(`${generation}: ${tracks} tracks, ${late.length} pieces, after their last sample was sent: ` +
    `median ${late[late.length >> 1]} ms, 99 % ${late[Math.floor(late.length * 0.99)]} ms, all ${most} ms`);
  assert.equal(await server.metric('prosa_hume_dropped_total'), 0);
  assert.equal(await server.metric('prosa_hume_blocks_total', { fate: 'dropped' }), 0);
  if (most > within) throw new TooLate(`a piece came after ${most} ms`);
}
