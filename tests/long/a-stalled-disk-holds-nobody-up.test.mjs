import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once as happens } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { io as connect } from 'socket.io-client';
import { accounts, bearer, password, register } from '../system/accounts.mjs';
import { closeTrack, delay, openTrack, readWav, recordings, roomNoise } from '../system/egress.mjs';
import { atEnd, binary, eventually, once, temporaryFolder } from '../system/harness.mjs';
import { finishRoom, quickRules, startRoom } from '../system/meeting.mjs';
import { endTracks, startHost, startOnOwnDisk, startTrack, startTracks } from '../system/own_disk.mjs';

const TRACKS = 6;
const STALL_S = 10;
const ANSWER_MS = 100; // and what the machine was late by, see below
const AROUND_MS = 250;

// A file system of its own that can be frozen: everything that writes to it then waits, in the kernel, until it is thawed. Not for
// ordinary users, and not in every container: tried out on a small one.
const tryFreezing = `set -e; folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; truncate -s 16M "$folder/disk"; mkdir "$folder/mnt"
  mkfs.ext4 -q -F "$folder/disk"; mount -o loop "$folder/disk" "$folder/mnt"; fsfreeze -f "$folder/mnt"; fsfreeze -u "$folder/mnt"
  umount "$folder/mnt"`;
const mayFreeze = spawnSync('unshare', ['-m', 'sh', '-c', tryFreezing]).status === 0;

async function startOnFreezableDisk(t, env = {}) {
  const folder = await temporaryFolder(t);
  const image = join(folder, 'disk.img');
  execFileSync('truncate', ['-s', '256M', image]);
  execFileSync('mkfs.ext4', ['-q', '-F', image]);
  return startOnOwnDisk(t, { folder, mount: `mount -o loop ${image} storage`, env: { ...accounts, DISK_MIN_FREE: '1MiB',
    DISK_WARN_FREE: '2MiB', DATABASE_STALL_MS: '50', ...env } });
}

// Thaws by itself, whatever becomes of the test. Resolves when the disk is frozen.
async function freeze(t, path) {
  const helper = spawn('sh', ['-c', 'fsfreeze -f "$0" && echo frozen && sleep "$1"; fsfreeze -u "$0"', path, String(STALL_S)]);
  const ended = happens(helper, 'close');
  atEnd(t, () => ended);
  assert.equal(String(await once(helper.stdout, 'data')).trim(), 'frozen');
  return { ended };
}

// Asks again and again, the next time soon after the answer; keeps when, how long each took, and what went wrong.
function probe(t, name, ask, pauseMs = 100) {
  const answers = [], failures = [];
  let isOver = false;
  const loop = (async () => {
    while (!isOver) {
      const began = performance.now();
      await ask().catch((error) => failures.push(error.message));
      answers.push({ began, took: performance.now() - began });
      await delay(pauseMs);
    }
  })();
  const stop = () => (isOver = true, loop);
  atEnd(t, stop);
  return { name, answers, failures, stop };
}

// What took longer than it may, less what this process or the machine was late by around that time: the control is a question that
// needs neither disk nor database, asked all the while by the same process. Twice, for others go through more threads than one.
function tooLong({ answers }, control) {
  return answers.filter(({ began, took }) => {
    const meanwhile = control.answers.filter((other) =>
      other.began < began + took + AROUND_MS && other.began + other.took > began - AROUND_MS);
    return took > ANSWER_MS + 2 * Math.max(0, ...meanwhile.map((other) => other.took));
  }).map(({ took }) => took);
}

test('a disk that stalls', { skip: !mayFreeze && 'nobody may freeze a file system here' }, async (t) => {
  const disk = await startOnFreezableDisk(t), { server, inside } = disk;
  const owner = await register(server, 'ana', { organizationName: 'Acme' });
  execFileSync('nsenter', ['-t', String(server.child.pid), '-m', 'sh', '-c', 'cd "$0" && exec "$1" org link acme', server.folder, binary],
    { env: { PATH: process.env.PATH, PROSA_ENV: 'test' } });
  await startRoom(server, 'RM_1', 'daily', '{"organization":"acme"}');
  const earlier = await openTrack(server, { roomName: 'daily', participant: 'eve', trackId: 'TR_E', sampleRate: 48000 });
  earlier.send(roomNoise(48000));
  await closeTrack(earlier);
  const recording = await eventually('an earlier recording is finished', async () => {
    const { body } = await server.get('/sessions/RM_1', bearer(owner));
    return body.recordings?.[0]?.endedAt && body.recordings[0];
  }, { within: 30000 });
  await startRoom(server, 'RM_OLD', 'old', '{"organization":"acme"}');
  const old = await openTrack(server, { roomName: 'old', participant: 'eve', trackId: 'TR_O', sampleRate: 48000 });
  old.send(roomNoise(48000));
  await closeTrack(old);
  await finishRoom(server, 'RM_OLD', 'old');
  await eventually('an old meeting has ended', async () => {
    const { body } = await server.get('/sessions/RM_OLD', bearer(owner));
    return body.status === 'ENDED' && body.recordings?.[0]?.endedAt;
  }, { within: 30000 });
  const tracks = await startTracks(t, disk, 'daily', TRACKS);

  const get = (path, options) => async () => assert.equal((await server.get(path, options)).status, 200, path);
  const read = (path) => async () => assert.match(String((await server.get(path, bearer(owner))).status), /^(200|503)$/, path);
  const post = async (path, body, may) => {
    const answer = await server.post(path, body);
    assert.match(String(answer.status), may, path);
    if (answer.status === 503) assert.ok(answer.body.message.includes('try again') && answer.headers.get('retry-after'), path);
    return answer;
  };
  const tally = {}, refused = [];
  let rooms = 0, late = 0, users = 0, token = (await post('/auth/login', { email: 'ana@example.org', password }, /^200$/)).body.refreshToken;
  const note = (what, { status }) => (tally[`${what} ${status}`] = (tally[`${what} ${status}`] ?? 0) + 1);
  const control = probe(t, 'health', get('/health'), 5);
  const probes = [control,
    probe(t, 'ready', get('/ready')),
    probe(t, 'metrics', get('/metrics')),
    probe(t, 'resolve', get('/sessions/resolve?roomName=daily')),
    probe(t, 'resolve unknown', get('/sessions/resolve?roomName=nobody-knows')),
    probe(t, 'debug', get('/feedback/debug/RM_1')),
    probe(t, 'me', read('/auth/me')),
    probe(t, 'sessions', read('/sessions')),
    probe(t, 'session', read('/sessions/RM_1')),
    probe(t, 'feedback', read('/feedback/RM_1')),
    probe(t, 'recording', read(`/recordings/${recording.id}`)),
    probe(t, 'login', async () =>
      note('login', await post('/auth/login', { email: 'ana@example.org', password }, /^(200|503)$/))),
    probe(t, 'register', async () => {
      const name = `user${++users}`;
      const user = { email: `${name}@example.org`, password, organizationName: name };
      const answer = await post('/auth/register', user, /^(201|503)$/);
      note('register', answer);
      if (answer.status === 503) refused.push(user);
    }),
    probe(t, 'refresh', async () => {
      const answer = await post('/auth/refresh', { refreshToken: token }, /^(200|503)$/);
      note('refresh', answer);
      token = answer.body.refreshToken ?? token;
    }),
    probe(t, 'logout', async () => note('logout', await post('/auth/logout', { refreshToken: 'nobody knows it' }, /^(204|503)$/))),
    probe(t, 'webhook', () => startRoom(server, `RM_N${++rooms}`, `new-${rooms}`)),
    probe(t, 'socket.io', async () => {
      const client = connect(server.url, { transports: ['websocket'], forceNew: true });
      await once(client, 'connect', { within: 15000 });
      client.close();
    }),
    probe(t, 'upgrade', async () => {
      tracks.push(await startTrack(t, server, `late-${++late}`, TRACKS + late));
    }, 1000),
  ];
  await delay(500); // in the very moment in which the disk stalls everything is being asked
  const stall = await freeze(t, join(inside.folder, 'storage'));
  probes.push(probe(t, 'erasing', async () => {
    const answer = await server.get('/sessions/RM_OLD', { method: 'DELETE', ...bearer(owner) });
    note('erasing', answer);
    assert.match(String(answer.status), /^(200|202|404|503)$/);
  }, 500));
  await stall.ended;
  await delay(500);
  await Promise.all(probes.map((each) => each.stop()));
  for (const { name, answers } of probes) {
    const times = answers.map(({ took }) => took).sort((a, b) => a - b);
    t.diagnostic(`${name}: ${times.length} answers, median ${times[times.length >> 1].toFixed(1)} ms, ` +
      `p99 ${times[Math.floor(times.length * 0.99)].toFixed(1)} ms, longest ${times.at(-1).toFixed(1)} ms`);
  }
  t.diagnostic(JSON.stringify(tally));
  for (const each of probes) {
    assert.deepEqual(each.failures, [], each.name);
    assert.ok(each.answers.length > 2, `${each.name} was asked`);
    assert.deepEqual(tooLong(each, control), [], each.name);
  }
  assert.ok(tally['login 503'] && tally['register 503'] && tally['refresh 503'], 'the disk stalled');

  // Who was refused asks again: nothing of it had been done.
  for (const user of refused) await eventually('may register', async () =>
    (await post('/auth/register', user, /^(201|503)$/)).status === 201, { within: 30000 });
  await eventually('stays logged in', async () =>
    (await post('/auth/refresh', { refreshToken: token }, /^(200|503)$/)).status === 200, { within: 30000 });
  await eventually('the old meeting is gone', async () =>
    (await server.get('/sessions/RM_OLD', { method: 'DELETE', ...bearer(owner) })).status === 404, { within: 30000 });
  assert.deepEqual((await recordings(inside)).filter(({ file }) => file.endsWith('_TR_O.wav')), []);

  await endTracks(tracks);
  for (const { file, stream } of tracks)
    await eventually(`${file} has every sample`, async () => {
      const found = (await recordings(inside)).filter((each) => each.file.endsWith(file));
      assert.equal(found.length, 1);
      assert.ok((await readWav(found[0].path)).data.equals(stream.sent()));
      return true;
    }, { within: 30000 });
  assert.equal(await server.metric('prosa_disk_lost_bytes_total'), 0);
});

// Log lines go first, then audio, and of that the newest: as a gap that its sidecar tells, all before and behind it at its place.
test('a disk that stalls for longer than its queue lasts', { skip: !mayFreeze && 'nobody may freeze a file system here' }, async (t) => {
  const disk = await startOnFreezableDisk(t, { ...quickRules, DISK_QUEUE_BYTES: '2MiB', AUDIO_PIPELINE_GROUP_SECONDS: '0.5' });
  const { server, inside } = disk;
  const host = await startHost(t, server);
  const tracks = await startTracks(t, disk, 'other', TRACKS);
  const lost = () => server.metric('prosa_disk_lost_bytes_total');
  const lostLines = () => server.metric('prosa_pipeline_log_lines_lost_total');

  const stall = await freeze(t, join(inside.folder, 'storage'));
  await eventually('a line is lost', async () => (await lostLines()) > 0, { within: 30000 });
  assert.equal(await lost(), 0, 'audio still has room');
  await eventually('audio is lost', async () => (await lost()) > 0, { within: 30000 });
  const heard = host.feedback.length;
  await stall.ended;
  assert.ok(host.feedback.length > heard, 'feedback went on');
  await eventually('the queue is empty again', async () => (await server.metric('prosa_disk_queue_bytes')) === 0, { within: 30000 });
  await delay(1500);
  await endTracks(tracks);
  let gapBytes = 0;
  for (const { file, stream } of tracks)
    await eventually(`${file} lacks what its sidecar says, and nothing else`, async () => {
      const [{ path }] = (await recordings(inside)).filter((each) => each.file.endsWith(file));
      const sidecar = JSON.parse(await readFile(path.replace(/\.wav$/, '.json')));
      assert.equal(sidecar.end, 'closed');
      const { data } = await readWav(path), sent = Buffer.from(stream.sent());
      assert.equal(data.length, sent.length);
      let missing = 0;
      for (const { atFrame, frames, cause } of sidecar.gaps) {
        assert.equal(cause, 'disk');
        sent.fill(0, atFrame * 2, (atFrame + frames) * 2);
        missing += frames * 2;
      }
      assert.ok(missing > 0);
      assert.ok(data.equals(sent));
      gapBytes += missing;
      return true;
    }, { within: 30000 });
  assert.equal(await lost(), gapBytes, 'what is lost is counted');
  await server.logged(/queue is full and audio becomes a gap/);
});
