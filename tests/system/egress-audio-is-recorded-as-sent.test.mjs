import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually, startServer } from './harness.mjs';
import { audio, closeTrack, finishedWav, openTrack } from './egress.mjs';

test('egress audio is recorded as sent', async (t) => {
  const server = await startServer(t);

  await t.test('20 ms mono, the tail included', async () => {
    const pcm = audio(48000 + 777);
    const socket = await openTrack(server, { roomName: 'sala', participant: 'bob', trackId: 'TR_mono', meetingId: 'RM_1' });
    for (let at = 0; at < pcm.length; at += 1920) socket.send(pcm.subarray(at, at + 1920));
    await closeTrack(socket);
    const wav = await finishedWav(server, 'TR_mono', { bytes: pcm.length });
    assert.equal(wav.folder, 'RM_1');
    assert.match(wav.file, /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z_sala_bob_TR_mono\.wav$/);
    assert.equal(wav.rate, 48000);
    assert.equal(wav.channels, 1);
    assert.ok(wav.data.equals(pcm));
  });

  await t.test('messages of any length: odd, one byte, fragments, 100 KiB', async () => {
    const pcm = audio(100000, 2);
    const socket = await openTrack(server, { room: 'sala', track: 'TR_odd', meetingId: 'RM_1', sampleRate: 16000 });
    let at = 0;
    const send = (length, options) => {
      socket.send(pcm.subarray(at, at + length), options);
      at += length;
    };
    for (let n = 1; n < 400; n += 3) send(n);
    send(333, { binary: true, fin: false });
    send(1, { binary: true, fin: false });
    send(0, { binary: true, fin: false });
    send(1025, { binary: true, fin: true });
    send(102401);
    send(pcm.length - at);
    await closeTrack(socket);
    const wav = await finishedWav(server, 'TR_odd', { bytes: pcm.length });
    assert.equal(wav.rate, 16000);
    assert.ok(wav.data.equals(pcm));
  });

  await t.test('stereo of LiveKit Egress, whatever the URL says', async () => {
    const pcm = audio(4800 * 2, 3);
    const socket = await openTrack(
      server,
      { roomName: 'sala', trackId: 'TR_stereo', meetingId: 'RM_1', sampleRate: 48000, channels: 1 },
      { headers: { 'Content-Type': 'audio/x-raw' } },
    );
    for (let at = 0; at < pcm.length; at += 1920) socket.send(pcm.subarray(at, at + 1920));
    await closeTrack(socket);
    const wav = await finishedWav(server, 'TR_stereo', { bytes: pcm.length });
    assert.equal(wav.channels, 2);
    assert.ok(wav.data.equals(pcm));
  });

  await t.test('two connections of one track: two files', async () => {
    const query = { roomName: 'twice', participant: 'bob', trackId: 'TR_twice' };
    const [a, b] = await Promise.all([openTrack(server, query), openTrack(server, query)]);
    const one = audio(4800, 4);
    const two = audio(4800, 5);
    a.send(one);
    b.send(two);
    await Promise.all([closeTrack(a), closeTrack(b)]);
    const { recordings, readWav } = await import('./egress.mjs');
    await eventually('both files hold their own audio', async () => {
      const files = (await recordings(server)).filter(({ folder }) => folder === 'twice');
      assert.equal(files.length, 2);
      const data = await Promise.all(files.map(async ({ path }) => (await readWav(path)).data));
      return data.some((d) => d.equals(one)) && data.some((d) => d.equals(two));
    });
  });

  await t.test('a line in the pipeline log for each flush, and one for the tail', async () => {
    const pcm = audio(48000 * 2.5, 6);
    const socket = await openTrack(server, { roomName: 'sala', participant: 'bob x', trackId: 'TR_log', meetingId: 'RM_log', groupSeconds: 1 });
    for (let at = 0; at < pcm.length; at += 96000) socket.send(pcm.subarray(at, at + 96000));
    await closeTrack(socket);
    const lines = await eventually('three lines', async () => {
      const text = await readFile(join(server.folder, 'storage/pipeline-logs/RM_log.log'), 'utf8');
      const found = text.trimEnd().split('\n');
      return found.length >= 3 && found;
    });
    const sizes = lines.map((line) => {
      const match = /^\d{4}-\d\d-\d\dT[\d:.]+Z meetingId=RM_log participant=bob_x track=TR_log size=(\d+) hume=no_key$/.exec(line);
      assert.ok(match, line);
      return Number(match[1]);
    });
    assert.deepEqual(sizes, [32044, 32044, 16044]);
  });
});
