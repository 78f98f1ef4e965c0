import assert from 'node:assert/strict';
import { test } from 'node:test';
import { register, startPostgres } from './accounts.mjs';
import { eventually, startServer } from './harness.mjs';
import { startRoom } from './meeting.mjs';
import { env, isAway, outage } from './outage.mjs';

test('PostgreSQL is killed under load', (t) => outage(t, { away: 'kill', back: 'again' }));
test('PostgreSQL is stopped under load', (t) => outage(t, { away: 'pause', back: 'resume' }));

test('a server starts without its database, and finds it later', async (t) => {
  const database = await startPostgres(t);
  await database.kill();
  const server = await startServer(t, { env: { ...env, DATABASE_URL: database.url } });
  assert.ok(await isAway(server));
  await startRoom(server, 'RM_1', 'daily');
  assert.equal((await server.get('/sessions/resolve?roomName=daily')).body.meetingId, 'RM_1');
  await database.again();
  await eventually('it is found', async () => !(await isAway(server)), { within: 60000 });
  await register(server, 'ana');
  await eventually('the session is stored', async () => (await database.ask(`SELECT COUNT(*) FROM "Session"`)) === '1', { within: 60000 });
});
