import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import WebSocket from 'ws';
import { binary, eventually, run, startServer, temporaryFolder } from './harness.mjs';
import { deadMicrophone, finishRoom, livekit, startRoom } from './meeting.mjs';
import { recordings } from '../fakes/wav.mjs';

const start = (t) => startServer(t, { env: { ...livekit, EGRESS_AUTH: 'off' } });
const ready = async (server) => {
  const { status, body } = await server.get('/ready');
  return [status, body.status, body.meetingsLeft];
};

// The command beside the server, until it ends by itself.
function drain(t, server, ...options) {
  const child = spawn(binary, ['drain', ...options], { cwd: server.folder, env: { PATH: process.env.PATH } });
  t.after(() => child.exitCode === null && child.kill());
  const command = { output: '' };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (command.output += part));
  command.ended = new Promise((done) => child.on('close', done));
  return command;
}

// The status of a handshake: 101, or of the refusal.
const knock = (server, query) =>
  new Promise((done) => {
    const socket = new WebSocket(`${server.ws}/egress-audio?participant=eva&track=TR_eva&${query}`);
    socket.on('error', () => {});
    socket.on('open', () => (socket.close(), done(101)));
    socket.on('unexpected-response', (request, response) => (response.resume(), done(response.statusCode)));
  });

test('no meeting begins, those that run go on to their end, and then it leaves', async (t) => {
  const server = await start(t);
  await startRoom(server, 'RM_1', 'daily');
  await startRoom(server, 'RM_2', 'weekly');
  const microphone = await deadMicrophone(t, server);
  await eventually('it is recorded', async () => (await server.metric('prosa_track_bytes_total')) > 0);
  assert.equal((await ready(server))[0], 200);
  const command = drain(t, server);
  await eventually('it drains', async () => (await ready(server))[1] === 'draining');
  assert.deepEqual(await ready(server), [503, 'draining', 2]);
  assert.equal(await server.metric('prosa_draining'), 1);
  assert.equal(await server.metric('prosa_draining_meetings_left'), 2);
  assert.equal((await server.get('/health')).status, 200);

  // LiveKit's webhook of a new room has its answer, and nothing follows.
  await startRoom(server, 'RM_3', 'new');
  assert.equal(await server.metric('prosa_sessions_active'), 2);
  assert.equal(await server.metric('prosa_sessions_passed_over_total'), 1);
  assert.equal((await server.get('/sessions/resolve?roomName=new')).body.pending, true);
  assert.equal(await knock(server, 'roomName=new'), 503);
  // Somebody comes late to a meeting that runs.
  assert.equal(await knock(server, 'roomName=daily'), 101);

  await eventually('the command shows it', () => command.output.includes('left: 2'));
  await finishRoom(server, 'RM_2', 'weekly');
  await eventually('one is left', async () => (await ready(server))[2] === 1);
  await eventually('the command says so', () => command.output.includes('left: 1'));
  await finishRoom(server, 'RM_1', 'daily');
  // Its microphone still sends.
  assert.equal((await ready(server))[2], 1);
  microphone.close();
  assert.deepEqual(await server.ended, { code: 0, signal: null });
  assert.equal(await command.ended, 0);
  assert.match(command.output, /^draining, meetings left: 2\ndraining, meetings left: 1\n(leaving\n)?left\n$/);
  const files = await recordings(server, 'RM_1');
  assert.ok(files.length >= 1 && files.some((wav) => wav.frames > 0));
});

test('a new room of the same name is the end of the one before', async (t) => {
  const server = await start(t);
  await startRoom(server, 'RM_1', 'daily');
  server.child.kill('SIGUSR1');
  await eventually('it drains', async () => (await ready(server))[1] === 'draining');
  await startRoom(server, 'RM_2', 'daily');
  assert.deepEqual(await server.ended, { code: 0, signal: null });
});

test('without a meeting it leaves at once, and what was passed over is begun by the next', async (t) => {
  const server = await start(t);
  await startRoom(server, 'RM_1', 'daily');
  const command = drain(t, server, '--no-wait');
  assert.equal(await command.ended, 0);
  await eventually('it drains', async () => (await ready(server))[1] === 'draining');
  await finishRoom(server, 'RM_1', 'daily');
  assert.deepEqual(await server.ended, { code: 0, signal: null });
  const next = await startServer(t, { folder: server.folder, env: server.env });
  assert.equal((await ready(next))[0], 200);
  await startRoom(next, 'RM_2', 'weekly');
  assert.equal(await next.metric('prosa_sessions_active'), 1);
  const second = drain(t, next, '--now');
  assert.equal(await second.ended, 0);
  assert.deepEqual(await next.ended, { code: 0, signal: null });
});

test('--now and SIGTERM end the waiting, and the recording is whole', async (t) => {
  for (const end of [(server) => drain(t, server, '--now').ended, (server) => server.child.kill('SIGTERM')]) {
    const server = await start(t);
    await startRoom(server, 'RM_1', 'daily');
    await deadMicrophone(t, server);
    await eventually('it is recorded', async () => (await server.metric('prosa_track_bytes_total')) > 0);
    const command = drain(t, server);
    await eventually('it drains', async () => (await ready(server))[1] === 'draining');
    await end(server);
    assert.deepEqual(await server.ended, { code: 0, signal: null });
    assert.equal(await command.ended, 0);
    assert.match(command.output, /left\n$/);
    assert.equal((await recordings(server, 'RM_1')).length, 1);
  }
});

test('where no server runs the command says so', async (t) => {
  const cwd = await temporaryFolder(t);
  const { code, stdout, stderr } = await run(['drain'], { cwd });
  assert.deepEqual([code, stdout], [1, '']);
  assert.match(stderr, /no server runs/);
});
