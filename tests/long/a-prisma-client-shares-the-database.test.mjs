// The former backend's client before us, beside us and after us, on one database: its rows stay as they were, and its
// clean-ups delete what they should and nothing else.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { columnsOf, modelNames, openOldApp } from '../prisma/old-app.mjs';
import { accounts, register, startPostgres } from '../system/accounts.mjs';
import { atEnd, eventually, startServer, temporaryFolder } from '../system/harness.mjs';
import { deadMicrophone, livekit, quickRules, startRoom } from '../system/meeting.mjs';

const DAY_MS = 24 * 3600 * 1000;
const hash = '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'; // of U*U
const env = { ...livekit, ...quickRules, ...accounts, FEEDBACK_ACCESS: 'open', EGRESS_AUTH: 'off', LOG_LEVEL: 'info' };

const event = (number, expiresAt) => ({ meetingId: `RM_${number % 7}`, participantId: 'ana', type: 'volume_baixo', severity: 'warning',
  ts: new Date(), windowStart: new Date(Date.now() - 3000), windowEnd: new Date(), message: `número ${number}`,
  metadata: { rmsDbfs: -30.5 }, expiresAt });
const events = (count, inMs) => Array.from({ length: count }, (_, number) => event(number, new Date(Date.now() + inMs - number)));

// The clean-ups of such a backend.
const deleteExpired = async (prisma) => (await prisma.feedbackEvent.deleteMany({ where: { expiresAt: { lt: new Date() } } })).count;
const deleteTokens = async (prisma) => (await prisma.refreshToken.deleteMany({ where: { expiresAt: { lt: new Date() } } })).count;
const endStale = async (prisma) => (await prisma.session.updateMany({
  where: { status: 'ACTIVE', startedAt: { lt: new Date(Date.now() - DAY_MS) } }, data: { status: 'ENDED', endedAt: new Date() } })).count;

// All rows of these ids, as the client reads them and as they lie there.
async function digest(prisma, ids) {
  const sum = createHash('sha256');
  for (const name of modelNames) {
    const list = ids[name].map((id) => `'${id}'`).join(', ');
    const columns = columnsOf(name).map((column) => `CAST("${column}" AS TEXT) AS "${column}"`).join(', ');
    const raw = await prisma.$queryRawUnsafe(`SELECT ${columns} FROM "${name}" WHERE "id" IN (${list}) ORDER BY "id"`);
    const read = await prisma[name[0].toLowerCase() + name.slice(1)].findMany({ where: { id: { in: ids[name] } }, orderBy: { id: 'asc' } });
    assert.equal(read.length, ids[name].length, name);
    sum.update(JSON.stringify([raw, read]));
  }
  return sum.digest('hex');
}

async function idsOf(prisma) {
  const ids = {};
  for (const name of modelNames)
    ids[name] = (await prisma[name[0].toLowerCase() + name.slice(1)].findMany({ select: { id: true } })).map((row) => row.id);
  return ids;
}

async function live(prisma) {
  const user = await prisma.user.create({ data: { email: 'Old@Example.org', name: 'Velha', passwordHash: hash } });
  const organization = await prisma.organization.create({ data: { name: 'Old', slug: 'old' } });
  await prisma.organizationMembership.create({ data: { userId: user.id, organizationId: organization.id, role: 'OWNER' } });
  await prisma.refreshToken.createMany({ data: [['good', DAY_MS], ['over', -DAY_MS]].map(([tokenHash, inMs]) =>
    ({ userId: user.id, tokenHash, expiresAt: new Date(Date.now() + inMs) })) });
  await prisma.session.createMany({ data: Array.from({ length: 40 }, (_, number) => ({ meetingId: `RM_${number}`, roomSid: `RM_${number}`,
    roomName: 'old', status: number === 39 ? 'ACTIVE' : 'ENDED', startedAt: new Date(Date.now() - (number + 2) * 3600 * 1000) })) });
  await prisma.feedbackEvent.createMany({ data: [...events(300, 14 * DAY_MS), ...events(10, -1000)] });
  assert.equal(await deleteExpired(prisma), 10);
  assert.equal(await deleteTokens(prisma), 1);
  assert.equal(await endStale(prisma), 1);
}

async function aDayOfOurs(t, server, prisma) {
  assert.equal((await server.post('/auth/login', { email: 'old@example.org', password: 'U*U' })).status, 200);
  await register(server, 'nova');
  await startRoom(server, 'RM_ours', 'daily');
  for (let i = 0; i < 4; i++) await deadMicrophone(t, server, { participant: `p${i}` });
  await eventually('events are stored', async () => (await server.metric('prosa_store_written_total')) >= 20);

  // The old program goes on.
  await prisma.session.create({ data: { meetingId: 'RM_beside', roomSid: 'RM_beside', roomName: 'beside' } });
  assert.equal((await server.get('/sessions/resolve?roomName=beside')).body.meetingId, 'RM_beside');
  await prisma.feedbackEvent.createMany({ data: [...events(20, DAY_MS), ...events(5, -1000)] });
  await deleteExpired(prisma); // we delete such rows as well, so the count says nothing
  assert.equal(await prisma.feedbackEvent.count({ where: { message: { startsWith: 'número' } } }), 320);
  assert.equal(await endStale(prisma), 0);
  assert.equal(await deleteTokens(prisma), 0);
}

for (const [name, provider, times] of [['PostgreSQL', 'postgresql'], ['SQLite with times as text', 'sqlite', 'iso8601'],
  ['SQLite with times as numbers', 'sqlite', 'unixepoch-ms']])
  test(name, async (t) => {
    const folder = await temporaryFolder(t);
    const url = provider === 'sqlite' ? `file:${join(folder, 'dev.db')}` : (await startPostgres(t)).url;
    const { prisma, makeTables } = await openOldApp(provider, url, join(folder, 'old'), { times });
    atEnd(t, () => prisma.$disconnect());
    await makeTables();
    const began = new Date();
    await live(prisma);
    const ids = await idsOf(prisma);
    const before = await digest(prisma, ids);

    const once = await startServer(t, { env: { ...env, DATABASE_URL: url } });
    await once.logged(/adopted: Session, FeedbackEvent, User, Organization, OrganizationMembership, RefreshToken/);
    await once.stop();
    assert.equal(await digest(prisma, ids), before, 'a start and a stop');
    assert.equal(await deleteExpired(prisma), 0);

    const server = await startServer(t, { env: { ...env, DATABASE_URL: url } });
    await aDayOfOurs(t, server, prisma);
    assert.equal(await digest(prisma, ids), before, 'beside us');
    await server.stop();

    assert.equal(await digest(prisma, ids), before, 'after us');
    const ours = await prisma.session.findMany({ where: { startedAt: { gte: began } }, orderBy: { meetingId: 'asc' } });
    assert.deepEqual(ours.map((session) => session.meetingId), ['RM_beside', 'RM_ours']);
    const told = await prisma.feedbackEvent.findMany({ where: { meetingId: 'RM_ours' } });
    assert.ok(told.length >= 20);
    for (const { ts, expiresAt } of told) {
      assert.ok(Math.abs(ts - Date.now()) < 10 * 60000, ts);
      assert.equal(expiresAt - ts, 14 * DAY_MS);
    }
    await prisma.feedbackEvent.createMany({ data: events(7, -1000) });
    const tokens = await prisma.refreshToken.count();
    assert.equal(await deleteExpired(prisma), 7);
    assert.equal(await deleteTokens(prisma), 0);
    assert.equal(await endStale(prisma), 0);
    assert.equal(await prisma.refreshToken.count(), tokens);
    assert.equal((await prisma.user.findUnique({ where: { email: 'Old@Example.org' } })).passwordHash, hash);
    assert.equal(await digest(prisma, ids), before, 'after its clean-ups');
  });
