import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { startPostgres } from '../system/accounts.mjs';
import { eventually, startServer } from '../system/harness.mjs';
import { deadMicrophone, livekit, openClient, quickRules, startRoom } from '../system/meeting.mjs';

test('kill -9 of PostgreSQL under load, started again 60 s later', async (t) => {
  const database = await startPostgres(t);
  const server = await startServer(t, { env: { ...livekit, ...quickRules, RULE_SILENCIO_PROLONGADO_REMIND_S: '0.5', RULE_SILENCIO_PROLONGADO_REMIND_AGAIN_S: '0.5',
    FEEDBACK_ACCESS: 'open', EGRESS_AUTH: 'off', DATABASE_URL: `${database.url}?schema=public` } });
  await startRoom(server, 'RM_1', 'daily');
  for (let i = 0; i < 20; i++) await deadMicrophone(t, server, { participant: `p${i}` });
  const host = await openClient(t, server);
  host.emit('join-room', 'feedback:RM_1');
  await eventually('feedback flows', () => host.feedback.length > 50, { within: 15000 });
  await database.kill();
  let slowest = 0;
  for (const end = Date.now() + 60000; Date.now() < end; await delay(250)) {
    const start = Date.now();
    assert.equal((await server.get('/sessions/resolve?roomName=daily')).body.meetingId, 'RM_1');
    slowest = Math.max(slowest, Date.now() - start);
  }
  await database.again();
  await eventually('everything is written', async () => (await server.metric('prosa_store_away')) === 0 &&
    (await server.metric('prosa_store_queue')) < 200, { within: 30000 });
  await server.stop();
  const heard = host.feedback.map((event) => event.id);
  const stored = (await database.ask('SELECT "id" FROM "FeedbackEvent"')).split('\n');
  console.log(`${heard.length} events heard, ${stored.length} stored; slowest question ${slowest} ms`);
  assert.equal(new Set(stored).size, stored.length, 'each is there once');
  const kept = new Set(stored);
  assert.deepEqual(heard.filter((id) => !kept.has(id)), []);
  assert.ok(heard.length > 1000);
});
