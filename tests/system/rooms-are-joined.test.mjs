// MEDIA_SOURCE=join against a server that does what a real one cannot be made to do: every way in which a session ends.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Action, FakeSfu, Reason } from '../fakes/sfu.mjs';
import { starts } from '../fakes/world.mjs';
import { eventually, freePort, once, startServer } from './harness.mjs';
import { openClient } from './meeting.mjs';

async function startJoining(t, { sfu: options, env = {} } = {}) {
  const sfu = await new FakeSfu(options).listen(t);
  const server = await startServer(t, {
    env: { ...sfu.environment(await freePort()), EGRESS_AUTH: 'signed', MEDIA_SOURCE: 'join', RECONCILE_SECONDS: '1', LOG_LEVEL: 'debug', ...env },
  });
  sfu.target = server.url;
  return { sfu, server };
}

const joins = (server) => server.metric('prosa_room_joins_total');
const ends = (server, cause) => server.metric('prosa_room_ends_total', { cause });
const inRooms = (server, way = 'media') => server.metric('prosa_rooms', { way });

// A room with one person who speaks, joined.
async function meet(t, options) {
  const world = await startJoining(t, options);
  const meeting = await world.sfu.begin('sala', 'ana', options);
  const session = await world.sfu.joined();
  await session.play(meeting.track.sid);
  await eventually('media comes', async () => (await inRooms(world.server)) === 1);
  return { ...world, ...meeting, session };
}

async function packetsCome(server) {
  const before = await server.metric('prosa_packets_total');
  await eventually('packets come', async () => (await server.metric('prosa_packets_total')) > before + 10);
}

test('a room is joined as a hidden recorder, by an address and a token that say so', async (t) => {
  const { sfu, server, session, track } = await meet(t);
  await packetsCome(server);
  const { query } = sfu.attempts[0];
  assert.deepEqual([query.get('protocol'), query.get('auto_subscribe'), query.get('reconnect')], ['15', '0', null]);
  const { video, kind, exp, nbf } = session.claims;
  assert.deepEqual(video, { roomJoin: true, room: 'sala', canSubscribe: true, canPublish: false, canPublishData: false, hidden: true, recorder: true });
  assert.equal(kind, 'egress');
  assert.ok(exp - nbf <= 900);
  assert.deepEqual(session.requests.filter(([name]) => name === 'subscription').map(([, { trackSids, subscribe }]) => [trackSids, subscribe]), [[[track.sid], true]]);
  assert.equal(starts(sfu).length, 0);
});

test('no secret of a room reaches a log', async (t) => {
  const { sfu, server, session } = await meet(t);
  sfu.status = 401; // whose body is the token
  session.leave(Reason.SHUTDOWN);
  await eventually('it was refused', async () => (await ends(server, 'refused')) === 1);
  await server.stop(); // now the log is complete
  for (const secret of [...sfu.attempts.map(({ token }) => token.split('.')[2]), 'turn-password-of-the-room', 'turn-credential', 'a-token-that-is-a-secret'])
    assert.ok(!server.log.includes(secret), secret);
});

test('what ends a session for good is not tried again', async (t) => {
  for (const [reason, cause] of [[Reason.DUPLICATE, 'duplicate'], [Reason.REMOVED, 'removed']]) {
    const { sfu, server, session, room, participant } = await meet(t);
    session.leave(reason);
    await eventually(cause, async () => (await ends(server, cause)) === 1);
    await sfu.webhook(sfu.event('participant_joined', room, { participant: { ...participant, sid: 'PA_9', identity: 'bruno', tracks: [] } }));
    sfu.participant(room, 'bruno');
    await eventually('a sweep has looked', () => sfu.calls.filter(({ method }) => method === 'RoomService/ListRooms').length > 3);
    assert.equal(sfu.attempts.length, 1);
    assert.equal(await inRooms(server, 'signalling'), 0);
  }
});

test('a session that is ended otherwise is begun anew', async (t) => {
  const { sfu, server, session, track } = await meet(t);
  session.leave(Reason.SHUTDOWN);
  const second = await sfu.joined(2);
  assert.equal(second.identity, session.identity);
  await second.play(track.sid);
  await packetsCome(server);
  second.leave(Reason.MISMATCH, Action.RECONNECT);
  const third = await sfu.joined(3);
  await third.play(track.sid);
  await packetsCome(server);
});

test('a session that can be resumed is resumed, with its tracks', async (t) => {
  const { sfu, server, session, track } = await meet(t);
  for (const [count, lose] of [[1, () => session.cut()], [2, () => session.leave(Reason.TIMED_OUT, Action.RESUME)]]) {
    lose();
    await eventually('it is resumed', async () => (await server.metric('prosa_room_resumes_total')) === count);
    const { query } = sfu.attempts.at(-1);
    assert.deepEqual([query.get('reconnect'), query.get('sid')], ['1', session.sid]);
    const states = session.requests.filter(([name]) => name === 'syncState').map(([, state]) => state);
    assert.equal(states.length, count);
    const { offer, answer, subscription } = states.at(-1);
    assert.deepEqual([subscription.trackSids, subscription.subscribe], [[track.sid], true]);
    assert.deepEqual([offer.type, answer.type], ['offer', 'answer']);
    for (const { sdp } of [offer, answer]) assert.match(sdp, /m=audio/);
    await packetsCome(server);
  }
  assert.equal(await joins(server), 1);
});

test('a session that is forgotten is begun anew', async (t) => {
  const { sfu, server, session, track } = await meet(t);
  sfu.forgets = true;
  session.cut();
  const second = await sfu.joined(2);
  await second.play(track.sid);
  await packetsCome(server);
});

test('pings that are not answered end a connection that looks alive', async (t) => {
  const { sfu, server, session } = await meet(t, { sfu: { pingInterval: 1, pingTimeout: 2 } });
  sfu.swallowsPings = true;
  await eventually('it is resumed', async () => (await server.metric('prosa_room_resumes_total')) >= 1);
  sfu.swallowsPings = false;
  const pings = () => session.requests.filter(([name]) => name === 'pingReq').length;
  const before = pings();
  await eventually('pings go on', () => pings() > before + 1);
  assert.ok((await server.metric('prosa_room_pings_total')) > 0);
});

test('a room without people is never joined, and never made', async (t) => {
  const { sfu, server } = await startJoining(t);
  const room = sfu.room('vazia');
  await sfu.webhook(sfu.event('room_started', room));
  sfu.participant(room, 'EG_1', { kind: 'EGRESS', permission: { hidden: true, recorder: true } });
  sfu.participant(room, 'bot', { kind: 'AGENT' });
  await sfu.webhook(sfu.event('participant_joined', room, { participant: { sid: 'PA_1', identity: 'bot', kind: 'AGENT' } }));
  // Told by a webhook of somebody, but LiveKit has no such room any more.
  const gone = { sid: 'RM_gone', name: 'antiga', creationTime: '1', metadata: '' };
  await sfu.webhook(sfu.event('participant_joined', gone, { participant: { sid: 'PA_2', identity: 'ana' } }));
  await eventually('LiveKit was asked', () => sfu.calls.some(({ method, body }) => method === 'RoomService/ListParticipants' && body.room === 'antiga'));
  const { session } = await (async () => {
    await sfu.begin('sala', 'ana');
    return { session: await sfu.joined() };
  })();
  assert.equal(session.room.name, 'sala');
  assert.equal(sfu.attempts.length, 1);
  assert.equal(await joins(server), 1);
});

test('the last one who leaves takes Prosa with them', async (t) => {
  const { sfu, server, session, room, participant } = await meet(t);
  await sfu.depart(room, participant);
  await eventually('it has said goodbye', () => session.requests.some(([name]) => name === 'leave'));
  await eventually('it is out', async () => (await inRooms(server, 'signalling')) === 0);
});

test('a room that cannot be joined is left to Egress, and the next one is joined', async (t) => {
  const { sfu, server } = await startJoining(t);
  sfu.status = 403;
  const { track, room } = await sfu.begin('sala', 'ana');
  await eventually('an egress is started', () => starts(sfu).length === 1);
  assert.equal(starts(sfu)[0].body.trackId, track.sid);
  const { degraded } = (await server.get('/ready')).body;
  assert.ok(degraded.includes('rooms not joined'), degraded);
  await server.logged(/its microphones come by Egress/g, 1);
  sfu.status = 0;
  await sfu.webhook(sfu.event('room_finished', room));
  sfu.rooms.delete('sala');
  await sfu.begin('outra', 'bruno');
  await sfu.joined();
  await eventually('all is well', async () => (await server.get('/ready')).body.degraded.length === 0);
});

test('a room with no place is tried again before it is left to Egress', async (t) => {
  const { sfu, server } = await startJoining(t);
  sfu.status = 503;
  await sfu.begin('sala', 'ana');
  await eventually('an egress is started', () => starts(sfu).length === 1);
  assert.equal(sfu.attempts.length, 4);
  assert.equal(await ends(server, 'limit'), 1);
});

test('where no egress works either, joining is tried again', async (t) => {
  const { sfu, server } = await startJoining(t);
  sfu.status = 403;
  sfu.refuse = [503, 'unavailable', 'no response from servers'];
  const { track } = await sfu.begin('sala', 'ana');
  await eventually('Egress was asked', () => starts(sfu).length > 0);
  sfu.status = 0;
  const session = await sfu.joined();
  await session.play(track.sid);
  await packetsCome(server);
  const asked = starts(sfu).length;
  sfu.refuse = undefined;
  await eventually('all is well', async () => (await server.get('/ready')).body.degraded.length === 0);
  assert.equal(await server.metric('prosa_published_tracks'), 0);
  assert.equal(starts(sfu).length, asked);
});

test('a relay is no way, and a subscription that comes to nothing is told', async (t) => {
  const { sfu, server } = await startJoining(t);
  sfu.joining = () => ({ clientConfiguration: { forceRelay: 2 } });
  await sfu.begin('sala', 'ana');
  await eventually('it is Egress again', () => starts(sfu).length === 1);
  assert.equal(await ends(server, 'no_way'), 1);
  sfu.joining = () => ({});
  sfu.holds = () => true;
  const { session } = await meetAgain(sfu);
  session.say('subscriptionResponse', { trackSid: session.track.sid, err: 1 });
  await eventually('it is told', async () => (await server.get('/ready')).body.degraded.includes('microphones not recorded'));
  await server.logged(/a track does not come/g, 1);
  sfu.holds = () => false; // it comes after all
  session.subscribe({ trackSids: [session.track.sid], subscribe: true });
  await eventually('it is heard', async () => !(await server.get('/ready')).body.degraded.includes('microphones not recorded'));
});

async function meetAgain(sfu) {
  const { track } = await sfu.begin('outra', 'bruno');
  const session = sfu.joins.at(-1).room.name === 'outra' ? sfu.joins.at(-1) : await sfu.joined(sfu.joins.length + 1);
  session.track = track;
  return { session };
}

test('encrypted audio is told to the host once, and not asked for', async (t) => {
  const { sfu, server } = await startJoining(t, { env: { RULE_SILENCIO_PROLONGADO_NOT_RECORDED_S: '1' } });
  const host = await openClient(t, server);
  host.emit('join-room', 'feedback:sala');
  await once(host, 'user-joined');
  const { room } = await sfu.begin('sala', 'ana', { track: { encryption: 'GCM' } });
  const session = await sfu.joined();
  const bruno = sfu.participant(room, 'bruno');
  sfu.track(bruno, { encryption: 'GCM' });
  sfu.tell(room, bruno);
  await eventually('the host is told', () => host.feedback.some(({ metadata }) => metadata.reason === 'encrypted'));
  sfu.tell(room, bruno);
  // It becomes audible: then it is asked for.
  const carla = sfu.participant(room, 'carla');
  const { sid } = sfu.track(carla, { encryption: 'GCM' });
  sfu.tell(room, carla);
  const unheard = async () => (await server.get('/feedback/debug/sala')).body.unrecorded?.length;
  await eventually('three are known', async () => (await unheard()) === 3);
  carla.tracks[0].encryption = undefined;
  sfu.tell(room, carla);
  await eventually('it is asked for', () => session.wanted.has(sid));
  await eventually('two are left', async () => (await unheard()) === 2);
  assert.equal(session.wanted.size, 1);
  assert.equal(host.feedback.filter(({ metadata }) => metadata.reason === 'encrypted').length, 1);
});

test('the regions that LiveKit names are tried before its own address', async (t) => {
  const { sfu, server, session, room, participant, track } = await meet(t);
  const other = await new FakeSfu().listen(t);
  Object.assign(other.room('sala'), { sid: room.sid }).participants.set('ana', participant);
  session.leave(Reason.SHUTDOWN, Action.RECONNECT, ['http://127.0.0.1:1', other.url]);
  const second = await other.joined();
  await second.play(track.sid);
  await packetsCome(server);
  assert.equal(sfu.attempts.length, 1);
});

test('a server that lets Prosa in and shuts the door is given up', async (t) => {
  const { sfu, server } = await startJoining(t);
  sfu.ready = () => false;
  await sfu.begin('sala', 'ana');
  await eventually('an egress is started', () => starts(sfu).length === 1);
  assert.equal(sfu.attempts.length, 4);
  assert.equal(await inRooms(server, 'signalling'), 0);
});

test('a burst of offers is answered, each', async (t) => {
  const { server, session } = await meet(t, { env: { PROSA_SHARDS: '0' } });
  for (let i = 0; i < 200; i++) session.offer();
  await eventually('all are answered', () => session.offers > 200 && session.answers === session.offers);
  const ids = session.requests.filter(([name]) => name === 'answer').map(([, { id }]) => id);
  assert.deepEqual(ids, ids.map((_, i) => i + 1));
  await packetsCome(server);
});

test('messages of strangers are counted, and nothing else', async (t) => {
  const { server, session } = await meet(t);
  session.socket.send(Buffer.from('ff'.repeat(40), 'hex'));
  session.socket.send('text');
  session.socket.send(Buffer.from('0a02', 'hex'));
  session.say('offer', { type: 'offer', sdp: 'v=0\r\nm=audio', id: 99 });
  await eventually('they are counted', async () => (await server.metric('prosa_room_bad_messages_total')) === 3);
  await eventually('so is the offer', async () => (await server.metric('prosa_room_bad_offers_total')) === 1);
  await packetsCome(server);
});
