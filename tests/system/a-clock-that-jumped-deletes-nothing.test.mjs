// A clock that is far ahead of everything that was written before may have jumped: what is old by its word is kept, until
// LiveKit's clock agrees with it.
import assert from 'node:assert/strict';
import { readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually, startServer } from './harness.mjs';
import { livekit, startRoom, webhook } from './meeting.mjs';

// Everything there looks as if it had been written so many days ago.
async function age(folder, days) {
  const then = new Date(Date.now() - days * 86400000);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await age(join(folder, entry.name), days);
    else await utimes(join(folder, entry.name), then, then);
  }
  await utimes(folder, then, then);
}

test('a clock a year ahead of all that was written is doubted, until a signed webhook agrees', async (t) => {
  const first = await startServer(t, { env: livekit });
  assert.ok(!(await first.get('/ready')).body.degraded.includes('clock'));
  await first.stop();
  await age(join(first.folder, 'storage'), 365);

  const server = await startServer(t, { env: livekit, folder: first.folder });
  const isDoubted = async () => (await server.get('/ready')).body.degraded.includes('clock');
  assert.ok(await isDoubted());
  await server.logged(/clock is far ahead/, 1);
  const longAgo = String(Math.floor(Date.now() / 1000) - 365 * 86400);
  await webhook(server, 'room_started', { createdAt: longAgo, room: { sid: 'RM_0', name: 'late' } });
  assert.ok(await isDoubted());
  await startRoom(server, 'RM_1', 'daily');
  await eventually('LiveKit agrees', async () => !(await isDoubted()));
});

test('a server that was away for some days doubts nothing', async (t) => {
  const first = await startServer(t);
  await first.stop();
  await age(join(first.folder, 'storage'), 3);
  const server = await startServer(t, { folder: first.folder });
  assert.ok(!(await server.get('/ready')).body.degraded.includes('clock'));
});
