import assert from 'node:assert/strict';
import { test } from 'node:test';
import { io as connect } from 'socket.io-client';
import { startConformance } from './conformance.mjs';
import { eventually, once, PATIENCE_MS } from './harness.mjs';

for (const transports of [['polling'], ['websocket'], ['polling', 'websocket']]) {
  test(`socket.io-client by ${transports.join(' and ')}`, async (t) => {
    const server = await startConformance(t, { pingIntervalMs: 300 });
    const open = (path = '', options = {}) => {
      const socket = connect(`http://127.0.0.1:${server.port}${path}`, { transports, forceNew: true,
        reconnectionDelay: 50, ...options });
      t.after(() => socket.close());
      return socket;
    };

    await t.test('connects with auth and a query', async () => {
      const socket = open('', { auth: { token: 't' }, query: { a: '1' } });
      const [[auth]] = await Promise.all([once(socket, 'auth').then((x) => [x]), once(socket, 'connect')]);
      assert.deepEqual(auth, { token: 't' });
      assert.ok(socket.id);
      if (transports.length === 2)
        await eventually('it upgrades', () => socket.io.engine.transport.name === 'websocket');
      const back = once(socket, 'message-back');
      socket.emit('message', { text: 'olá 😀' });
      assert.deepEqual(await back, { text: 'olá 😀' });
    });

    await t.test('everything said while it connects and upgrades comes back in order', async () => {
      const socket = open();
      const got = [];
      socket.on('message-back', (n) => got.push(n));
      for (let i = 0; i < 50; i++) socket.emit('message', i);
      await once(socket, 'connect');
      for (let i = 50; i < 300; i++) {
        socket.emit('message', i);
        if (i % 10 === 0) await new Promise(setImmediate);
      }
      await eventually('all are back', () => got.length === 300);
      assert.deepEqual(got, [...Array(300).keys()]);
    });

    await t.test('binary and acks', async () => {
      const socket = open();
      const back = once(socket, 'message-back');
      socket.emit('message', Buffer.from([1, 2, 3]), { deep: [Buffer.from('x')] });
      const [bytes, deep] = await back;
      assert.deepEqual(Buffer.from(bytes), Buffer.from([1, 2, 3]));
      assert.equal(Buffer.from(deep.deep[0]).toString(), 'x');
      const large = Buffer.alloc(500000, 7);
      const answer = await socket.timeout(PATIENCE_MS).emitWithAck('message-with-ack', 'a');
      assert.equal(answer, 'a');
      assert.deepEqual(Buffer.from(await socket.timeout(PATIENCE_MS).emitWithAck('message-with-ack', large)), large);
      await assert.rejects(socket.timeout(100).emitWithAck('unknown'), /timed out/);
    });

    await t.test('two namespaces share a session; an unknown one is refused', async () => {
      const main = open();
      const custom = main.io.socket('/custom', { auth: { b: 2 } });
      custom.connect();
      assert.deepEqual(await once(custom, 'auth'), { b: 2 });
      const nope = main.io.socket('/nope');
      nope.connect();
      assert.equal((await once(nope, 'connect_error')).message, 'Invalid namespace');
      assert.equal(nope.active, false);
      custom.disconnect();
      const back = once(main, 'message-back');
      main.emit('message', 'still');
      assert.equal(await back, 'still');
    });

    await t.test('it stays through heartbeats, and comes back after a cut', async () => {
      const socket = open();
      await once(socket, 'connect');
      const id = socket.id;
      await new Promise((done) => setTimeout(done, 1200));
      assert.equal(socket.id, id, 'the same connection after four pings');
      const gone = once(socket, 'disconnect');
      socket.io.engine.close();
      assert.equal((await gone)[0], 'forced close');
      await once(socket, 'connect');
      assert.notEqual(socket.id, id);
    });
  });
}

test('a client of protocol 3 is refused properly', async (t) => {
  const server = await startConformance(t);
  const answer = await server.io.request('GET', 'EIO=3&transport=polling');
  assert.deepEqual([answer.status, JSON.parse(answer.body)],
    [400, { code: 5, message: 'Unsupported protocol version' }]);
});

test('the plain echo gives back messages up to 16 MiB', async (t) => {
  const { echo } = await startConformance(t);
  const ws = echo.socket('');
  await ws.opened;
  ws.send('text');
  assert.equal(await ws.next(), 'text');
  const large = Buffer.alloc(16 << 20, 5);
  ws.send(large);
  ws.send('after');
  assert.deepEqual(await ws.next(), large);
  assert.equal(await ws.next(), 'after');
  ws.send(Buffer.alloc((16 << 20) + 1));
  assert.equal(await ws.closed, 1009);
});
