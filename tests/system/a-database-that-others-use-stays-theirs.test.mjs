import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { tablesOf } from '../prisma/old-app.mjs';
import { accounts, bearer, password, register, startPostgres } from './accounts.mjs';
import { atEnd, eventually, run, startServer, temporaryFolder } from './harness.mjs';
import { livekit } from './meeting.mjs';

const env = { ...livekit, ...accounts };
const isAway = async (server) => (await server.get('/ready')).body.degraded.includes('database');

// A way to one server, and later to another, as the address of a cluster is.
async function movingAddress(t) {
  const way = { sockets: new Set() };
  const server = net.createServer((inside) => {
    const outside = net.connect(way.port, '127.0.0.1');
    for (const socket of [inside, outside]) {
      way.sockets.add(socket);
      socket.on('error', () => {}).on('close', () => { inside.destroy(); outside.destroy(); });
    }
    inside.pipe(outside).pipe(inside);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  way.url = (url) => Object.assign(new URL(url), { port: server.address().port }).href;
  way.to = (url) => (way.port = Number(new URL(url).port));
  atEnd(t, () => { for (const socket of way.sockets) socket.destroy(); server.close(); });
  return way;
}

test('a primary that became a standby is left for the new one', async (t) => {
  const way = await movingAddress(t);
  const [first, second] = [await startPostgres(t), await startPostgres(t)];
  way.to(first.url);
  const server = await startServer(t, { env: { ...env, DATABASE_URL: way.url(first.url) } });
  await register(server, 'ana');
  await first.ask('ALTER SYSTEM SET default_transaction_read_only TO on');
  await first.ask('SELECT pg_reload_conf()');
  await eventually('it reads only', async () => (await first.ask('SHOW transaction_read_only')) === 'on');
  const refused = await eventually('a write is refused', async () => {
    const answer = await server.post('/auth/register', { email: `${Date.now()}@x.org`, password, organizationName: 'x' });
    return answer.status !== 201 && answer;
  });
  assert.equal(refused.status, 503);
  await eventually('/ready names the database', () => isAway(server));
  way.to(second.url); // connections that are open stay where they are
  await eventually('the new primary is found', async () => !(await isAway(server)));
  await register(server, 'bob');
  assert.equal(await second.ask(`SELECT COUNT(*) FROM "User"`), '1');
});

test('names and times are what they are, whatever the session would be by default', async (t) => {
  const postgres = await startPostgres(t);
  await postgres.ask(`CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'`);
  for (const setting of [`client_encoding TO 'LATIN1'`, `DateStyle TO 'German, DMY'`, `TimeZone TO 'America/Sao_Paulo'`,
    'standard_conforming_strings TO off', `default_transaction_isolation TO 'serializable'`, `lock_timeout TO '1ms'`])
    await postgres.ask(`ALTER DATABASE latin SET ${setting}`);
  postgres.url = postgres.url.replace('/live_meeting', '/latin');
  for (const pool of ['', '?pgbouncer=1']) {
    const server = await startServer(t, { env: { ...env, DATABASE_URL: postgres.url + pool, PGCLIENTENCODING: 'LATIN1' } });
    const name = `João${pool ? ' II' : ''}`, email = `joao${pool.length}@x.org`;
    const answer = await server.post('/auth/register', { email, password, name, organizationName: `Açaí\\${pool.length}` });
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    const me = (await server.get('/auth/me', bearer(answer.body))).body;
    assert.equal(me.user.name, name);
    assert.equal(me.organization.name, `Açaí\\${pool.length}`);
    assert.ok(Math.abs(Date.parse(me.user.createdAt) - Date.now()) < 60000, me.user.createdAt);
    const stored = await postgres.ask(`SELECT encode(convert_to("name", 'UTF8'), 'hex') FROM "User" WHERE "email" = '${email}'`);
    assert.equal(Buffer.from(stored, 'hex').toString(), name);
    assert.equal(await postgres.ask(`SELECT COUNT(*) FROM "User" WHERE abs(extract(epoch FROM "createdAt" - (now() AT TIME ZONE 'UTC'))) < 60`),
      pool ? '2' : '1');
    await server.stop();
  }
});

test('a start gives way to whoever holds the tables, and says who', async (t) => {
  const postgres = await startPostgres(t);
  await postgres.ask(tablesOf('postgresql').join(';'));
  await postgres.ask(`INSERT INTO "Session" ("id", "meetingId", "roomName") VALUES ('s1', 'RM_1', 'daily')`);
  const reader = spawn('psql', ['-X', '-q', postgres.url], { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, PGAPPNAME: 'reports' } });
  atEnd(t, () => reader.kill('SIGKILL'));
  reader.stdin.write('BEGIN;\nSELECT COUNT(*) FROM "Session";\n');
  await once(reader.stdout, 'data');

  const server = await startServer(t, { env: { ...env, DATABASE_URL: postgres.url } }); // it listens
  await server.logged(/table \\?"Session\\?" is in use by another session \(process \d+, reports/);
  assert.ok(await isAway(server));
  // The server's own time, waits for locks included. On a busy machine a write may be slow, but it does not wait for the reader.
  for (let i = 0; i < 30; i++) {
    const ms = await postgres.ask(`WITH written AS (UPDATE "Session" SET "endedAt" = now() RETURNING 1)
      SELECT EXTRACT(EPOCH FROM clock_timestamp() - statement_timestamp()) * 1000 FROM written`);
    assert.ok(Number(ms) < 2000, `a write of the old backend took ${ms} ms`);
  }
  const dry = await run(['migrate', '--dry-run'], { cwd: server.folder, env: { DATABASE_URL: postgres.url, PROSA_ENV: 'test' } });
  assert.match(dry.stdout, /ALTER TABLE "Session" ADD COLUMN "organizationId" TEXT/);
  assert.match(dry.stdout, /CREATE INDEX CONCURRENTLY IF NOT EXISTS "Session_organizationId_startedAt_id_idx"/);
  reader.stdin.end('COMMIT;\n');
  await eventually('the database is there', async () => !(await isAway(server)));
  await server.logged(/adopted: Session, FeedbackEvent, User, Organization, .*; made: .*EgressStop/);
});

test('what the database refuses is the operator\'s to mend, and is named', async (t) => {
  const postgres = await startPostgres(t);
  assert.equal((await run(['migrate'], { cwd: await temporaryFolder(t), env: { DATABASE_URL: postgres.url, PROSA_ENV: 'test' } })).code, 0);
  await postgres.ask(`CREATE ROLE reader LOGIN PASSWORD 'only reads'`);
  await postgres.ask('GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader');
  await postgres.ask('DROP INDEX "FeedbackEvent_meetingId_seq_idx"'); // a role that may not make it does without
  const server = await startServer(t, { env: { ...env, DATABASE_URL: postgres.url.replace('prosa:prosa', 'reader:only%20reads') } });
  await server.get('/sessions/resolve?roomName=daily');
  for (let i = 0; i < 3; i++) {
    const answer = await server.post('/auth/register', { email: 'ana@x.org', password, organizationName: 'x' });
    assert.deepEqual([answer.status, answer.body.message], [500, 'Internal server error']);
  }
  assert.ok(await isAway(server));
  await server.logged(/the database refuses what the program needs/, 1);
  await server.logged(/permission denied for table/);

  const other = await startServer(t, { env: { ...env, DATABASE_URL: postgres.url } });
  await register(other, 'ana');
  await postgres.ask('ALTER TABLE "RefreshToken" RENAME TO "Elsewhere"');
  assert.equal((await other.post('/auth/login', { email: 'ana@example.org', password })).status, 500);
  assert.ok(await isAway(other));
  await other.logged(/relation \\?"RefreshToken\\?" does not exist/);
});

test('meetings of before get an owner; a strange role gives no right, and says so', async (t) => {
  const postgres = await startPostgres(t);
  const server = await startServer(t, { env: { ...env, DATABASE_URL: postgres.url } });
  const ana = await register(server, 'ana', { organizationName: 'Acme' });
  await postgres.ask(`INSERT INTO "Session" ("id", "meetingId", "roomName", "status", "startedAt") VALUES
    ('s1', 'RM_1', 'old', 'ENDED', now()), ('s2', 'RM_2', 'old', 'ENDED', now())`);
  const admin = (...words) => run(['admin', 'assign-organization', ...words], { cwd: server.folder,
    env: { DATABASE_URL: postgres.url, PROSA_ENV: 'test' } });
  const seen = async () => (await server.get('/sessions', bearer(ana))).body.items.map((item) => item.meetingId).sort();
  assert.deepEqual(await seen(), []);
  assert.match((await admin('acme', 'RM_1')).stdout, /^1 meetings belong to acme now/);
  assert.deepEqual(await seen(), ['RM_1']);
  assert.match((await admin('acme')).stdout, /^1 meetings/);
  assert.deepEqual(await seen(), ['RM_1', 'RM_2']);
  const unknown = await admin('nobody');
  assert.deepEqual([unknown.code, unknown.stderr], [1, 'prosa: There is no organization nobody\n']);

  await postgres.ask(`ALTER TYPE "OrganizationRole" ADD VALUE 'VIEWER'`);
  await postgres.ask(`UPDATE "OrganizationMembership" SET "role" = 'VIEWER'`);
  const login = await server.post('/auth/login', { email: 'ana@example.org', password });
  assert.deepEqual([login.status, login.body.organization.role], [200, 'VIEWER']);
  const refused = await server.get('/sessions', bearer(login.body));
  assert.equal(refused.status, 403);
  assert.match(refused.body.message, /VIEWER is unknown/);
});

test('passwords become argon2id when the operator says that the move is final', async (t) => {
  const postgres = await startPostgres(t);
  const server = await startServer(t, { env: { ...env, DATABASE_URL: postgres.url, AUTH_PASSWORD_HASH: 'argon2id' } });
  await register(server, 'ana');
  await postgres.ask(`UPDATE "User" SET "passwordHash" = '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'`);
  assert.equal((await server.post('/auth/login', { email: 'ana@example.org', password: 'U*U' })).status, 200);
  assert.match(await postgres.ask(`SELECT "passwordHash" FROM "User"`), /^\$argon2id\$/);
  assert.equal((await server.post('/auth/login', { email: 'ana@example.org', password: 'U*U' })).status, 200);
});

// Holds a file that is not in WAL mode, as a tool in an open transaction does, until its stdin ends.
async function holdFile(t, file) {
  const child = spawn('python3', ['-c', `import sqlite3, sys
c = sqlite3.connect(sys.argv[1], isolation_level=None)
c.execute('CREATE TABLE "theirs" ("id" TEXT)')
c.execute('BEGIN EXCLUSIVE')
print('held', flush=True)
sys.stdin.read()
c.execute('COMMIT')`, file], { stdio: ['pipe', 'pipe', 'inherit'] });
  atEnd(t, () => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return { release: async () => { child.stdin.end(); await once(child, 'close'); } };
}

test('a SQLite file that somebody holds is waited for, in words, and not for ever', async (t) => {
  const folder = await temporaryFolder(t);
  const settings = { DATABASE_URL: 'file:./held.db', PROSA_ENV: 'test' };
  const holder = await holdFile(t, join(folder, 'held.db'));
  const start = Date.now();
  const [served, migrated] = await Promise.all([
    run(['serve'], { cwd: folder, env: { ...settings, PORT: '0', PROSA_HOST: '127.0.0.1' } }), run(['migrate'], { cwd: folder, env: settings })]);
  assert.ok(Date.now() - start < 28000);
  assert.equal(served.code, 1);
  assert.match(served.stdout + served.stderr, /waiting for the database.*held\.db: another program holds the file/);
  assert.equal(migrated.code, 1);
  assert.match(migrated.stderr, /waiting: .*held\.db: another program holds the file/);

  await holder.release();
  const server = await startServer(t, { folder, env: { ...env, ...settings } });
  await register(server, 'ana');
});
