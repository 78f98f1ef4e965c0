import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile, rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { accounts, bearer, invite, register } from './accounts.mjs';
import { audio, closeTrack, openTrack, recordings } from './egress.mjs';
import { eventually, run, startServer } from './harness.mjs';
import { finishRoom, livekit, startRoom } from './meeting.mjs';

const env = { ...livekit, ...accounts, EGRESS_AUTH: 'off' };
const seconds = 3;
const sent = audio(48000 * seconds);

async function download(server, path, headers = {}) {
  const response = await fetch(server.url + path, { headers });
  return { status: response.status, headers: response.headers, body: Buffer.from(await response.arrayBuffer()) };
}

test('a recording belongs to its organization until it is erased', async (t) => {
  const server = await startServer(t, { env });
  const owner = await register(server, 'ana', { organizationName: 'Acme' });
  const member = await invite(server, owner, 'bob');
  const admin = await invite(server, owner, 'cleo', 'ADMIN');
  const stranger = await register(server, 'eve', { organizationName: 'Other' });
  const link = await run(['org', 'link', 'acme'], { cwd: server.folder, env: { PROSA_ENV: 'test' } });
  assert.equal(link.code, 0, link.stderr);
  await startRoom(server, 'RM_1', 'daily', JSON.stringify({ organization: 'acme' }));
  const track = await openTrack(server, { roomName: 'daily', participant: 'bob:x', trackId: 'TR_1', sampleRate: 48000 });
  for (let at = 0; at < sent.length; at += 1920) track.send(sent.subarray(at, at + 1920));
  await closeTrack(track);
  const session = () => server.get('/sessions/RM_1', bearer(owner));
  const recording = await eventually('the recording is finished', async () => {
    const { body } = await session();
    return body.recordings?.[0]?.endedAt && body.recordings[0];
  });
  const path = `/recordings/${recording.id}`;
  const file = await readFile((await recordings(server))[0].path);

  await t.test('its row says what is in it', () => {
    assert.equal(recording.participantId, 'bob:x');
    assert.equal(recording.bytes, sent.length);
    assert.equal(recording.durationMs, seconds * 1000);
    assert.equal(recording.endReason, 'closed');
    assert.equal(recording.sha256, createHash('sha256').update(sent).digest('hex'));
  });

  await t.test('owner and admin get the file, nobody else', async () => {
    for (const login of [owner, admin]) {
      const { status, headers, body } = await download(server, path, bearer(login).headers);
      assert.equal(status, 200);
      assert.equal(headers.get('content-type'), 'audio/wav');
      assert.equal(headers.get('x-content-type-options'), 'nosniff');
      assert.match(headers.get('content-disposition'), /^attachment; filename="[\w.-]+_TR_1\.wav"$/);
      assert.deepEqual(body, file);
    }
    for (const login of [member, stranger])
      assert.equal((await download(server, path, bearer(login).headers)).status, 404);
    assert.equal((await download(server, path)).status, 401);
    assert.equal((await download(server, '/recordings/none', bearer(owner).headers)).status, 404);
    const head = await fetch(server.url + path, { method: 'HEAD', headers: bearer(owner).headers });
    assert.equal(head.headers.get('content-length'), String(file.length));
  });

  await t.test('what is nearly its name is not its name', async () => {
    for (const other of [`${path}%00`, `${path}/`, `${path}%00x`, `${path}/%00`])
      assert.equal((await download(server, other, bearer(owner).headers)).status, 404, other);
  });

  await t.test('ranges', async () => {
    const part = (range) => download(server, path, { ...bearer(owner).headers, range });
    const middle = await part('bytes=44-1003');
    assert.equal(middle.status, 206);
    assert.equal(middle.headers.get('content-range'), `bytes 44-1003/${file.length}`);
    assert.deepEqual(middle.body, file.subarray(44, 1004));
    assert.deepEqual((await part('bytes=-10')).body, file.subarray(-10));
    const none = await part(`bytes=${file.length}-`);
    assert.equal(none.status, 416);
    assert.equal(none.headers.get('content-range'), `bytes */${file.length}`);
    assert.equal((await part('bytes=0-1,4-5')).status, 200);
    assert.deepEqual((await part(`bytes=${file.length - 5}-`)).body, file.subarray(-5));
    const head = await fetch(server.url + path, { method: 'HEAD', headers: { ...bearer(owner).headers, range: 'bytes=0-9' } });
    assert.equal(head.status, 206);
    assert.equal(head.headers.get('content-length'), '10');
    const etag = middle.headers.get('etag');
    const since = (tag) => download(server, path, { ...bearer(owner).headers, range: 'bytes=0-9', 'if-range': tag });
    assert.equal((await since(etag)).status, 206);
    assert.deepEqual((await since('"another"')).body, file);
    assert.equal((await since('Sun, 22 Nov 2026 12:00:00 GMT')).status, 200);
  });

  await t.test('nothing beyond the storage, whatever lies in its place', async () => {
    const [{ path: there }] = await recordings(server);
    await rename(there, `${there}.away`);
    await symlink('/etc/hostname', there);
    assert.equal((await download(server, path, bearer(owner).headers)).status, 404);
    await rename(`${there}.away`, there);
  });

  await t.test('a ticket opens it without a login, for this recording alone', async () => {
    const { status, body } = await server.post(`${path}/ticket`, {}, bearer(admin));
    assert.equal(status, 201);
    assert.equal(body.expiresIn, 60);
    assert.deepEqual((await download(server, body.url)).body, file);
    assert.equal((await download(server, body.url, { range: 'bytes=0-3' })).body.toString(), 'RIFF');
    const ticket = new URL(body.url, server.url).searchParams.get('ticket');
    assert.equal((await download(server, `/recordings/other?ticket=${ticket}`)).status, 401);
    const [expiry, mac] = ticket.split('.');
    assert.equal((await download(server, `${path}?ticket=${Number(expiry) + 1}.${mac}`)).status, 401);
    assert.equal((await download(server, `${path}?ticket=`)).status, 401);
    assert.equal((await server.post(`${path}/ticket`, {}, bearer(member))).status, 404);
  });

  await t.test('erasing waits for the end and is the owner\'s', async () => {
    const erase = (login) => server.get('/sessions/RM_1', { method: 'DELETE', ...bearer(login) });
    assert.equal((await erase(owner)).status, 409);
    await finishRoom(server, 'RM_1', 'daily');
    await eventually('the session has ended', async () => (await session()).body.status === 'ENDED');
    for (const login of [admin, member, stranger]) assert.equal((await erase(login)).status, 404);
    const logs = join(server.folder, 'storage/pipeline-logs');
    await eventually('the log is written', async () => (await readdir(logs)).length > 0);
    const { status, body } = await erase(owner);
    if (status === 202) { // disk or database stood still for two seconds, as on a machine that is very busy
      assert.deepEqual(body, { erasing: true });
      await eventually('it is erased', async () => (await session()).status === 404);
    } else {
      assert.equal(status, 200);
      const { logLines, ...files } = body.erased;
      assert.deepEqual([files.recordings, files.files, files.sidecars], [1, 1, 1]);
      assert.ok(logLines > 0);
    }
    assert.deepEqual(await recordings(server), []);
    assert.deepEqual(await readdir(logs), []);
    assert.equal((await session()).status, 404);
    assert.equal((await download(server, path, bearer(owner).headers)).status, 404);
    assert.equal((await erase(owner)).status, 404);
  });
});
