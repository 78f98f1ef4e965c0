// A host who came by a LiveKit token keeps a right to that meeting's page and report, and to nothing else.
import assert from 'node:assert/strict';
import test from 'node:test';
import { accounts, bearer, register } from './accounts.mjs';
import { eventually, startServer } from './harness.mjs';
import { deadMicrophone, finishRoom, livekit, livekitToken, quickRules, startRoom, webhook } from './meeting.mjs';
import { openStream } from './stream.mjs';

const env = { ...livekit, ...quickRules, ...accounts, FEEDBACK_ACCESS: 'host', EGRESS_AUTH: 'off', DEFAULT_ORGANIZATION: 'casa' };
const by = (token) => ({ headers: { authorization: `Bearer ${token}` } });
const status = async (server, path, token) => (await server.get(path, token && by(token))).status;

test('a right to one meeting, its report and its verdicts', async (t) => {
  const server = await startServer(t, { env });
  const ana = await register(server, 'ana', { organizationName: 'Casa' });
  const eva = await register(server, 'eva');
  const ask = (token) => server.post('/page/rights', { token });

  assert.equal((await ask(livekitToken())).status, 409, 'the room has no session yet');
  for (const room of ['daily', 'other']) {
    await startRoom(server, `RM_${room}`, room);
    await webhook(server, 'participant_joined', { room: { sid: `RM_${room}`, name: room },
      participant: { sid: `PA_${room}`, identity: 'bob', state: 'ACTIVE' } });
  }
  await eventually('it is her organization\'s', async () => (await server.get('/sessions/RM_daily', bearer(ana))).status === 200);
  await deadMicrophone(t, server);

  assert.equal((await ask('x.y.z')).status, 401);
  assert.equal((await ask(livekitToken({ metadata: '{}' }))).status, 401, 'no host');
  assert.equal((await ask(ana.accessToken)).status, 403);
  assert.equal((await server.post('/page/rights', {})).status, 400);
  const { status: made, body: right } = await ask(livekitToken());
  assert.equal(made, 201);
  assert.match(right.token, /^pg_[\w-]{43}$/);
  assert.deepEqual([right.meetingId, right.roomName], ['RM_daily', 'daily']);
  assert.ok(Math.abs(right.expiresAt - Date.now() - 30 * 24 * 3600 * 1000) < 600000);

  await t.test('it opens this meeting and no other', async () => {
    const stream = await openStream(t, server, 'RM_daily', { token: right.token });
    await stream.next('feedback');
    assert.equal(await status(server, '/meetings/RM_daily/report', right.token), 200);
    assert.equal(await status(server, '/meetings/daily/report', right.token), 200);
    assert.equal(await status(server, '/feedback/RM_daily/verdicts', right.token), 200);
    assert.equal(await status(server, '/meetings/RM_other/report', right.token), 403);
    assert.equal((await openStream(t, server, 'RM_other', { token: right.token })).status, 403);
    assert.equal(await status(server, '/sessions', right.token), 401);
    const twisted = `${right.token.slice(0, -1)}${right.token.endsWith('A') ? 'B' : 'A'}`;
    assert.equal(await status(server, '/meetings/RM_daily/report', twisted), 401);
    assert.equal((await openStream(t, server, 'RM_daily', { token: twisted })).status, 401);
  });

  await t.test('it outlives the meeting and a restart, which the LiveKit token does not', async () => {
    await finishRoom(server, 'RM_daily', 'daily');
    await eventually('it is over', async () => (await server.get('/meetings/RM_daily/report', by(right.token))).body.isFinal);
    assert.equal(await status(server, '/meetings/RM_daily/report', livekitToken()), 403);
    const late = await openStream(t, server, 'RM_daily', { token: right.token, query: '?after=0' });
    await late.next('end');
    assert.equal(late.of('snapshot')[0].data.status, 'ENDED');
    assert.ok(late.of('feedback').length >= 1);
  });

  await t.test('admins see and revoke rights, and so does who holds one', async () => {
    const { body: list } = await server.get('/page/rights?meetingId=RM_daily', bearer(ana));
    assert.deepEqual(list.items.map((item) => [item.id, item.subject, item.revokedAt]), [[right.id, 'ana', null]]);
    assert.ok(!JSON.stringify(list).includes(right.token));
    assert.equal((await server.get('/page/rights?meetingId=RM_daily', bearer(eva))).status, 404);
    assert.equal((await server.get('/page/rights', bearer(ana))).status, 400);

    const { body: second } = await ask(livekitToken({ room: 'other', sub: 'carla' }));
    const stream = await openStream(t, server, 'RM_other', { token: second.token });
    await stream.next('snapshot');
    const revoke = async (id, options) => (await server.get(`/page/rights/${id}`, { method: 'DELETE', ...options })).status;
    assert.equal(await revoke(second.id, bearer(eva)), 404);
    assert.equal(await revoke(second.id, by(right.token)), 404, 'with a right for another meeting');
    assert.equal(await revoke(second.id, bearer(ana)), 204);
    assert.equal((await stream.next('end')).data.reason, 'forbidden');
    assert.equal(await status(server, '/meetings/RM_other/report', second.token), 401);
    assert.equal(await revoke(second.id, bearer(ana)), 404, 'it is revoked already');
    assert.equal(await revoke(right.id, by(right.token)), 204);
    assert.equal(await status(server, '/meetings/RM_daily/report', right.token), 401);
    assert.equal(await revoke(right.id, by(right.token)), 401);
  });
});
