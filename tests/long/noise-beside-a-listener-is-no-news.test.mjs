// Two listeners for ten minutes, beside one of them a silent typist, a barking dog, music on hold or an office: the host
// hears of the group's silence and of nothing else. The sounds are those of Debian packages (tools/packages.txt: long);
// of them only the music `morning_coffee` was near the detector's weights, and only to test them (tools/vad).
// PROSA_KEEP_NOISE=DIR keeps the meetings.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { releaseBinary, temporaryFolder } from '../system/harness.mjs';

const RATE = 16000;
const SECONDS = 600;
const SAMPLES = RATE * SECONDS;

// The same numbers in every run.
function numbers(seed) {
  return () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return (Math.imul(seed ^ (seed >>> 15), 0x2c1b3c6d) >>> 0) / 2 ** 32;
  };
}

const decoded = new Map();

// A recording as samples of full scale 1.0, its loudest at 1.0.
function sound(path, filter = 'anull') {
  const key = `${path} ${filter}`;
  if (!decoded.has(key)) {
    const form = path.endsWith('.g722') ? ['-f', 'g722'] : [];
    const raw = execFileSync('ffmpeg', ['-v', 'error', ...form, '-i', path, '-af', filter, '-ac', '1', '-ar', `${RATE}`, '-f', 'f32le', '-'],
      { maxBuffer: 1 << 29 });
    const samples = new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length - raw.length % 4));
    const most = samples.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-9);
    decoded.set(key, samples.map((x) => x / most));
  }
  return decoded.get(key);
}

const folder = (path, pattern) => readdirSync(path).filter((name) => pattern.test(name)).sort().map((name) => join(path, name));
const gain = (db) => 10 ** (db / 20);

function put(track, at, samples, db) {
  const start = Math.round(at * RATE), end = Math.min(samples.length, track.length - start);
  for (let i = 0; i < end; i++) track[start + i] += samples[i] * gain(db);
}

// A room or a fan: noise of so many dBFS RMS; `dark` the nearer to 1, the fewer highs.
function air(track, random, dbfs, dark) {
  const scale = gain(dbfs) * Math.sqrt(12 * (1 + dark) / (1 - dark));
  let low = 0;
  for (let i = 0; i < track.length; i++) {
    low = dark * low + (1 - dark) * (random() - 0.5);
    track[i] += low * scale;
  }
}

// Words of one to twelve strokes, as many a second as somebody types who knows how to.
function type(track, random, dbfs, from, to, filter) {
  const strokes = folder('/usr/share/buckle/wav', /-1\.wav$/).filter((_, i) => i % 2 === 1);
  for (let at = from; at < to; at += random() * 0.6)
    for (let left = 1 + Math.floor(random() * 12); left > 0 && at < to; left--) {
      put(track, at, sound(strokes[Math.floor(random() * strokes.length)], filter), dbfs - random() * 8);
      at += (0.7 + 0.6 * random()) / 7.5;
    }
}

// Rendered with peaks at the levels that a laptop's microphone gives them.
const scenes = {
  'a silent typist'(track, random) {
    air(track, random, -62, 0.9);
    type(track, random, -12, 1, SECONDS / 2, 'anull');
    type(track, random, -16, SECONDS / 2, SECONDS, 'lowpass=f=900');
  },
  'a barking dog'(track, random) {
    air(track, random, -62, 0.9);
    const bark = '/usr/share/sounds/mate/default/alerts/bark.ogg';
    for (let at = 2; at < SECONDS - 2; at += 0.5 + random() * 12)
      for (let left = 1 + Math.floor(random() * 5); left > 0; left--) {
        put(track, at, sound(bark, `asetrate=${44100 * (0.85 + 0.1 * Math.floor(random() * 4))},aresample=44100`), -8 - random() * 8);
        at += 0.45 + random() * 0.4;
      }
  },
  'music on hold'(track, random) {
    air(track, random, -66, 0.9);
    const music = ['macroform-robot_dity', 'reno_project-system', 'manolo_camp-morning_coffee'];
    let at = 1;
    for (let i = 0; at < SECONDS - 1; i++) {
      const samples = sound(`/usr/share/asterisk/moh/${music[i % music.length]}.wav`, 'highpass=f=200,lowpass=f=3400');
      put(track, at, samples.subarray(0, Math.min(samples.length, (SECONDS - 1 - at) * RATE)), -12);
      at += samples.length / RATE + 2;
    }
  },
  // Ventilation, a colleague's keyboard, a telephone, steps, and people far away whom nobody understands.
  'an office'(track, random) {
    air(track, random, -48, 0.95);
    type(track, random, -34, 3, SECONDS, 'lowpass=f=3000');
    const people = folder('/usr/share/asterisk/sounds/en_US_f_Allison', /^(vm|conf|queue|agent|dir)-.*\.g722$/);
    for (let at = 2; at < SECONDS - 10; at += random() * 4)
      for (let left = 1 + Math.floor(random() * 4); left > 0; left--) {
        const said = sound(people[Math.floor(random() * people.length)], 'aecho=0.6:0.9:31|67|113|171:0.8|0.7|0.6|0.5,lowpass=f=1500');
        put(track, at, said, -42);
        at += said.length / RATE + 0.2;
      }
    for (let at = 40; at < SECONDS - 5; at += 90)
      for (let ring = 0; ring < 3; ring++)
        put(track, at + ring * 2, Float32Array.from({ length: RATE }, (_, i) => Math.sin(i * 2 * Math.PI * 425 / RATE)), -40);
    for (let at = 25; at < SECONDS - 10; at += 60)
      for (let step = 0; step < 9; step++)
        put(track, at + step * 0.55, Float32Array.from({ length: 1600 }, (_, i) =>
          Math.exp(-i / 240) * (Math.sin(i * 2 * Math.PI * 95 / RATE) + random() - 0.5) / 1.5), -32);
  },
};

function wav(samples) {
  const bytes = Buffer.alloc(44 + 2 * samples.length);
  bytes.write('RIFF', 0); bytes.writeUInt32LE(36 + 2 * samples.length, 4); bytes.write('WAVEfmt ', 8);
  [[16, 16, 4], [20, 1, 2], [22, 1, 2], [24, RATE, 4], [28, 2 * RATE, 4], [32, 2, 2], [34, 16, 2]]
    .forEach(([at, value, size]) => bytes.writeUIntLE(value, at, size));
  bytes.write('data', 36); bytes.writeUInt32LE(2 * samples.length, 40);
  samples.forEach((x, i) => bytes.writeInt16LE(Math.max(-32768, Math.min(32767, Math.round(x * 32768))), 44 + 2 * i));
  return bytes;
}

function analyze(path) {
  return new Promise((done, fail) => {
    const child = spawn(releaseBinary, ['analyze', path], { env: { PATH: process.env.PATH, PROSA_ENV: 'test' }, stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (part) => (text += part));
    child.on('error', fail);
    child.on('close', (code) => (code === 0 ? done(text.split('\n').filter(Boolean).map(JSON.parse)) : fail(new Error(`analyze ended with ${code}`))));
  });
}

let seed = 16;
for (const [name, render] of Object.entries(scenes)) {
  const from = seed++;
  test(`beside ${name} nobody is told anything but the silence`, { timeout: 500000 }, async (t) => {
    const kept = process.env.PROSA_KEEP_NOISE && join(process.env.PROSA_KEEP_NOISE, name.replaceAll(' ', '-'));
    const at = kept ?? await temporaryFolder(t);
    mkdirSync(at, { recursive: true });
    const [noisy, quiet] = [new Float32Array(SAMPLES), new Float32Array(SAMPLES)];
    render(noisy, numbers(from));
    air(quiet, numbers(from + 100), -70, 0.8);
    writeFileSync(join(at, 'noisy.wav'), wav(noisy));
    writeFileSync(join(at, 'quiet.wav'), wav(quiet));
    const path = join(at, 'meeting.json');
    writeFileSync(path, JSON.stringify({ name, participants: ['noisy', 'quiet'].map((id) => ({ id, name: id, wav: `${id}.wav` })) }));
    const events = await analyze(path);
    const others = events.filter((e) => e.type !== 'silencio_prolongado' || e.participantId !== 'group');
    assert.deepEqual(others.map((e) => `${e.ts / 1000} s ${e.type} ${e.severity} ${e.participantId}: ${e.metadata?.why ?? ''}`), []);
    assert.ok(events.length >= 3, `the silence was told ${events.length} times`);
  });
}
