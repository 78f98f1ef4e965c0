// SOCKET_ADAPTER=redis: Prosa beside a Node server with the official adapter and the official emitter, on a real Redis.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { redisClient, startRedis } from '../fakes/redis.mjs';
import { eventually, freePort, once, run, startServer } from './harness.mjs';
import { deadMicrophone, hears, join, livekit, livekitToken, openClient, quickRules, startRoom } from './meeting.mjs';

const require = createRequire(import.meta.url);
const { Server } = require('socket.io');
const { createAdapter } = require('@socket.io/redis-adapter');
const { Emitter } = require('@socket.io/redis-emitter');

const CHANNEL = 'socket.io-request#/#';
const sharing = (redis, env = {}) => ({ env: { REDIS_URL: redis.url, SOCKET_ADAPTER: 'redis', ...env } });

// A Node server whose clients may join rooms, and which tells them of nothing by itself.
async function openNode(t, redis) {
  const http = createServer(), io = new Server(http, { transports: ['websocket'] });
  const clients = [await redisClient(t, redis), await redisClient(t, redis)];
  io.adapter(createAdapter(...clients, { requestsTimeout: 5000 }));
  io.on('connection', (socket) => socket.on('enter', (room, done) => { socket.join(room); done(); }));
  await new Promise((done) => http.listen(0, '127.0.0.1', done));
  t.after(() => io.close());
  return Object.assign(io, { url: `http://127.0.0.1:${http.address().port}` });
}

// Keeps what a client hears, in order.
function listen(socket) {
  socket.heard = [];
  socket.onAny((...event) => socket.heard.push(event));
  return socket;
}

const heard = (socket, name) => eventually(`"${name}" is heard`, () => socket.heard.find(([each]) => each === name));
const allSubscribed = (redis, count) => eventually(`${count} servers subscribe`, async () => await redis.subscribers(CHANNEL) === count);

async function openAll(t, env) {
  const redis = await startRedis(t), node = await openNode(t, redis);
  const server = await startServer(t, sharing(redis, env));
  await allSubscribed(redis, 2);
  const ours = listen(await openClient(t, server)), theirs = listen(await openClient(t, node));
  await eventually('both know their clients', async () => (await node.fetchSockets()).length === 2);
  return { redis, node, server, ours, theirs };
}

// Requests that wait for a server which says nothing end after five seconds.
async function quickly(what, question) {
  const began = performance.now(), answer = await question();
  assert.ok(performance.now() - began < 3000, `${what}: ${Math.round(performance.now() - began)} ms`);
  return answer;
}

test('what a server sends reaches the clients of both', async (t) => {
  const { redis, node, server, ours, theirs } = await openAll(t);
  await join(ours, 'daily');
  await theirs.emitWithAck('enter', 'daily');

  await t.test('from Prosa to Node', async () => {
    ours.emit('message', { hello: ['é', 1.5, null] });
    const [, word] = await heard(theirs, 'message');
    assert.deepEqual(word, { clientId: ours.id, message: { hello: ['é', 1.5, null] } });
    ours.emit('message', Buffer.from([1, 2, 3]));
    const [, binary] = await eventually('bytes are heard', () => theirs.heard.find(([, each]) => Buffer.isBuffer(each?.message)));
    assert.deepEqual(binary.message, Buffer.from([1, 2, 3]));
    const late = await openClient(t, server);
    await join(late, 'daily');
    const [, joined] = await eventually('a join is heard', () => theirs.heard.find(([name, each]) => name === 'user-joined' && each.clientId === late.id));
    assert.equal(joined.room, 'daily');
    late.emit('leave-room', 'daily');
    await eventually('a leave is heard', () => theirs.heard.find(([name, each]) => name === 'user-left' && each.clientId === late.id));
  });

  await t.test('from Node to Prosa', async () => {
    node.emit('all', 1, { a: [true, new Date(0), 2 ** 53 - 1, 0.1] }, undefined, 'é');
    assert.deepEqual(await heard(ours, 'all'), ['all', 1, { a: [true, '1970-01-01T00:00:00.000Z', 2 ** 53 - 1, 0.1] }, null, 'é']);
    node.to('elsewhere').emit('not ours');
    node.except('daily').emit('not ours');
    node.to(theirs.id).emit('not ours');
    node.to('daily').volatile.emit('room', Buffer.from([9]), { deep: [Buffer.alloc(0)] });
    assert.deepEqual(await heard(ours, 'room'), ['room', Buffer.from([9]), { deep: [Buffer.alloc(0)] }]);
    node.to(ours.id).emit('by id');
    await heard(ours, 'by id');
    [...node.sockets.sockets.values()][0].broadcast.emit('by another');
    await heard(ours, 'by another');
    assert.deepEqual(ours.heard.filter(([name]) => name === 'not ours'), []);
    for (const name of ['all', 'room', 'by id', 'by another']) assert.equal(ours.heard.filter(([each]) => each === name).length, 1, `${name}, once`);
  });

  await t.test('from a program that only emits', async () => {
    const emitter = new Emitter(await redisClient(t, redis));
    emitter.emit('emitted', { a: 1 });
    assert.deepEqual(await heard(ours, 'emitted'), ['emitted', { a: 1 }]);
    emitter.to(['daily', 'x']).except('y').volatile.emit('emitted bytes', Buffer.from([1]));
    assert.deepEqual(await heard(ours, 'emitted bytes'), ['emitted bytes', Buffer.from([1])]);
    emitter.in('daily').socketsLeave('daily');
    await eventually('it has left', async () => !(await node.in('daily').fetchSockets()).length);
  });

  assert.equal(await server.metric('prosa_peers_refused_total'), 0);
  assert.equal(await server.metric('prosa_peers_dropped_total'), 0);
});

test('what a server asks about clients is answered for ours, and at once', async (t) => {
  const { redis, node, server, ours, theirs } = await openAll(t);
  await join(ours, 'daily');
  await theirs.emitWithAck('enter', 'daily');

  await t.test('who is there', async () => {
    const sockets = await quickly('fetchSockets', () => node.in('daily').fetchSockets());
    assert.deepEqual(sockets.map(({ id }) => id).sort(), [ours.id, theirs.id].sort());
    const remote = sockets.find(({ id }) => id === ours.id);
    assert.deepEqual([[...remote.rooms].sort(), remote.handshake, remote.data], [[ours.id, 'daily'].sort(), {}, {}]);
    assert.deepEqual(await quickly('nobody', () => node.in('nowhere').fetchSockets()), []);
    const rooms = await quickly('allRooms', () => node.of('/').adapter.allRooms());
    assert.deepEqual([...rooms].sort(), ['daily', ours.id, theirs.id].sort());
    assert.equal(await node.of('/').adapter.serverCount(), 2);
  });

  await t.test('what they say', async () => {
    ours.on('ask', (number, answer) => answer(number + 1, 'more'));
    theirs.on('ask', (number, answer) => answer(number + 2));
    assert.deepEqual((await quickly('acks', () => node.to('daily').timeout(5000).emitWithAck('ask', 1))).sort(), [2, 3]);
    ours.on('ask bytes', (answer) => answer(Buffer.from([7])));
    assert.deepEqual(await quickly('an ack of bytes', () => node.to(ours.id).timeout(5000).emitWithAck('ask bytes')), [Buffer.from([7])]);
    assert.deepEqual(await quickly('nobody is asked', () => node.to('nowhere').timeout(5000).emitWithAck('ask', 1)), []);
    ours.on('silent', () => {});
    await assert.rejects(node.to(ours.id).timeout(300).emitWithAck('silent'), /timed out/);
    const [remote] = await node.in(ours.id).fetchSockets();
    assert.deepEqual(await quickly('one is asked', () => remote.timeout(5000).emitWithAck('ask', 5)), 6);
    assert.deepEqual(await quickly('servers', () => node.serverSideEmitWithAck('anything', 1)), [null]);
  });

  await t.test('where they are', async () => {
    node.in('daily').socketsJoin(['r9', 'r10']);
    await eventually('both have joined', async () => (await node.in('r9').fetchSockets()).length === 2);
    node.in(ours.id).socketsLeave('r9');
    await eventually('one has left', async () => (await node.in('r9').fetchSockets()).length === 1);
    node.in('daily').socketsJoin(['feedback:daily', 'r11']);
    await eventually('the other room', async () => (await node.in('r11').fetchSockets()).length === 2);
    assert.deepEqual((await node.in('feedback:daily').fetchSockets()).map(({ id }) => id), [theirs.id], 'who hears feedback is said by Prosa alone');
    assert.equal(await server.metric('prosa_peers_refused_total', { cause: 'feedback_room' }), 1);
    const gone = once(ours, 'disconnect');
    node.in(ours.id).disconnectSockets(true);
    assert.equal((await gone)[0], 'io server disconnect');
    await eventually('nobody is left here', async () => await server.metric('prosa_socket_clients') === 0);
  });

  await t.test('a server that was killed is not waited for', async () => {
    await server.kill();
    await allSubscribed(redis, 1);
    await quickly('fetchSockets', () => node.fetchSockets());
  });
});

test('feedback reaches hosts at other servers', async (t) => {
  const { server, theirs } = await openAll(t, { ...livekit, ...quickRules, FEEDBACK_ACCESS: 'open', EGRESS_AUTH: 'off' });
  await theirs.emitWithAck('enter', 'feedback:daily');
  await startRoom(server, 'RM_1', 'daily');
  const host = await openClient(t, server);
  await join(host, { room: 'feedback:daily', token: livekitToken() });
  await deadMicrophone(t, server);
  await hears(host);
  const [, event] = await heard(theirs, 'feedback');
  assert.deepEqual(event, host.feedback[0]);
});

test('what is no message harms nobody', async (t) => {
  const { redis, node, server, ours } = await openAll(t, { SOCKET_PACKET_BYTES: '4096' });
  const channel = 'socket.io#/#', nested = Buffer.concat([Buffer.from('93a15083a474797065', 'hex'), Buffer.alloc(200, 0x91), Buffer.from([0])]);
  // The first five end an official server: see its issues. They come on a channel that only Prosa hears.
  const bad = ['93a15083a36e7370a12fa46461746191a165a47479706502c0', '', 'ffff', '93a15083a36e7370a12fa4646174', '84a47479706507a464617461a0'];
  await node.close();
  await allSubscribed(redis, 1);
  await redis.ask(async (client) => {
    for (const hex of bad) await client.publish(channel, Buffer.from(hex, 'hex'));
    await client.publish(channel, nested);
    await client.publish(channel, Buffer.alloc(5000, 0xc0));
    for (const text of ['', '{', '{"type":99}', '{"type":2}', '{"type":5,"requestId":{},"opts":{}}', '[]', '{"type":7}']) await client.publish(CHANNEL, text);
  });
  await eventually('all are counted', async () => await server.metric('prosa_peers_refused_total', { cause: 'bad_message' }) === 14);
  new Emitter(await redisClient(t, redis)).emit('after', 1);
  await heard(ours, 'after');
});

test('while Redis is away, clients here are served; it comes back by itself', async (t) => {
  const redis = await startRedis(t), server = await startServer(t, sharing(redis));
  const ours = listen(await openClient(t, server));
  const away = async () => (await server.get('/ready')).body.degraded.includes('redis');
  await eventually('Redis is there', async () => !(await away()));
  await allSubscribed(redis, 1);

  await redis.kill();
  await eventually('it is told', away);
  await server.logged(/the connection is lost.*connection=prosa-subscriptions/);
  ours.emit('message', 'alone');
  await heard(ours, 'message');
  assert.equal(await server.metric('prosa_redis_up'), 0);
  assert.ok(await server.metric('prosa_peers_dropped_total') >= 1);

  await redis.start();
  await allSubscribed(redis, 1);
  await eventually('it is well again', async () => !(await away()));
  const emitter = new Emitter(await redisClient(t, redis));
  emitter.emit('back', 1);
  await heard(ours, 'back');

  await redis.ask((client) => client.sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub']));
  await eventually('it has come back again', async () => await server.metric('prosa_redis_losses_total') >= 3);
  await allSubscribed(redis, 1);
  redis.process.kill('SIGSTOP');
  await eventually('silence is noticed', away);
  redis.process.kill('SIGCONT');
  await eventually('it is well once more', async () => !(await away()));
});

test('Sentinels say where the master is, also after a failover', async (t) => {
  const first = await startRedis(t), second = await startRedis(t, { lines: [`replicaof 127.0.0.1 ${first.port}`] });
  await eventually('the replica follows', async () => /master_link_status:up/.test(await second.ask((client) => client.info('replication'))));
  const sentinel = await startRedis(t, { isSentinel: true, lines: [`sentinel monitor room 127.0.0.1 ${first.port} 1`,
    'sentinel down-after-milliseconds room 500', 'sentinel failover-timeout room 3000'] });
  const nobody = await freePort();
  const server = await startServer(t, sharing(first, { REDIS_SENTINELS: `127.0.0.1:${nobody},127.0.0.1:${sentinel.port}`, REDIS_SENTINEL_NAME: 'room' }));
  const ours = listen(await openClient(t, server));
  await allSubscribed(first, 1);
  await eventually('the replica is known', async () => /slaves=1/.test(await sentinel.ask((client) => client.sendCommand(['INFO', 'sentinel']))));
  await first.kill();
  await allSubscribed(second, 1);
  new Emitter(await redisClient(t, second)).emit('after the failover', 1);
  await heard(ours, 'after the failover');
});

test('a Redis that wants a user and a password', async (t) => {
  const redis = await startRedis(t, { lines: ['user prosa on >s3cret&more ~* &* +@all'] });
  const url = (password) => `redis://prosa:${encodeURIComponent(password)}@127.0.0.1:${redis.port}/3`;
  const wrong = await startServer(t, sharing({ url: url('wrong') }));
  await wrong.logged(/cannot be reached.*why="?WRONGPASS/);
  await wrong.stop();
  const server = await startServer(t, sharing({ url: url('s3cret&more') }));
  await allSubscribed(redis, 1);
  const clients = await redis.ask((client) => client.sendCommand(['CLIENT', 'LIST']));
  assert.match(clients, /name=prosa-commands .* db=3 .*user=prosa/);
  assert.match(clients, /name=prosa-subscriptions .* user=prosa/);
  assert.deepEqual((await server.get('/ready')).body.degraded.includes('redis'), false);
});

test('a Redis Cluster is refused in one sentence', async (t) => {
  const redis = await startRedis(t, { lines: ['cluster-enabled yes'] });
  const server = await startServer(t, sharing(redis));
  await server.logged(/cannot be reached.*it is a Redis Cluster: name a single Redis, or Sentinels/);
  assert.ok((await server.get('/ready')).body.degraded.includes('redis'));
});

test('settings that cannot be are said in one sentence', async () => {
  const said = async (env) => (await run(['check-config'], { env })).stderr;
  assert.match(await said({ SOCKET_ADAPTER: 'redis' }), /SOCKET_ADAPTER is redis, and REDIS_URL does not say where it is/);
  assert.match(await said({ REDIS_URL: 'http://127.0.0.1' }), /begins with neither redis:\/\/ nor rediss:\/\//);
  assert.match(await said({ REDIS_URL: 'redis://127.0.0.1/x' }), /the number of a database/);
  assert.match(await said({ REDIS_URL: 'redis://127.0.0.1', REDIS_SENTINELS: 'a:b' }), /Sentinels are host:port/);
  assert.match(await said({ REDIS_URL: 'redis://127.0.0.1', REDIS_SENTINELS: '127.0.0.1:1' }), /name of the Sentinels' master/);
});
