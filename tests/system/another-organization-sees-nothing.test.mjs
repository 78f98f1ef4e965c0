import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accounts, bearer, invite, register } from './accounts.mjs';
import { eventually, once, run, startServer } from './harness.mjs';
import { authenticate, deadMicrophone, finishRoom, join, livekit, openClient, quickRules, startRoom } from './meeting.mjs';
import { startProxy } from './proxy.mjs';

const env = { ...livekit, ...quickRules, ...accounts, FEEDBACK_ACCESS: 'host', EGRESS_AUTH: 'off' };
const metadata = (slug) => JSON.stringify({ organization: slug });

// A socket that has shown the access token.
async function socketOf(t, server, login) {
  const socket = await openClient(t, server);
  assert.deepEqual(await authenticate(socket, login.accessToken), { ok: true });
  return socket;
}

test('whose a meeting is', async (t) => {
  const server = await startServer(t, { env });
  const ana = await register(server, 'ana', { organizationName: 'Acme' });
  const bob = await invite(server, ana, 'bob');
  const eve = await register(server, 'eve', { organizationName: 'Acme' }); // the same name, another organization
  assert.deepEqual([ana.organization.slug, bob.organization.slug, eve.organization.slug], ['acme', 'acme', 'acme-2']);

  const link = await run(['org', 'link', 'acme'], { cwd: server.folder, env: { PROSA_ENV: 'test' } });
  assert.equal(link.code, 0, link.stderr);
  await startRoom(server, 'RM_acme', 'daily', metadata('acme'));
  await startRoom(server, 'RM_unlinked', 'weekly', metadata('acme-2'));
  await startRoom(server, 'RM_none', 'monthly');
  await deadMicrophone(t, server);
  const listed = async (login) => (await server.get('/sessions', bearer(login))).body.items.map((s) => s.meetingId);
  await eventually('the meeting is listed', async () => (await listed(ana)).length === 1);
  const stored = () => server.get('/feedback/RM_acme', bearer(ana));
  await eventually('feedback is stored', async () => (await stored()).body.items?.length > 0);

  await t.test('GET /sessions', async () => {
    assert.deepEqual(await listed(ana), ['RM_acme']);
    assert.deepEqual(await listed(bob), ['RM_acme']);
    assert.deepEqual(await listed(eve), []);
    assert.equal((await server.get('/sessions')).status, 401);
  });

  for (const path of ['/sessions/RM_acme', '/feedback/RM_acme', '/feedback/debug/RM_acme', '/feedback/metrics/RM_acme']) {
    await t.test(`GET ${path}`, async () => {
      assert.equal((await server.get(path, bearer(ana))).status, 200);
      assert.equal((await server.get(path, bearer(bob))).status, 200);
      assert.equal((await server.get(path, bearer(eve))).status, 404);
      assert.equal((await server.get(path)).status, 401);
    });
  }

  await t.test('recordings', async () => {
    await deadMicrophone(t, server, { participant: 'short' }).then(({ close }) => new Promise((done) => setTimeout(done, 300)).then(close));
    const recordings = async () => (await server.get('/sessions/RM_acme', bearer(ana))).body.recordings;
    const one = await eventually('it is a row', async () => (await recordings()).find((r) => r.participantId === 'short' && r.endedAt));
    assert.equal((await server.get(`/recordings/${one.id}`, bearer(ana))).status, 200);
    for (const login of [bob, eve]) {
      assert.equal((await server.get(`/recordings/${one.id}`, bearer(login))).status, 404);
      assert.equal((await server.post(`/recordings/${one.id}/ticket`, {}, bearer(login))).status, 404);
      assert.equal((await server.get('/sessions/RM_acme', { method: 'DELETE', ...bearer(login) })).status, 404);
    }
    assert.equal((await server.get(`/recordings/${one.id}`)).status, 401);
  });

  for (const id of ['RM_unlinked', 'RM_none']) {
    await t.test(`a meeting of nobody is visible to nobody: ${id}`, async () => {
      for (const login of [ana, bob, eve])
        for (const path of [`/sessions/${id}`, `/feedback/${id}`, `/feedback/debug/${id}`])
          assert.equal((await server.get(path, bearer(login))).status, 404, path);
    });
  }

  await t.test('members of the organization', async () => {
    const members = await server.get('/organizations/acme/members', bearer(bob));
    assert.deepEqual(members.body.items.map((m) => m.role).sort(), ['MEMBER', 'OWNER']);
    assert.equal((await server.get('/organizations/acme/members', bearer(eve))).status, 404);
    const eves = { ...bearer(eve) };
    assert.equal((await server.post('/organizations/acme/invitations', {}, eves)).status, 404);
    for (const method of ['PATCH', 'DELETE'])
      assert.equal((await server.get(`/organizations/acme/members/${bob.user.id}`, { method, body: method === 'PATCH' ? '{"role":"OWNER"}' : undefined,
        headers: { ...eves.headers, 'content-type': 'application/json' } })).status, 404);
    assert.equal((await server.post('/organizations/acme/invitations', {}, bearer(bob))).status, 403);
    // Nor by way of her own organization, whose owner she is.
    for (const method of ['PATCH', 'DELETE'])
      assert.equal((await server.get(`/organizations/acme-2/members/${bob.user.id}`, { method, body: method === 'PATCH' ? '{"role":"OWNER"}' : undefined,
        headers: { ...eves.headers, 'content-type': 'application/json' } })).status, 404);
    assert.equal((await server.get('/auth/me', bearer(bob))).body.role, 'MEMBER');
  });

  await t.test('GET /metrics names no meeting and nobody in it', async () => {
    const { status, body } = await server.get('/metrics');
    assert.equal(status, 200);
    for (const name of ['RM_acme', 'daily', 'acme', 'TR_bob', 'example.org', ana.user.id]) assert.ok(!body.includes(name), name);
  });

  for (const wish of ['feedback:RM_acme', ['feedback:RM_acme'], { room: 'feedback:RM_acme' }, { room: 'feedback:RM_acme', after: 0 }, 'feedback:daily']) {
    await t.test(`join-room ${JSON.stringify(wish)}`, async () => {
      const friend = await socketOf(t, server, bob);
      await join(friend, wish);
      await eventually('a member hears', () => friend.feedback.length > 0);
      const stranger = await socketOf(t, server, eve);
      await assert.rejects(join(stranger, wish), /Forbidden/);
      assert.equal(stranger.feedback.length, 0);
    });
  }

  await t.test('a removed member is out at the next request and on open sockets', async () => {
    const socket = await socketOf(t, server, bob);
    await join(socket, 'feedback:RM_acme');
    await eventually('he hears', () => socket.feedback.length > 0);
    const proxy = await startProxy(t, server.port);
    const lost = await openClient(t, { url: proxy.url }, { reconnection: false });
    assert.deepEqual(await authenticate(lost, bob.accessToken), { ok: true });
    await join(lost, 'feedback:RM_acme');
    await eventually('so does his other one', () => lost.feedback.length > 0);
    const gone = once(lost, 'disconnect');
    proxy.cut();
    await gone;
    const knows = lost.feedback.length;
    const removed = await server.get(`/organizations/acme/members/${bob.user.id}`, { method: 'DELETE', ...bearer(ana) });
    assert.equal(removed.status, 204);
    assert.equal((await server.get('/sessions/RM_acme', bearer(bob))).status, 401);
    assert.equal((await server.post('/auth/refresh', { refreshToken: bob.refreshToken })).status, 401);
    await eventually('the socket is told', () => socket.exceptions.some((e) => /no member/.test(e.message)));
    const heard = socket.feedback.length;
    const host = await socketOf(t, server, ana);
    await join(host, 'feedback:RM_acme');
    await eventually('others still hear', () => host.feedback.length > 1);
    assert.ok(socket.feedback.length <= heard + 1);
    await assert.rejects(join(socket, 'feedback:RM_acme'), /Forbidden/);
    lost.connect();
    await eventually('it is back', () => lost.connected);
    await assert.rejects(join(lost, 'feedback:RM_acme'), /Forbidden/);
    assert.equal(lost.feedback.length, knows, 'nothing of what it missed');
  });

  await t.test('the last owner stays', async () => {
    const leave = await server.get(`/organizations/acme/members/${ana.user.id}`, { method: 'DELETE', ...bearer(ana) });
    assert.equal(leave.status, 409);
  });

  await t.test('an ended meeting stays its organization\'s', async () => {
    await finishRoom(server, 'RM_acme', 'daily');
    await eventually('it has ended', async () =>
      (await server.get('/sessions?status=ENDED', bearer(ana))).body.items.length === 1);
    assert.equal((await server.get('/feedback/RM_acme', bearer(ana))).status, 200);
    assert.equal((await server.get('/feedback/RM_acme', bearer(eve))).status, 404);
    assert.equal((await server.get('/sessions?status=ACTIVE', bearer(ana))).body.items.length, 0);
  });
});

test('the next meeting in a room is another one', async (t) => {
  const server = await startServer(t, { env });
  const ana = await register(server, 'ana', { organizationName: 'Acme' });
  const eve = await register(server, 'eve', { organizationName: 'Outra' });
  for (const { organization: { slug } } of [ana, eve]) {
    const link = await run(['org', 'link', slug], { cwd: server.folder, env: { PROSA_ENV: 'test' } });
    assert.equal(link.code, 0, link.stderr);
  }
  const meet = async (sid, login) => {
    await startRoom(server, sid, 'sala', metadata(login.organization.slug));
    await eventually('it is his', async () => (await server.get(`/sessions/${sid}`, bearer(login))).status === 200);
  };
  const ids = (socket) => [...new Set(socket.feedback.map((event) => event.meetingId))];
  const speak = (sid) => deadMicrophone(t, server, { room: 'sala', participant: `of-${sid}`, query: `&meetingId=${sid}` });
  const later = [];
  const hears = (socket, sid) => eventually(`feedback of ${sid}`, () => ids(socket).includes(sid));

  await meet('RM_1', ana);
  const first = await socketOf(t, server, ana);
  await join(first, { room: 'feedback:sala', stats: true });
  await speak('RM_1');
  await hears(first, 'RM_1');

  await t.test('who heard the one that ended is out', async () => {
    await finishRoom(server, 'RM_1', 'sala');
    await eventually('she is told', () => first.exceptions.some((e) => /is over/.test(e.message)));
  });

  await t.test('its feedback is not played back to the hosts of the next', async () => {
    await meet('RM_2', eve);
    const second = await socketOf(t, server, eve);
    await join(second, { room: 'feedback:sala', after: 0 });
    assert.deepEqual(second.feedback, [], 'nothing has been said in it yet');
    await speak('RM_2');
    await hears(second, 'RM_2');
    assert.deepEqual(ids(second), ['RM_2'], 'though the other one\'s microphone is still open');
    assert.deepEqual(ids(first), ['RM_1']);

    const late = await socketOf(t, server, eve);
    await join(late, { room: 'feedback:sala', after: 0 });
    assert.equal(late.feedback[0].seq, 1);
    assert.deepEqual(ids(late), ['RM_2']);
    await assert.rejects(join(await socketOf(t, server, ana), { room: 'feedback:sala', after: 0 }), /Forbidden/);
    later.push(second, late);
  });

  await t.test('nor does a lost end keep anybody in', async () => {
    await meet('RM_3', ana);
    await eventually('they are told', () => later.every((s) => s.exceptions.some((e) => /is over/.test(e.message))));
    await join(first, { room: 'feedback:sala', after: 0 });
    await speak('RM_3');
    await hears(first, 'RM_3');
    assert.deepEqual(ids(first), ['RM_1', 'RM_3']);
    for (const socket of later) assert.deepEqual(ids(socket), ['RM_2']);
  });
});

test('a webhook that nobody signed gives a meeting to nobody', async (t) => {
  const server = await startServer(t, { env: { ...env, LIVEKIT_API_KEY: '', LIVEKIT_API_SECRET: '', LIVEKIT_WEBHOOK_VERIFY: 'off' } });
  const ana = await register(server, 'ana', { organizationName: 'Acme' });
  assert.equal((await run(['org', 'link', 'acme'], { cwd: server.folder, env: { PROSA_ENV: 'test' } })).code, 0);
  await server.post('/livekit/webhook', { event: 'room_started', id: 'EV_1', room: { sid: 'RM_1', name: 'daily', metadata: metadata('acme') } });
  await eventually('the session is known', async () => (await server.get('/sessions/resolve?roomName=daily')).body.meetingId === 'RM_1');
  assert.deepEqual((await server.get('/sessions', bearer(ana))).body.items, []);
  assert.equal((await server.get('/sessions/RM_1', bearer(ana))).status, 404);
});

test('lists come in pages', async (t) => {
  const server = await startServer(t, { env });
  const ana = await register(server, 'ana', { organizationName: 'Acme' });
  assert.equal((await run(['org', 'link', 'acme'], { cwd: server.folder, env: { PROSA_ENV: 'test' } })).code, 0);
  for (let i = 0; i < 7; i++) await startRoom(server, `RM_${i}`, `room ${i}`, metadata('acme'));
  await eventually('all are stored', async () => (await server.get('/sessions', bearer(ana))).body.items.length === 7);
  const seen = [];
  let cursor = '';
  do {
    const page = await server.get(`/sessions?limit=3&cursor=${cursor}`, bearer(ana));
    assert.ok(page.body.items.length <= 3);
    seen.push(...page.body.items.map((s) => s.meetingId));
    cursor = page.body.nextCursor;
  } while (cursor);
  assert.equal(new Set(seen).size, 7);
  for (const bad of ['limit=0', 'limit=x', 'limit=9999', 'status=MAYBE', 'from=yesterday', 'cursor=nonsense'])
    assert.equal((await server.get(`/sessions?${bad}`, bearer(ana))).status, 400, bad);
});
