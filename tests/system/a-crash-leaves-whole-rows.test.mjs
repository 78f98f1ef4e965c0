import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { accounts, bearer, register } from './accounts.mjs';
import { audio, openTrack, recordings, readWav, tinyWav } from './egress.mjs';
import { eventually, run, startServer, temporaryFolder } from './harness.mjs';
import { finishRoom, livekit, startRoom } from './meeting.mjs';

const env = { ...livekit, ...accounts, EGRESS_AUTH: 'off', JWT_ACCESS_SECRET: 'an-access-secret-that-outlives-a-crash' };

async function openMeeting(server) {
  const owner = await register(server, 'ana', { organizationName: 'Acme' });
  const link = await run(['org', 'link', 'acme'], { cwd: server.folder, env: { PROSA_ENV: 'test' } });
  assert.equal(link.code, 0, link.stderr);
  await startRoom(server, 'RM_1', 'daily', JSON.stringify({ organization: 'acme' }));
  return owner;
}

test('after kill -9 the row of a recording says what its file holds', async (t) => {
  const folder = await temporaryFolder(t);
  const first = await startServer(t, { env, folder });
  const owner = await openMeeting(first);
  const track = await openTrack(first, { roomName: 'daily', participant: 'bob', trackId: 'TR_1', sampleRate: 48000 });
  track.on('error', () => {});
  const sent = audio(48000 * 2);
  for (let at = 0; at < sent.length; at += 1920) track.send(sent.subarray(at, at + 1920));
  await eventually('the row is there, without an end, and the file grows', async () => {
    const { body } = await first.get('/sessions/RM_1', bearer(owner));
    return body.recordings?.length === 1 && !body.recordings[0].endedAt &&
      (await readWav((await recordings(first))[0].path)).data.length > 0;
  });
  await first.kill();
  track.terminate();

  const second = await startServer(t, { env, folder });
  const row = await eventually('the row has an end', async () => {
    const { body } = await second.get('/sessions/RM_1', bearer(owner));
    assert.equal(body.recordings.length, 1);
    return body.recordings[0].endedAt && body.recordings[0];
  });
  const { data } = await readWav((await recordings(second))[0].path);
  assert.equal(row.endReason, 'crash');
  assert.equal(row.bytes, data.length);
  assert.equal(row.sha256, createHash('sha256').update(data).digest('hex'));
});

test('a meeting of more recordings than one page is erased to the last', async (t) => {
  const count = 1100;
  const folder = await temporaryFolder(t);
  const files = join(folder, 'storage/egress/audio/RM_1');
  await mkdir(files, { recursive: true });
  for (let i = 0; i < count; i++)
    await writeFile(join(files, `2026-11-22T12-00-00.000Z_daily_bob_TR${i}.wav`), tinyWav());
  const server = await startServer(t, { env, folder });
  const owner = await openMeeting(server);
  const sidecars = await eventually('every file has its sidecar', async () => {
    const names = (await readdir(files)).filter((name) => /^[^.].*\.json$/.test(name));
    return names.length === count && names;
  }, { within: 300000, every: 100 });
  for (const name of sidecars) {
    const { recording } = JSON.parse(await readFile(join(files, name)));
    const head = () => fetch(`${server.url}/recordings/${recording}`, { method: 'HEAD', ...bearer(owner) });
    await eventually('the file has its row', async () => (await head()).status === 200);
  }
  await finishRoom(server, 'RM_1', 'daily');
  await eventually('the session has ended', async () =>
    (await server.get('/sessions/RM_1', bearer(owner))).body.status === 'ENDED');
  const { status, body } = await server.get('/sessions/RM_1', { method: 'DELETE', ...bearer(owner) });
  assert.equal(status, 200);
  assert.equal(body.erased.recordings, count);
  assert.equal(body.erased.files, count);
  assert.equal(body.erased.sidecars, count);
  await assert.rejects(readdir(files), { code: 'ENOENT' });
});
