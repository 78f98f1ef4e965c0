// A track asks for its format; what a crash leaves of each is made whole by hand, once, and never while a server writes it.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { delay, openTrack, recordings, roomNoise, streamAudio } from './egress.mjs';
import { eventually, run, startServer } from './harness.mjs';

const endings = { flac: '.flac', opus: '.opus', wav: '.wav' };
const samplesOfFlac = (file) => Number((BigInt(file[21] & 15) << 32n) | BigInt(file.readUInt32BE(22)));

test('recordings in other formats', async (t) => {
  const server = await startServer(t, { env: { AUDIO_ENCODE_MAX: '2' } });
  const streams = [];
  const open = async (recordFormat) => {
    const socket = await openTrack(server, { roomName: 'room', participant: 'p', trackId: `TR_${streams.length}`, sampleRate: 48000, recordFormat });
    socket.on('error', () => {});
    streams.push({ socket, stream: streamAudio(socket, roomNoise(48000)) });
  };
  t.after(() => streams.forEach(({ socket, stream }) => (stream.stop(), socket.terminate())));
  const found = async () => {
    const files = {};
    for (const [format, ending] of Object.entries(endings)) {
      const here = await recordings(server, { ending });
      assert.ok(here.length < 2, format);
      if (here.length) files[format] = { ...here[0], bytes: await readFile(here[0].path) };
    }
    return files;
  };
  for (const format of ['flac', 'opus']) await open(format);
  await eventually('both are recorded', async () => Object.keys(await found()).length === 2);
  for (const format of ['flac', 'off']) await open(format);
  await eventually('each has its format, the one above the limit is a WAV, and one is not recorded', async () => {
    const { flac, opus, wav } = await found();
    assert.ok(flac.bytes.length > 50000 && opus.bytes.length > 5000 && wav.bytes.length > 50000);
    assert.match(flac.file, /_TR_0\./);
    assert.match(opus.file, /_TR_1\./);
    assert.match(wav.file, /_TR_2\./);
    return true;
  }, { every: 100 });
  await server.logged(/too many tracks are being encoded/);

  const repair = (...options) => run(['repair', join(server.folder, 'storage'), ...options], { env: { PROSA_ENV: 'test' } });
  const inUse = await repair();
  assert.equal(inUse.code, 0, inUse.stderr);
  assert.match(inUse.stdout, /^3 files, 0 repaired, 0 removed, 3 in use, 0 failed$/m);

  await delay(500);
  await server.kill();
  streams.forEach(({ stream }) => stream.stop());
  const sums = async () => Object.values(await found()).map(({ bytes }) => createHash('sha256').update(bytes).digest('hex'));
  const before = await sums();
  const dry = await repair('--dry-run');
  assert.match(dry.stdout, /^3 files, \d+ to repair, 0 removed, 0 in use, 0 failed$/m);
  assert.doesNotMatch(dry.stdout, / 0 to repair/);
  assert.deepEqual(await sums(), before, 'a dry run changes nothing');
  const old = await found();
  const done = await repair();
  assert.equal(done.code, 0, done.stdout);
  assert.match(done.stdout, /sidecar (made|completed)/);
  const whole = await found();
  assert.ok(samplesOfFlac(whole.flac.bytes) > 24000, 'the total is known');
  assert.ok(whole.opus.bytes.lastIndexOf('OggS') >= 0 && whole.opus.bytes[whole.opus.bytes.lastIndexOf('OggS') + 5] & 4, 'the last page says so');
  assert.equal(whole.wav.bytes.readUInt32LE(40), whole.wav.bytes.length - 44);
  for (const format of Object.keys(endings))
    assert.ok(whole[format].bytes.length >= old[format].bytes.length - 8192, `${format} lost no more than a torn end`);
  const after = await sums();
  const again = await repair();
  assert.match(again.stdout, /^3 files, 0 repaired, 0 removed, 0 in use, 0 failed$/m);
  assert.deepEqual(await sums(), after, 'a second time changes nothing');
});
