// S3_BUCKET: recordings are uploaded, verified, served from the store when they are gone here, and erased there.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { FakeS3 } from '../fakes/s3.mjs';
import { accounts, bearer, register } from './accounts.mjs';
import { audio, closeTrack, openTrack, recordings } from './egress.mjs';
import { eventually, run, startServer } from './harness.mjs';
import { finishRoom, livekit, startRoom } from './meeting.mjs';

const base = { ...livekit, ...accounts, EGRESS_AUTH: 'off', DEFAULT_ORGANIZATION: 'casa' };
const sent = audio(48000);
const atOnce = '0.0001';

async function record(server, trackId, roomName = 'daily') {
  const track = await openTrack(server, { roomName, participant: 'bob', trackId, sampleRate: 48000 });
  for (let at = 0; at < sent.length; at += 1920) track.send(sent.subarray(at, at + 1920));
  await closeTrack(track);
}

// Pictures that are recorded as they come: more than two parts of an upload.
async function recordVideo(server, trackId) {
  const track = await openTrack(server, { roomName: 'daily', participant: 'bob', trackId, codec: 'h264' }, { path: '/egress-video' });
  const start = Buffer.from([0, 0, 0, 1]);
  track.send(Buffer.concat([start, Buffer.from([0x67, 0x42, 0xc0, 0x1e, 0xd9]), start, Buffer.from([0x68, 0xce, 0x3c, 0x80])]));
  for (let i = 0; i < 40; i++) {
    const picture = randomBytes(500000);
    for (let at = 0; at < picture.length; at++) picture[at] |= 1; // no start code by chance
    track.send(Buffer.concat([start, Buffer.from([0x65]), picture]));
  }
  await closeTrack(track);
}

const objectOf = (store, track, ending) => [...store.objects].find(([key]) => key.includes(`_${track}`) && key.endsWith(ending));
const stored = (store, track, ending = '.wav') => eventually(`${track} is stored`, () => objectOf(store, track, ending));
const uploaded = (server) => server.metric('prosa_objects_uploaded_total');

test('a recording is stored whole, with its sidecar, under its name', async (t) => {
  const store = await new FakeS3().listen(t);
  const server = await startServer(t, { env: { ...base, ...store.environment(), S3_PREFIX: 'prosa/reuniões', S3_SSE: 'AES256', S3_STORAGE_CLASS: 'STANDARD_IA' } });
  await startRoom(server, 'RM_1', 'daily');
  await record(server, 'TR_1');
  await eventually('it is verified', async () => (await uploaded(server)) === 1);
  const [file] = await recordings(server);
  const [key, object] = objectOf(store, 'TR_1', '.wav');
  assert.match(key, /^prosa\/reuniões\/audio\/RM_1\/[\w.:-]+_TR_1\.wav$/);
  assert.deepEqual(object.bytes, await readFile(file.path));
  assert.equal(object.headers['content-type'], 'audio/wav');
  assert.equal(object.headers['x-amz-server-side-encryption'], 'AES256');
  assert.equal(object.headers['x-amz-storage-class'], 'STANDARD_IA');
  const [, sidecar] = objectOf(store, 'TR_1', '.json');
  assert.equal(JSON.parse(sidecar.bytes).track, JSON.parse(await readFile(file.path.replace('.wav', '.json'))).track);
  assert.ok(store.requests.every(({ status }) => status < 300), 'and nothing was refused');
});

test('a long one goes in parts, and goes on after every failure', async (t) => {
  const store = await new FakeS3({ region: 'auto' }).listen(t);
  const env = { ...base, ...store.environment(), AWS_REGION: 'us-east-1' };
  store.skewMs = 3600 * 1000;
  const server = await startServer(t, { env });
  await startRoom(server, 'RM_1', 'daily');
  const isPart = (number) => (seen) => seen.method === 'PUT' && seen.query.get('partNumber') === String(number);
  const isEnd = (seen) => seen.method === 'POST' && seen.query.has('uploadId');
  store.fail((seen) => seen.query.has('uploads') && { status: 503, code: 'SlowDown' });
  store.fail((seen) => isPart(1)(seen) && { status: 500, code: 'InternalError' });
  store.fail((seen) => isPart(2)(seen) && 'cut');
  store.fail((seen) => isPart(3)(seen) && 'lose');
  store.fail((seen) => isEnd(seen) && { as200: 'InternalError' });
  store.fail((seen) => isEnd(seen) && 'lose');
  await recordVideo(server, 'TR_v');
  await eventually('it is verified', async () => (await uploaded(server)) === 1);
  const [file] = await recordings(server, { kind: 'video', ending: '.h264' });
  const [, object] = objectOf(store, 'TR_v', '.h264');
  assert.deepEqual(object.bytes, await readFile(file.path));
  assert.match(object.etag, /-3"$/);
  assert.equal(store.failures.length, 0, 'every failure has happened');
  assert.equal(store.requests.filter((seen) => isPart(1)(seen) && seen.status === 200).length, 1, 'what was there is not sent again');
  assert.equal(store.uploads.size, 0);
  assert.ok((await server.metric('prosa_objects_failed_total')) >= 3);
  await eventually('all is well', async () => !(await server.get('/ready')).body.degraded.includes('object store'));
});

test('an upload outlives the server', async (t) => {
  const store = await new FakeS3().listen(t);
  const env = { ...base, ...store.environment() };
  const server = await startServer(t, { env });
  await startRoom(server, 'RM_1', 'daily');
  let isAway = true;
  store.fail((seen) => isAway && seen.query.get('partNumber') === '2' && { status: 503, code: 'SlowDown' }, Infinity);
  await recordVideo(server, 'TR_v');
  await eventually('/ready tells', async () => (await server.get('/ready')).body.degraded.includes('object store'));
  await eventually('one waits', async () => (await server.metric('prosa_objects_waiting')) === 1);
  await server.kill();
  isAway = false;
  const next = await startServer(t, { env, folder: server.folder });
  await eventually('it is verified', async () => (await uploaded(next)) === 1);
  const [file] = await recordings(next, { kind: 'video', ending: '.h264' });
  assert.deepEqual(objectOf(store, 'TR_v', '.h264')[1].bytes, await readFile(file.path));
  assert.equal(store.count, 1, 'one upload in all');
});

test('another object of its name is not written over', async (t) => {
  const store = await new FakeS3().listen(t);
  const server = await startServer(t, { env: { ...base, ...store.environment() } });
  await startRoom(server, 'RM_1', 'daily');
  store.fail((seen) => {
    if (seen.method !== 'PUT' || !seen.path.endsWith('.wav')) return false;
    store.objects.set(seen.path.slice(`/${store.bucket}/`.length), { bytes: Buffer.from('theirs'), etag: '"x"', headers: {} });
    return { status: 412, code: 'PreconditionFailed' };
  });
  await record(server, 'TR_1');
  const [, object] = await stored(store, 'TR_1', '_n2.wav');
  assert.deepEqual(object.bytes, await readFile((await recordings(server))[0].path));
  assert.equal(objectOf(store, 'TR_1', '_TR_1.wav')[1].bytes.toString(), 'theirs');
});

test('what is gone here comes from the store, and what is erased goes there too', async (t) => {
  const store = await new FakeS3().listen(t);
  const server = await startServer(t, { env: { ...base, ...store.environment(), S3_KEEP_LOCAL_HOURS: atOnce } });
  const ana = await register(server, 'ana', { organizationName: 'Casa' });
  await startRoom(server, 'RM_1', 'daily');
  await record(server, 'TR_1');
  await stored(store, 'TR_1');
  await eventually('the file is gone here', async () => (await recordings(server)).length === 0 && (await server.metric('prosa_objects_local_dropped_total')) === 1);
  const bytes = objectOf(store, 'TR_1', '.wav')[1].bytes;
  const row = (await server.get('/sessions/RM_1', bearer(ana))).body.recordings[0];
  const path = `${server.url}/recordings/${row.id}`;

  const response = await fetch(path, { headers: bearer(ana).headers });
  assert.equal(response.status, 200);
  assert.ok(response.redirected);
  assert.deepEqual(Buffer.from(await response.arrayBuffer()), bytes);
  assert.equal(response.headers.get('content-type'), 'audio/wav');
  assert.match(response.headers.get('content-disposition'), /^attachment; filename="[\w.-]+_TR_1\.wav"$/);
  const part = await fetch(path, { headers: { ...bearer(ana).headers, Range: 'bytes=44-63' } });
  assert.equal(part.status, 206);
  assert.deepEqual(Buffer.from(await part.arrayBuffer()), bytes.subarray(44, 64));
  const head = await fetch(path, { method: 'HEAD', headers: bearer(ana).headers });
  assert.equal(head.headers.get('content-length'), String(bytes.length));
  const link = (await fetch(path, { headers: bearer(ana).headers, redirect: 'manual' })).headers.get('location');
  assert.equal((await fetch(link.replace('_TR_1', '_TR_2'))).status, 403, 'a link is for one object');

  await finishRoom(server, 'RM_1', 'daily');
  await eventually('the meeting is erased', async () => (await server.get('/sessions/RM_1', { method: 'DELETE', ...bearer(ana) })).status === 200);
  await eventually('nothing is left in the store', async () => store.objects.size === 0);
  await eventually('nothing is due', async () => (await server.metric('prosa_objects_erasing')) === 0);
});

test('a file stays as long as the store does not have it', async (t) => {
  const store = await new FakeS3().listen(t);
  const server = await startServer(t, { env: { ...base, ...store.environment(), S3_KEEP_LOCAL_HOURS: atOnce } });
  await startRoom(server, 'RM_1', 'daily');
  // Somebody empties the bucket between the upload and the moment at which the file would go.
  let looks = 0;
  store.fail((seen) => seen.method === 'HEAD' && seen.path.endsWith('.wav') && ++looks === 2 && (store.objects.clear(), { status: 404, code: 'NoSuchKey' }));
  await record(server, 'TR_1');
  await eventually('it is stored again, then gone here', async () => (await recordings(server)).length === 0);
  assert.equal(await uploaded(server), 2);
  assert.ok(objectOf(store, 'TR_1', '.wav'));
});

test('what cannot work is said before anything is recorded', async (t) => {
  const check = async (env) => {
    const result = await run(['check-config'], { env: { S3_BUCKET: 'gravacoes', AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'x'.repeat(40), ...env } });
    return result.code === 0 ? 'good' : result.stderr + result.stdout;
  };
  assert.equal(await check({}), 'good');
  assert.match(await check({ S3_BUCKET: 'Gravações' }), /S3_BUCKET is no name of a bucket/);
  assert.match(await check({ AWS_ACCESS_KEY_ID: '' }), /AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not/);
  assert.match(await check({ S3_ENDPOINT: 'https://s3.example.org/bucket' }), /S3_ENDPOINT is an http or https URL/);
});
