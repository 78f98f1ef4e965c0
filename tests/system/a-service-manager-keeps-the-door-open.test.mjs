import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openTrack } from './egress.mjs';
import { eventually } from './harness.mjs';
import { ask, startManaged } from './managed.mjs';

test('the service manager is told when the server is ready, reads files again, and leaves', async (t) => {
  const server = await startManaged(t);
  await server.logged(/notice: READY=1 STATUS=Listening on port \d+/, 1);
  server.child.kill('SIGHUP');
  await server.logged(/notice: RELOADING=1 MONOTONIC_USEC=\d+\nnotice: READY=1\n/, 1);
  await server.stop();
  await server.logged(/notice: STOPPING=1/, 1);
});

test('signs of life come while all threads run', async (t) => {
  const server = await startManaged(t);
  await server.logged(/(notice: WATCHDOG=1\n[^]*){3}/);
});

test('a restart refuses no connection', async (t) => {
  const server = await startManaged(t);
  const track = await openTrack(server, { room: 'kept', participant: 'ana' });
  const answers = [];
  let isOver = false;
  const asking = (async () => {
    while (!isOver) answers.push(await ask(server));
  })();
  server.child.kill('SIGUSR2');
  await eventually('the second server is ready', () => server.log.split('notice: READY=1').length === 3);
  assert.equal(await ask(server), 200);
  isOver = true;
  await asking;
  track.close?.();
  assert.ok(answers.length > 0);
  assert.deepEqual(answers.filter((answer) => answer === 'ECONNREFUSED'), []);
});
