// `prosa vad`: a probability for each 10 ms of a recording, at any rate, mono or stereo.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { talk } from '../fakes/talker.mjs';
import { binary, temporaryFolder } from './harness.mjs';

function wav(samples, rate, channels) {
  const bytes = Buffer.alloc(44 + samples.length * channels * 2);
  bytes.write('RIFF', 0);
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(channels, 22);
  bytes.writeUInt32LE(rate, 24);
  bytes.writeUInt32LE(rate * channels * 2, 28);
  bytes.writeUInt16LE(channels * 2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36);
  bytes.writeUInt32LE(bytes.length - 44, 40);
  samples.forEach((x, i) => {
    for (let c = 0; c < channels; c++)
      bytes.writeInt16LE(Math.max(-32768, Math.min(32767, Math.round(x * 32767))), 44 + (i * channels + c) * 2);
  });
  return bytes;
}

for (const [rate, channels] of [[48000, 2], [48000, 1], [44100, 1], [16000, 2]]) {
  test(`speech is told from silence at ${rate} Hz, ${channels} channel(s)`, async (t) => {
    const file = join(await temporaryFolder(t), 'talk.wav');
    writeFileSync(file, wav(talk(rate, 10), rate, channels));
    const raw = execFileSync(binary, ['vad', file]);
    assert.equal(raw.length, 4 * 1000);
    const speech = Array.from({ length: 1000 }, (_, i) => raw.readFloatLE(4 * i));
    assert.ok(speech.every((p) => p >= 0 && p <= 1));
    const share = (from, to) => speech.slice(from, to).filter((p) => p >= 0.5).length / (to - from);
    assert.ok(share(100, 390) > 0.8, `${share(100, 390)} of the first turn is heard`);
    assert.ok(share(620, 990) > 0.8, `${share(620, 990)} of the second turn is heard`);
    assert.ok(share(430, 590) < 0.1, `${share(430, 590)} of the pause is taken for speech`);

    const lines = execFileSync(binary, ['vad', file, '--format', 'text'], { encoding: 'utf8' }).trim().split('\n');
    assert.equal(lines.length, 1000);
    lines.forEach((line, i) => assert.ok(Math.abs(Number(line) - speech[i]) < 1e-4));
    assert.deepEqual(execFileSync(binary, ['vad', file]), raw, 'the same again');
  });
}

// Of a writer that died or could not seek; a size beyond the end; a tag behind a finished file.
function rf64(bytes) {
  const head = Buffer.alloc(12 + 36);
  head.write('RF64', 0);
  head.writeUInt32LE(0xffffffff, 4);
  head.write('WAVEds64', 8);
  head.writeUInt32LE(28, 16); // and zeros for every size
  const rest = Buffer.from(bytes.subarray(12));
  rest.writeUInt32LE(0xffffffff, 28);
  return Buffer.concat([head, rest]);
}

function sized(bytes, data, riff) {
  const file = Buffer.from(bytes);
  file.writeUInt32LE(riff, 4);
  file.writeUInt32LE(data, 40);
  return file;
}

test('sizes that are zero or wrong do not hide what is there', async (t) => {
  const folder = await temporaryFolder(t);
  const whole = wav(talk(16000, 3), 16000, 1);
  const tag = Buffer.alloc(128);
  tag.write('TAG');
  const files = {
    zero: sized(whole, 0, 36),
    nothing: sized(whole, 0, 0),
    unknown: sized(whole, 0xffffffff, 0xffffffff),
    beyond: sized(whole, whole.length * 2, whole.length * 2 + 36),
    short: sized(whole, 32000, 32036),
    rf64: rf64(whole),
    tagged: Buffer.concat([whole, tag]),
  };
  for (const [name, bytes] of Object.entries(files)) {
    const file = join(folder, `${name}.wav`);
    writeFileSync(file, bytes);
    assert.equal(execFileSync(binary, ['vad', file]).length, 4 * 300, name);
  }
});

test('what cannot be heard is refused in one sentence', async (t) => {
  const file = join(await temporaryFolder(t), 'not.wav');
  writeFileSync(file, 'no audio in here');
  const told = (...args) => spawnSync(binary, ['vad', ...args], { encoding: 'utf8' });
  assert.equal(told().status, 2);
  assert.equal(told(file, '--format', 'mp3').status, 2);
  assert.equal(told(file).status, 1);
  assert.match(told(file).stderr, /^prosa: .*not\.wav: .+\n$/);
  assert.equal(told(`${file}.gone`).status, 1);
  assert.equal(told('--help').status, 0);
});
