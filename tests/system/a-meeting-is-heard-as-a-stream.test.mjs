// GET /feedback/:meetingId/live: what hosts hear over Socket.IO, and who is there and how loud, as server-sent events.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import test from 'node:test';
import { accounts, bearer, register } from './accounts.mjs';
import { eventually, startServer } from './harness.mjs';
import { deadMicrophone, finishRoom, livekit, livekitToken, openClient, join, quickRules, startRoom, webhook } from './meeting.mjs';
import { openStream } from './stream.mjs';

const seqs = (stream) => stream.of('feedback').map(({ data }) => data.seq);
const hears = (stream, count = 1) => eventually('it hears feedback', () => stream.of('feedback').length >= count);

test('a stream begins with the meeting as it is and goes on without a gap', async (t) => {
  const server = await startServer(t, { env: { ...livekit, ...quickRules, FEEDBACK_ACCESS: 'open', EGRESS_AUTH: 'off' } });
  await startRoom(server, 'RM_s', 'daily');
  await webhook(server, 'participant_joined', { room: { sid: 'RM_s', name: 'daily' },
    participant: { sid: 'PA_1', identity: 'ana', name: 'Ana', state: 'ACTIVE', joinedAt: String(Math.floor(Date.now() / 1000)),
      metadata: '{"role":"host"}' } });
  await deadMicrophone(t, server, { participant: 'bob' });
  const socket = await openClient(t, server);
  await join(socket, 'feedback:RM_s');
  const first = await openStream(t, server, 'daily', { query: '?levels=1&locale=en' });
  assert.match(first.headers.get('content-type'), /^text\/event-stream/);
  assert.equal(first.headers.get('x-accel-buffering'), 'no');
  assert.match(first.headers.get('cache-control'), /no-transform/);

  await t.test('the snapshot, then feedback with its number, levels, talk and people', async () => {
    await hears(first, 2);
    assert.equal(first.events[0].name, 'snapshot');
    assert.ok(first.retry >= 1000 && first.retry <= 4000);
    const { data } = first.events[0];
    assert.deepEqual([data.meetingId, data.roomName, data.status, data.isPaused], ['RM_s', 'daily', 'ACTIVE', false]);
    assert.ok(Math.abs(data.now - Date.now()) < 60000 && data.startedAt <= data.now);
    assert.deepEqual(data.participants.map((p) => p.participantId), ['ana', 'bob']);
    assert.deepEqual([data.participants[0].name, data.participants[0].isHost, data.participants[0].isConnected], ['Ana', true, false]);
    assert.equal(data.ribbon.cells.length, 2);
    const { id, data: event } = first.of('feedback')[0];
    assert.equal(id, String(event.seq));
    assert.equal(event.meetingId, 'RM_s');
    assert.match(event.message, /bob: .*(audio|microphone)/i);
    const levels = await first.next('levels', ({ dbfs }) => dbfs.length === 2 && dbfs[1] !== null);
    assert.equal(levels.data.dbfs[0], null);
    assert.equal(levels.data.flags[1] & 1, 1);
    assert.equal(levels.id, undefined);
    const talk = await first.next('stats');
    assert.deepEqual(talk.data.talk.map((p) => p.participantId), ['bob']);
    const people = (await first.next('participants')).data.participants;
    assert.ok(people.find((p) => p.participantId === 'bob').isConnected);
  });

  await t.test('ten levels a second by the server\'s own clock, and none for who did not ask', async () => {
    const quiet = await openStream(t, server, 'RM_s');
    await quiet.next('stats');
    const from = first.of('levels').length;
    await eventually('thirty levels', () => first.of('levels').length >= from + 30);
    const times = first.of('levels').slice(from).map(({ data }) => data.ts);
    assert.ok((times.at(-1) - times[0]) / (times.length - 1) >= 95, 'at most ten a second');
    assert.deepEqual(quiet.of('levels'), []);
  });

  await t.test('the same events as Socket.IO, in order and once', async () => {
    await eventually('both heard some', () => socket.feedback.length >= 3 && first.of('feedback').length >= 3);
    const both = Math.min(socket.feedback.at(-1).seq, seqs(first).at(-1));
    const upTo = (list) => list.filter((seq) => seq > Math.max(socket.feedback[0].seq, seqs(first)[0]) && seq <= both);
    assert.deepEqual(upTo(seqs(first)), upTo(socket.feedback.map((e) => e.seq)));
  });

  await t.test('who comes back with the last id misses nothing and hears nothing twice', async () => {
    const last = seqs(first)[0];
    await hears(first, 4);
    for (const wish of [{ headers: { 'last-event-id': String(last) } }, { query: `?after=${last}` }]) {
      const again = await openStream(t, server, 'RM_s', wish);
      await hears(again, 4);
      assert.equal(again.events[0].name, 'snapshot');
      assert.equal(again.events[0].id, String(last));
      assert.deepEqual(seqs(again), seqs(again).map((_, i) => last + 1 + i));
      assert.deepEqual(again.of('gap'), []);
    }
  });

  await t.test('open cards: the newest of each type and person, counted', async () => {
    const late = await openStream(t, server, 'RM_s');
    const { data } = await late.next('snapshot');
    const card = data.open.find(({ feedback }) => feedback.participantId === 'bob');
    assert.ok(card.count >= 2 && card.firstTs < card.feedback.ts);
    assert.equal(data.open.filter(({ feedback }) => feedback.participantId === 'bob').length, 1);
  });

  await t.test('a number from another time is told as a gap', async () => {
    const lost = await openStream(t, server, 'RM_s', { query: '?after=100000' });
    assert.deepEqual((await lost.next('gap')).data, { after: 100000, next: 1 });
    await hears(lost);
    assert.equal(seqs(lost)[0], 1);
  });

  await t.test('a name, a number or a language that cannot be', async () => {
    for (const query of ['?after=-1', '?after=x', '?locale=xx']) {
      const { status } = await openStream(t, server, 'RM_s', { query });
      assert.equal(status, 400, query);
    }
    assert.equal((await server.get('/feedback/RM_s/live', { method: 'HEAD' })).status, 200);
  });

  await t.test('clients of HTTP/1.0 read it, too', async () => {
    const raw = connect(server.port, '127.0.0.1');
    t.after(() => raw.destroy());
    let text = '';
    raw.on('data', (part) => (text += part));
    raw.write('GET /feedback/RM_s/live?levels=1 HTTP/1.0\r\n\r\n');
    await eventually('levels', () => text.includes('event: levels'));
    assert.match(text, /\r\n\r\nretry: \d+\n\nid: \d+\nevent: snapshot\ndata: \{/);
    assert.doesNotMatch(text, /transfer-encoding/i);
  });

  await t.test('it ends with the meeting and says where the report is', async () => {
    await finishRoom(server, 'RM_s', 'daily');
    const { data } = await first.next('end');
    assert.deepEqual([data.reason, data.meetingId, data.report], ['ended', 'RM_s', '/meetings/RM_s/report']);
    assert.ok(data.endedAt > 0);
    await eventually('the stream is over', () => first.isOver);
    assert.equal(first.events.at(-1).name, 'end');
    const after = await openStream(t, server, 'RM_s', { query: '?after=0' });
    await after.next('end');
    assert.equal(after.events[0].data.status, 'ENDED');
    assert.deepEqual(seqs(after), seqs(after).map((_, i) => 1 + i));
    assert.equal(await server.metric('prosa_live_streams'), 0, 'all others ended as well');
  });
});

test('the same doors as Socket.IO', async (t) => {
  const server = await startServer(t, { env: { ...livekit, ...quickRules, ...accounts, FEEDBACK_ACCESS: 'host', EGRESS_AUTH: 'off',
    DEFAULT_ORGANIZATION: 'casa' } });
  const ana = await register(server, 'ana', { organizationName: 'Casa' });
  const eva = await register(server, 'eva');

  await t.test('a host who comes first waits and hears the meeting from its beginning', async () => {
    const early = await openStream(t, server, 'daily', { token: livekitToken() });
    const waiting = await early.next('snapshot');
    assert.equal(waiting.data.status, 'WAITING');
    assert.equal(waiting.data.participants, undefined);
    await startRoom(server, 'RM_1', 'daily');
    const begun = await early.next('snapshot', ({ status }) => status === 'ACTIVE');
    assert.equal(begun.data.meetingId, 'RM_1');
    await deadMicrophone(t, server);
    await hears(early);
    assert.equal(seqs(early)[0], 1);
  });

  await t.test('nobody without a right', async () => {
    const refused = async (wish) => (await openStream(t, server, 'RM_1', wish)).status;
    assert.equal(await refused({}), 401);
    assert.equal(await refused({ token: 'x.y.z' }), 401);
    assert.equal(await refused({ token: livekitToken({ metadata: '{}' }) }), 401);
    assert.equal(await refused({ token: livekitToken({ room: 'other' }) }), 403);
    assert.equal(await refused({ token: eva.accessToken }), 404);
    const nowhere = await openStream(t, server, 'RM_none', { token: ana.accessToken });
    assert.equal(nowhere.status, 404);
  });

  await t.test('a member hears it until they are none any more', async () => {
    await eventually('it is hers', async () => (await server.get('/sessions/RM_1', bearer(ana))).status === 200);
    const member = await openStream(t, server, 'RM_1', { token: ana.accessToken });
    await hears(member);
    await server.post('/auth/logout', { refreshToken: ana.refreshToken });
    const { data } = await member.next('end');
    assert.equal(data.reason, 'forbidden');
    assert.equal(data.report, undefined);
    await eventually('it is over', () => member.isOver);
  });
});

test('a server that leaves sends its streams away', async (t) => {
  const server = await startServer(t, { env: { FEEDBACK_ACCESS: 'open' } });
  await deadMicrophone(t, server);
  const stream = await openStream(t, server, 'daily');
  await stream.next('snapshot', ({ status }) => status === 'ACTIVE' || status === 'WAITING');
  await server.stop();
  await eventually('the stream is over', () => stream.isOver);
  assert.deepEqual(stream.of('end'), []);
});
