import assert from 'node:assert/strict';
import { test } from 'node:test';
import { io } from 'socket.io-client';
import { FakeEgress, silence } from '../fakes/egress.mjs';
import { FakeLivekit, described } from '../fakes/livekit.mjs';
import { timeWebhooks } from '../fakes/webhooks.mjs';
import { startWorld } from '../fakes/world.mjs';
import { eventually, once, startServer } from './harness.mjs';
import { median } from './times.mjs';

function* permutations(list) {
  if (list.length < 2) return yield list;
  for (const first of list)
    for (const rest of permutations(list.filter((item) => item !== first))) yield [first, ...rest];
}

test('24 orders, each event twice: the same session in the end', async (t) => {
  const { livekit, server } = await startWorld(t, { livekit: { egress: () => null } });
  let number = 0;
  for (const order of permutations([0, 1, 2, 3])) {
    const room = livekit.room(`room-${number++}`);
    const ana = livekit.participant(room, 'ana', { metadata: '{"role":"host","name":"Ana"}' });
    const track = livekit.track(ana);
    const began = Number(room.creationTime);
    const at = (second) => ({ createdAt: String(began + second) });
    const story = [
      livekit.event('room_started', room, at(0)),
      livekit.event('participant_joined', room, { participant: described(ana), ...at(1) }),
      livekit.event('track_published', room, { participant: { sid: ana.sid, identity: 'ana' }, track, ...at(2) }),
      livekit.event('room_finished', room, at(9)),
    ];
    for (const i of order) assert.equal((await livekit.webhook(story[i])).status, 204);
    for (const i of order) assert.equal((await livekit.webhook(story[i])).status, 204);
    const { body } = await server.get(`/sessions/resolve?roomName=${room.name}`);
    assert.deepEqual(body, { ok: true, meetingId: room.name, roomName: room.name, pending: true }, String(order));
  }
  assert.equal(await server.metric('prosa_sessions_active'), 0);
  assert.equal(await server.metric('prosa_webhooks_repeated_total'), 24 * 4);
});

// The host joins under the room's name; the session and the audio come in any order: the host hears all the same.
for (const order of permutations(['join', 'webhook', 'audio']))
  test(`a host hears the same after ${order.join(', ')}`, async (t) => {
    const server = await startServer(t, { env: { RULE_SILENCIO_PROLONGADO_DEAD_MIC_S: '2' } });
    const livekit = new FakeLivekit();
    livekit.target = server.url;
    const room = livekit.room('sala');
    const host = io(server.url, { transports: ['websocket'] });
    t.after(() => host.close());
    const heard = [];
    host.on('feedback', (event) => heard.push(event));
    await once(host, 'connect');
    const steps = {
      join: () => host.emitWithAck('message', host.emit('join-room', 'feedback:sala') && 'joined'),
      webhook: () => livekit.webhook(livekit.event('room_started', room)),
      audio: async () => {
        // A microphone that gives nothing but zeros.
        const url = `${server.ws}/egress-audio?roomName=sala&participant=bob&trackId=TR_1`;
        const dead = new FakeEgress(url, { source: silence(), headers: {} });
        t.after(() => dead.reset());
        await dead.opened;
      },
    };
    for (const step of order) await steps[step]();
    const event = await eventually('the host hears of it', () => heard[0]);
    assert.equal(event.type, 'silencio_prolongado');
    assert.equal(event.meetingId, room.sid);
    assert.equal(event.participantId, 'bob');
    assert.equal(event.seq, 1);
  });

test('webhooks are answered as quickly as anything while LiveKit hangs', async (t) => {
  const world = await startWorld(t);
  world.livekit.mode = 'hang';
  const { webhooks, others } = await timeWebhooks(world, world.livekit.room('daily'), 400, 'person');
  const [mine, theirs] = [median(webhooks), median(others)];
  t.diagnostic(`median ${mine.toFixed(1)} ms, of /health ${theirs.toFixed(1)} ms`);
  assert.ok(mine < Math.max(20, 3 * theirs), `the median is ${mine} ms, of /health ${theirs} ms`);
});

test('forged, expired, replayed and other bad webhooks', async (t) => {
  const { server } = await startWorld(t);
  const post = async (body, options = {}, headers = {}) =>
    server.get('/livekit/webhook', {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/webhook+json', authorization: await FakeLivekit.sign(body, options), ...headers },
    });
  const good = '{"event":"room_started","room":{"name":"a"}}';
  assert.equal((await post(good)).status, 204);
  assert.equal((await post(good, {}, { authorization: '' })).status, 401);
  assert.equal((await post(good, { apiSecret: 'another-secret-another-secret-0123' })).status, 401);
  assert.equal((await post(good, { apiKey: 'unknown' })).status, 401);
  const late = await post(good, { ttl: -120 });
  assert.equal(late.status, 401);
  assert.match(late.body.message, /clock/);
  assert.equal(await server.metric('prosa_webhooks_refused_total', { cause: 'expired' }), 1);
  const other = await FakeLivekit.sign(good);
  assert.equal((await post(`${good}\n`, {}, { authorization: other })).status, 401);
  assert.equal((await post('not json')).status, 400);
  assert.equal((await post('"text"')).status, 400);
  assert.equal((await post('{"event":"new_thing_of_2030","room":{"name":"a"}}')).status, 204);
  assert.equal((await post(`{"event":"room_started","x":"${'y'.repeat(1 << 20)}"}`)).status, 413);
  assert.equal((await post(`{"a":${'['.repeat(3000)}${']'.repeat(3000)}}`)).status, 400);
});
