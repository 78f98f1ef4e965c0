import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, once, PATIENCE_MS, startServer } from './harness.mjs';
import { openClient } from './meeting.mjs';

// Nothing that was on its way is missing any more once a later ack has come.
const settle = (socket) => socket.timeout(PATIENCE_MS).emitWithAck('message', 'settled');

test('rooms and messages, as clients know them', async (t) => {
  const server = await startServer(t, { env: { SOCKET_RECOVERY: 'off' } });
  const [ana, bob, eva] = [await openClient(t, server), await openClient(t, server), await openClient(t, server)];

  await t.test('a message reaches everybody, the sender too, and is acknowledged', async () => {
    for (const [args, message] of [[['olá'], 'olá'], [[{ a: [1] }], { a: [1] }], [[null], null],
      [[1, 2], [1, 2]], [[Buffer.from([1, 255])], Buffer.from([1, 255])],
      [[{ deep: [Buffer.from('a')] }, Buffer.from('b')], [{ deep: [Buffer.from('a')] }, Buffer.from('b')]]]) {
      const heard = [ana, bob, eva].map((socket) => once(socket, 'message'));
      assert.equal(await ana.timeout(PATIENCE_MS).emitWithAck('message', ...args), 'Message received');
      for (const event of await Promise.all(heard)) assert.deepEqual(event, { clientId: ana.id, message });
    }
    const bare = once(bob, 'message');
    ana.emit('message');
    assert.deepEqual(await bare, { clientId: ana.id });
  });

  await t.test('joining and leaving are told to the room', async () => {
    let heard = once(ana, 'user-joined');
    ana.emit('join-room', 'sala');
    assert.deepEqual(await heard, { clientId: ana.id, room: 'sala' });
    const both = [ana, bob].map((socket) => once(socket, 'user-joined'));
    bob.emit('join-room', 'sala');
    for (const event of await Promise.all(both)) assert.deepEqual(event, { clientId: bob.id, room: 'sala' });
    heard = once(ana, 'user-joined');
    bob.emit('join-room', 'sala');
    await heard; // joining again repeats the event
    heard = once(ana, 'user-left');
    bob.emit('leave-room', 'sala');
    assert.deepEqual(await heard, { clientId: bob.id, room: 'sala' });
    let wrong = 0;
    ana.on('user-left', () => wrong++);
    bob.emit('leave-room', 'sala');
    await settle(bob);
    assert.equal(wrong, 0, 'who is not in a room cannot make it hear anything');
  });

  await t.test('an array joins each, told once to all of them', async () => {
    eva.emit('join-room', 'one');
    await once(eva, 'user-joined');
    const heard = [];
    eva.on('user-joined', (event) => heard.push(event));
    bob.emit('join-room', ['one', 'two', 3]);
    await settle(bob);
    await eventually('eva hears', () => heard.length > 0);
    assert.deepEqual(heard, [{ clientId: bob.id, room: ['one', 'two', 3] }]);
  });

  await t.test('nobody joins the room of another socket, by any form', async () => {
    for (const room of [eva.id, [eva.id], { room: eva.id }, ['x', eva.id]]) {
      const refused = once(bob, 'exception');
      bob.emit('join-room', room);
      assert.equal((await refused).message, 'Forbidden room');
    }
  });

  await t.test('what is no room is refused by an exception in the usual shape', async () => {
    for (const [args, message] of [[[], 'room is required'], [[{}], 'room is required'], [[null], 'room is required'],
      [[''], 'Invalid room'], [['x'.repeat(301)], 'Invalid room'], [['a\u0001b'], 'Invalid room']]) {
      const heard = once(bob, 'exception');
      bob.emit('join-room', ...args);
      const exception = await heard;
      assert.equal(exception.status, 'error');
      assert.equal(exception.message, message);
      assert.equal(exception.cause.pattern, 'join-room');
    }
  });

  await t.test('a room is told what was entered, not what was asked for', async () => {
    const [guest, loud] = [await openClient(t, server), await openClient(t, server)];
    guest.emit('join-room', 'hall');
    await once(guest, 'user-joined');
    for (const [wish, room] of [[['hall', 'y'.repeat(900e3)], ['hall']], [[7, {}, 'hall'], [7, 'hall']],
      [{ room: ['hall'], more: 'y'.repeat(900e3) }, ['hall']], ['hall', 'hall']]) {
      const heard = once(guest, 'user-joined');
      loud.emit('join-room', wish);
      assert.deepEqual(await heard, { clientId: loud.id, room });
    }
    const heard = once(guest, 'user-left');
    loud.emit('leave-room', ['y'.repeat(900e3), 'hall']);
    assert.deepEqual(await heard, { clientId: loud.id, room: 'hall' });
  });

  await t.test('256 rooms a client', async () => {
    const many = await openClient(t, server);
    many.emit('join-room', Array.from({ length: 255 }, (_, i) => `r${i}`));
    many.emit('join-room', 'r255');
    await settle(many);
    assert.deepEqual(many.exceptions, []);
    many.emit('join-room', 'one too many');
    await eventually('it is refused', () => many.exceptions.length > 0);
    assert.equal(many.exceptions[0].message, 'Too many rooms');
  });

  await t.test('messages are limited in size and pace', async () => {
    const loud = await openClient(t, server);
    loud.emit('message', 'x'.repeat(16 * 1024));
    await eventually('too large', () => loud.exceptions.length === 1);
    assert.equal(loud.exceptions[0].message, 'Message too large');
    for (let i = 0; i < 200; i++) loud.emit('message', i);
    await eventually('too many', () => loud.exceptions.length >= 5);
    assert.equal(loud.exceptions[1].message, 'Too many messages');
  });
});

test('SOCKET_MESSAGE_SCOPE=rooms keeps a message among those who share a room', async (t) => {
  const server = await startServer(t, { env: { SOCKET_MESSAGE_SCOPE: 'rooms' } });
  const [ana, bob, eva] = [await openClient(t, server), await openClient(t, server), await openClient(t, server)];
  const heard = { ana: 0, bob: 0, eva: 0 };
  ana.on('message', () => heard.ana++);
  bob.on('message', () => heard.bob++);
  eva.on('message', () => heard.eva++);
  for (const socket of [ana, bob]) {
    socket.emit('join-room', 'sala');
    await once(socket, 'user-joined');
  }
  await ana.timeout(PATIENCE_MS).emitWithAck('message', 1);
  await eventually('bob hears', () => heard.bob === 1);
  await settle(eva);
  assert.deepEqual(heard, { ana: 1, bob: 1, eva: 1 }, 'eva hears only herself');
});
