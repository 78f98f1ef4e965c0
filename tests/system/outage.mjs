// PostgreSQL goes away while meetings run, and comes back.
import assert from 'node:assert/strict';
import { accounts, bearer, password, register, startPgBouncer, startPostgres } from './accounts.mjs';
import { eventually, run, startServer } from './harness.mjs';
import { deadMicrophone, livekit, openClient, quickRules, startRoom } from './meeting.mjs';

export const env = { ...livekit, ...quickRules, ...accounts, FEEDBACK_ACCESS: 'open', EGRESS_AUTH: 'off' };
const metadata = JSON.stringify({ organization: 'acme' });

// Every question is answered, whatever the answer is, and long before the database comes back.
async function timed(what, ask, most = 10000) {
  const start = Date.now();
  const answer = await ask;
  const took = Date.now() - start;
  assert.ok(took < most, `${what}: answered after ${took} ms`);
  return answer;
}

// Other parts may have troubles of their own: nobody plays LiveKit here.
export const isAway = async (server) => (await server.get('/ready')).body.degraded.includes('database');

// `away` and `back` are verbs of the fixture; hasPooler: PgBouncer stands between.
export async function outage(t, { away, back, hasPooler = false }) {
  const database = await startPostgres(t);
  const way = hasPooler ? `${(await startPgBouncer(t, database)).url}?pgbouncer=true&` : `${database.url}?`;
  const server = await startServer(t, { env: { ...env, DATABASE_URL: `${way}schema=public` } });
  const ana = await register(server, 'ana', { organizationName: 'Acme' });
  assert.equal((await run(['org', 'link', 'acme'], { cwd: server.folder,
    env: { DATABASE_URL: database.url, PROSA_ENV: 'test' } })).code, 0);
  await startRoom(server, 'RM_1', 'daily', metadata);
  for (let i = 0; i < 5; i++) await deadMicrophone(t, server, { participant: `p${i}` });
  const host = await openClient(t, server);
  host.emit('join-room', 'feedback:RM_1');
  await eventually('feedback flows', () => host.feedback.length > 3, { within: 60000 });

  await database[away]();
  await eventually('/ready says so', () => isAway(server), { within: 60000 });
  const before = host.feedback.length;
  assert.equal((await timed('resolve', server.get('/sessions/resolve?roomName=daily'))).body.meetingId, 'RM_1');
  for (const answer of [await timed('sessions', server.get('/sessions', bearer(ana))),
    await timed('login', server.post('/auth/login', { email: 'ana@example.org', password })),
    await timed('refresh', server.post('/auth/refresh', { refreshToken: ana.refreshToken }))]) {
    assert.equal(answer.status, 503);
    assert.equal(answer.body.error, 'Service Unavailable');
    assert.ok(Number(answer.headers.get('retry-after')) > 0);
  }
  await timed('webhook', startRoom(server, 'RM_2', 'weekly', metadata));
  assert.equal((await timed('resolve', server.get('/sessions/resolve?roomName=weekly'))).body.meetingId, 'RM_2');
  assert.equal((await server.get('/health')).status, 200);
  await eventually('feedback flows all the same', () => host.feedback.length > before + 3, { within: 60000 });

  await database[back]();
  await eventually('the database is back', async () => !(await isAway(server)), { within: 60000 });
  await eventually('everything is written', async () => (await server.metric('prosa_store_queue')) === 0, { within: 60000 });
  assert.equal((await server.post('/auth/refresh', { refreshToken: ana.refreshToken })).status, 200);
  await eventually('the meeting of meanwhile is there', async () =>
    (await server.get('/sessions/RM_2', bearer(ana))).status === 200, { within: 60000 });
  assert.equal(await server.metric('prosa_store_dropped_total'), 0);

  const heard = host.feedback.map((event) => event.id);
  await server.stop();
  await database.resume().catch(() => {});
  const stored = (await database.ask(`SELECT "id" FROM "FeedbackEvent"`)).split('\n');
  assert.equal(new Set(stored).size, stored.length);
  assert.deepEqual(heard.filter((id) => !stored.includes(id)), []);
}
