import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually, once, PATIENCE_MS, startServer } from './harness.mjs';
import { connected, openClient } from './meeting.mjs';
import { startProxy } from './proxy.mjs';

const ascending = (first, last) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

for (const transports of [['websocket'], ['polling']]) {
  test(`recovery by ${transports}`, async (t) => {
    const server = await startServer(t, { env: { SOCKET_MESSAGES_PER_SECOND: '1000' } });
    const proxy = await startProxy(t, server.port);
    const speaker = await openClient(t, server);
    speaker.emit('join-room', 'sala');
    let number = 0;
    const say = async (count) => {
      for (let i = 0; i < count; i++)
        await speaker.timeout(PATIENCE_MS).emitWithAck('message', ++number);
    };
    const listen = async (options = {}) => {
      const socket = await openClient(t, { url: proxy.url }, { transports, reconnectionDelay: 300, auth: { recovery: true }, ...options });
      socket.heard = [];
      socket.on('message', (event) => socket.heard.push(event.message));
      socket.emit('join-room', 'sala');
      await once(socket, 'user-joined');
      return socket;
    };
    const lose = async (socket, how) => {
      const gone = once(socket, 'disconnect').then(() => true);
      do how(); // between two polls there is nothing to cut
      while (!(await Promise.race([gone, delay(50)])));
    };

    await t.test('each event missed comes once, in order, and the socket is the same', async () => {
      const socket = await listen();
      const { id } = socket;
      const first = number + 1;
      await say(3);
      await eventually('heard', () => socket.heard.length === 3);
      for (let round = 0; round < 3; round++) {
        await lose(socket, () => proxy.cut());
        await say(5);
        await connected(socket);
        assert.equal(socket.recovered, true);
        assert.equal(socket.id, id);
        await say(2);
      }
      await eventually('all', () => socket.heard.length === 3 + 3 * 7);
      assert.deepEqual(socket.heard, ascending(first, number));
      const joined = [];
      socket.on('message', () => joined.push(1));
      await say(1);
      await eventually('rooms and namespace still deliver, once', () => joined.length === 1);
      socket.close();
    });

    await t.test('a quiet client, that never heard an event, comes back as well', async () => {
      const socket = await openClient(t, { url: proxy.url }, { transports, reconnectionDelay: 300, auth: { recovery: true } });
      socket.heard = [];
      socket.on('message', (event) => socket.heard.push(event.message));
      await lose(socket, () => proxy.cut());
      const first = number + 1;
      await say(4);
      await connected(socket);
      assert.equal(socket.recovered, true);
      await eventually('all', () => socket.heard.length === 4);
      assert.deepEqual(socket.heard, ascending(first, number));
      socket.close();
    });

    await t.test('a client is back before the server has noticed that it was gone', async () => {
      const socket = await listen();
      const { id } = socket;
      await lose(socket, () => proxy.loseClients());
      const first = number + 1;
      await say(4);
      await connected(socket);
      assert.equal(socket.recovered, true);
      assert.equal(socket.id, id);
      await say(1);
      await eventually('all', () => socket.heard.length === 5);
      assert.deepEqual(socket.heard, ascending(first, number));
      socket.close();
    });

    await t.test('who left by his own will is a stranger', async () => {
      const socket = await listen();
      const { id } = socket;
      socket.disconnect();
      socket.connect();
      await connected(socket);
      assert.equal(socket.recovered, false);
      assert.notEqual(socket.id, id);
      socket.close();
    });

    await t.test('a private id that nobody has, or an offset from the future, gives a new session', async () => {
      const socket = await listen();
      const pid = socket._pid;
      socket.once('disconnect', () => (socket._lastOffset = '99999999'));
      await lose(socket, () => proxy.cut());
      await connected(socket);
      assert.equal(socket.recovered, false);
      assert.notEqual(socket._pid, pid);
      socket.close();
    });
  });
}

const argumentsOf = (socket) => new Promise((done) => socket.on('message', (...args) => done(args)));

for (const [recovery, ask, count] of [['off', true, 1], ['asked', false, 1], ['asked', true, 2], ['on', false, 2]]) {
  test(`SOCKET_RECOVERY=${recovery}, ${ask ? 'asked' : 'not asked'}: a handler gets ${count} argument${count > 1 ? 's' : ''}`, async (t) => {
    const server = await startServer(t, { env: { SOCKET_RECOVERY: recovery } });
    const socket = await openClient(t, server, ask ? { auth: { recovery: true } } : {});
    const heard = argumentsOf(socket);
    socket.emit('message', 'x');
    assert.equal((await heard).length, count);
    assert.equal(typeof socket._pid, recovery === 'off' ? 'undefined' : 'string');
  });
}

test('by default a handler gets the one argument of the old backend, until its client has come back', async (t) => {
  const server = await startServer(t);
  const proxy = await startProxy(t, server.port);
  const socket = await openClient(t, { url: proxy.url });
  let heard = argumentsOf(socket);
  socket.emit('message', 'x');
  assert.equal((await heard).length, 1);
  const gone = once(socket, 'disconnect');
  proxy.cut();
  await gone;
  await connected(socket);
  assert.equal(socket.recovered, false, 'whether the message arrived, the server cannot know');
  heard = argumentsOf(socket);
  socket.emit('message', 'y');
  assert.equal((await heard).length, 2);
});

test('strangers who talk to themselves take nobody\'s way back', async (t) => {
  const server = await startServer(t, { env: { SOCKET_MESSAGE_SCOPE: 'rooms', SOCKET_MESSAGE_BYTES: '600KiB',
    SOCKET_QUEUE_BYTES: '4MiB', SOCKET_MESSAGES_PER_SECOND: '10000' } });
  const proxy = await startProxy(t, server.port);
  const host = await openClient(t, { url: proxy.url }, { auth: { recovery: true }, reconnection: false });
  const heard = [];
  host.on('message', ({ message }) => heard.push(message));
  host.emit('join-room', 'team');
  await host.timeout(PATIENCE_MS).emitWithAck('message', 'first');
  await eventually('heard', () => heard.length === 1);
  const gone = once(host, 'disconnect');
  proxy.cut();
  await gone;
  const colleague = await openClient(t, server);
  colleague.emit('join-room', 'team');
  await colleague.timeout(PATIENCE_MS).emitWithAck('message', 'meanwhile');
  const words = 'x'.repeat(500 << 10);
  const strangers = await Promise.all([1, 2, 3, 4].map(() => openClient(t, server)));
  await Promise.all(strangers.map(async (stranger) => { // 80 MB
    for (let i = 0; i < 40; i++) await stranger.timeout(PATIENCE_MS).emitWithAck('message', words);
  }));
  host.connect();
  await connected(host);
  assert.equal(host.recovered, true);
  await eventually('all', () => heard.length === 2);
  assert.deepEqual(heard, ['first', 'meanwhile']);
});
