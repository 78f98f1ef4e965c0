// Known speech, and where in it something that was recorded lies. Samples are Int16Array at 48 kHz; positions are seconds.
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

export const RATE = 48000;
const VOICES = ['en_US_f_Allison', 'it_IT_m_Carlo'];
const SOUNDS = '/usr/share/asterisk/sounds';
const SENTENCE_BYTES = 16000; // two seconds of G.722
const G722_BYTES = 8000; // of a second

function ffmpeg(args, input) {
  return new Promise((done, fail) => {
    const child = execFile('ffmpeg', ['-v', 'error', ...args, '-'], { encoding: 'buffer', maxBuffer: 1 << 29 }, (error, stdout, stderr) =>
      error ? fail(new Error(`ffmpeg: ${stderr}`)) : done(new Int16Array(stdout.buffer, stdout.byteOffset, stdout.length >> 1)));
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

// Sentences of one of three speakers, one after the other; no two speakers say the same.
export async function speech(speaker, seconds) {
  const folder = join(SOUNDS, VOICES[speaker % VOICES.length]);
  const sentences = readdirSync(folder).filter((name) => name.endsWith('.g722')).sort()
    .map((name) => readFileSync(join(folder, name))).filter(({ length }) => length >= SENTENCE_BYTES);
  const parts = [];
  let bytes = 0;
  for (let i = speaker; bytes < seconds * G722_BYTES; i += 3) {
    parts.push(sentences[i % sentences.length]);
    bytes += parts.at(-1).length;
  }
  const samples = await ffmpeg(['-f', 'g722', '-i', 'pipe:0', '-ar', String(RATE), '-ac', '1', '-f', 's16le'], Buffer.concat(parts));
  return samples.subarray(0, seconds * RATE);
}

// One channel of a recording, or the mean of all.
export function decoded(path, { channel } = {}) {
  const mix = channel === undefined ? ['-ac', '1'] : ['-af', `pan=mono|c0=c${channel}`];
  return ffmpeg(['-i', path, ...mix, '-ar', String(RATE), '-f', 's16le']);
}

// Means of `by` samples each: enough to find the place, in a fraction of the time.
function thinned(samples, by) {
  const out = new Float64Array(Math.floor(samples.length / by));
  for (let i = 0; i < out.length; i++) {
    let sum = 0;
    for (let k = i * by; k < (i + 1) * by; k++) sum += samples[k];
    out[i] = sum / by;
  }
  return out;
}

// The best place for `part` in `whole` between two offsets, and how alike they are there (1: the same, but for the level).
function best(part, whole, from, to) {
  const found = { at: -1, likeness: -1 };
  let own = 0;
  for (const x of part) own += x * x;
  const last = Math.min(to, whole.length - part.length);
  let first = Math.max(0, from), energy = 0;
  for (let i = 0; i < part.length; i++) energy += (whole[first + i] ?? 0) ** 2;
  for (let at = first; at <= last; at++) {
    let sum = 0;
    for (let i = 0; i < part.length; i++) sum += part[i] * whole[at + i];
    const likeness = sum / Math.sqrt(own * energy || 1);
    if (likeness > found.likeness) Object.assign(found, { at, likeness });
    energy += (whole[at + part.length] ?? 0) ** 2 - whole[at] ** 2;
  }
  return found;
}

export const WINDOW = 0.4;
const STEP = 0.2, LOUD = 400, NEAR = 0.08;
const THE_SAME = 0.85; // what is less alike was concealed, or never said
const COARSE = 24, MEDIUM = 8;

function loudness(samples) {
  let sum = 0;
  for (const x of samples) sum += x * x;
  return Math.sqrt(sum / samples.length);
}

function followNow(recorded, said) {
  const coarse = thinned(said, COARSE), medium = thinned(said, MEDIUM);
  const found = [];
  let lag; // of what was said, against the recording
  for (let at = 0; at + WINDOW <= recorded.length / RATE; at += STEP) {
    const begin = Math.round(at * RATE);
    const part = recorded.subarray(begin, begin + WINDOW * RATE);
    if (loudness(part) < LOUD) continue;
    let near = lag;
    if (near !== undefined) {
      const middle = Math.round((begin + near) / MEDIUM), reach = (NEAR * RATE) / MEDIUM;
      const there = best(thinned(part, MEDIUM), medium, middle - reach, middle + reach);
      near = there.likeness >= THE_SAME ? there.at * MEDIUM - begin : undefined;
    }
    if (near === undefined) near = best(thinned(part, COARSE), coarse, 0, coarse.length).at * COARSE - begin;
    const fine = best(part, said, begin + near - 2 * COARSE, begin + near + 2 * COARSE);
    if (fine.likeness < THE_SAME) continue;
    lag = fine.at - begin;
    found.push({ at, said: fine.at / RATE, likeness: fine.likeness });
  }
  return found;
}

// Follows a recording through what was said: for each stretch of it that is loud enough, where it lies there:
// { at, said, likeness }. What is nowhere is left out. On a thread of its own, since others are speaking meanwhile.
export function follow(recorded, said) {
  const worker = new Worker(new URL(import.meta.url), { workerData: { recorded, said } });
  return new Promise((done, fail) => worker.once('message', done).once('error', fail));
}

if (!isMainThread && workerData?.recorded) parentPort.postMessage(followNow(workerData.recorded, workerData.said));

export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1))];
}

export const median = (values) => percentile(values, 0.5);
