import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startServer } from './harness.mjs';
import { audio, closeTrack, finishedWav, openTrack, recordings, refusedTrack } from './egress.mjs';

test('bad parameters are refused before the upgrade', async (t) => {
  const server = await startServer(t);
  const refusals = [
    ['/egress-audio', '', /roomName/],
    ['/egress-audio', 'participant=bob', /roomName/],
    ['/egress-audio', 'roomName=a&sampleRate=1', /sampleRate/],
    ['/egress-audio', 'roomName=a&sampleRate=48000x', /sampleRate/],
    ['/egress-audio', 'roomName=a&channels=3', /channels/],
    ['/egress-audio', 'roomName=a&groupSeconds=0', /groupSeconds/],
    ['/egress-audio', 'roomName=a&recordFormat=mp3', /recordFormat/],
    ['/egress-audio', 'roomName=a&room=b', /roomName/],
    ['/egress-audio', 'roomName=%00', /control/],
    ['/egress-audio', 'roomName=%C3%28', /UTF-8/],
    ['/egress-audio', `roomName=${'x'.repeat(257)}`, /256/],
    ['/egress-video', 'roomName=a', /codec/],
    ['/egress-video', 'roomName=a&codec=hevc', /codec/],
  ];
  for (const [path, query, words] of refusals) {
    await t.test(`${path}?${query.slice(0, 40)}`, async () => {
      const { status, body } = await refusedTrack(server, query, path);
      assert.equal(status, 400);
      assert.equal(body.statusCode, 400);
      assert.equal(body.error, 'Bad Request');
      assert.match(body.message, words);
    });
  }
  await t.test('another path is a 404', async () => {
    const { status, body } = await refusedTrack(server, 'roomName=a', '/egress-audioXYZ');
    assert.equal(status, 404);
    assert.equal(body.statusCode, 404);
  });
  await t.test('nothing was written', async () => assert.deepEqual(await recordings(server), []));
});

test("a stranger's path stays in the storage", async (t) => {
  const server = await startServer(t);
  const before = await readdir(server.folder);
  const pcm = audio(960);
  const query = { roomName: '../../room', participant: '..', trackId: 'TR/../x', meetingId: '../../../../escaped' };
  const socket = await openTrack(server, query);
  socket.send(pcm);
  await closeTrack(socket);
  const wav = await finishedWav(server, 'TR_.._x', { bytes: pcm.length });
  assert.match(wav.folder, /^[A-Za-z0-9._-]+$/);
  assert.notEqual(wav.folder, '.._.._.._.._escaped'); // what was changed carries a hash: no two names meet
  assert.match(wav.folder, /escaped/);
  assert.match(wav.file, /^[A-Za-z0-9._-]+$/);
  assert.deepEqual(await readdir(server.folder), before);
  for (const log of await readdir(join(server.folder, 'storage/pipeline-logs'))) assert.match(log, /^[A-Za-z0-9._-]+\.log$/);
});
