import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RS, startConformance } from './conformance.mjs';

test('Socket.IO packets', async (t) => {
  const { io } = await startConformance(t);
  const connected = async (packet = '40') => {
    const ws = await io.session();
    ws.send(packet);
    ws.connect = await ws.nextEvent();
    ws.auth = await ws.nextEvent();
    return ws;
  };

  await t.test('connects, with and without auth, to both namespaces', async () => {
    for (const [packet, prefix, auth] of [
      ['40', '40', '42["auth",{}]'],
      ['40{"token":"123"}', '40', '42["auth",{"token":"123"}]'],
      ['40/custom', '40/custom,', '42/custom,["auth",{}]'],
      ['40/custom,', '40/custom,', '42/custom,["auth",{}]'],
      ['40/custom,{"token":"abc"}', '40/custom,', '42/custom,["auth",{"token":"abc"}]'],
    ]) {
      const ws = await connected(packet);
      assert.ok(ws.connect.startsWith(prefix + '{'), ws.connect);
      const reply = JSON.parse(ws.connect.slice(prefix.length));
      assert.deepEqual(Object.keys(reply), ['sid']);
      assert.equal(reply.sid.length, 20);
      assert.notEqual(reply.sid, JSON.parse(ws.handshake.slice(1)).sid, 'the session id stays secret');
      assert.equal(ws.auth, auth);
      ws.close();
    }
  });

  await t.test('what follows a connect at once is answered after its auth', async () => {
    const ws = await io.session();
    ws.send('40{"a":1}');
    ws.send('42["message",1]');
    ws.send('420["message-with-ack",2]');
    assert.ok((await ws.nextEvent()).startsWith('40{'));
    assert.equal(await ws.nextEvent(), '42["auth",{"a":1}]');
    assert.equal(await ws.nextEvent(), '42["message-back",1]');
    assert.equal(await ws.nextEvent(), '430[2]');
    for (const packet of ['41', '40{"a":2}', '41', '40{"a":3}']) ws.send(packet);
    while ((await ws.nextEvent()) !== '42["auth",{"a":3}]');
    ws.close();
  });

  await t.test('an unknown namespace is refused and the session stays', async () => {
    const ws = await io.session();
    ws.send('40/random');
    assert.equal(await ws.nextEvent(), '44/random,{"message":"Invalid namespace"}');
    ws.send('40');
    assert.ok((await ws.nextEvent()).startsWith('40{"sid":'));
    ws.close();
  });

  await t.test('arguments come back as they were, whatever JSON they are', async () => {
    const ws = await connected();
    for (const args of ['1,"2",{"3":[true]}', '1e400', '123456789012345678901234567890', '"\\ud800"', 'null',
      '{"__proto__":1,"a":{"b":[[[]]]}}', '"😀"']) {
      ws.send(`42["message",${args}]`);
      assert.equal(await ws.nextEvent(), `42["message-back",${args}]`);
    }
    ws.send('42["message"]');
    assert.equal(await ws.nextEvent(), '42["message-back"]');
    ws.send('42["m\\u0065ssage",1]');
    assert.equal(await ws.nextEvent(), '42["message-back",1]');
    ws.close();
  });

  await t.test('binary arguments come back, by WebSocket and by polls', async () => {
    const ws = await connected();
    ws.send('452-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]');
    ws.send(Buffer.from([1, 2, 3]));
    ws.send(Buffer.from([4, 5, 6]));
    assert.equal(await ws.nextEvent(),
      '452-["message-back",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]');
    assert.deepEqual(await ws.nextEvent(), Buffer.from([1, 2, 3]));
    assert.deepEqual(await ws.nextEvent(), Buffer.from([4, 5, 6]));
    ws.close();

    const sid = await io.open();
    await io.post(sid, '40');
    await io.poll(sid);
    await io.post(sid, `451-["message",{"_placeholder":true,"num":0}]${RS}b3q2+7w==`);
    assert.equal((await io.poll(sid)).body, `451-["message-back",{"_placeholder":true,"num":0}]${RS}b3q2+7w==`);
  });

  await t.test('acks carry the id, 0 too, and binary', async () => {
    const ws = await connected();
    for (const id of ['0', '456', '9007199254740991']) {
      ws.send(`42${id}["message-with-ack",1,"2",{"3":[false]}]`);
      assert.equal(await ws.nextEvent(), `43${id}[1,"2",{"3":[false]}]`);
    }
    ws.send('451-789["message-with-ack",{"_placeholder":true,"num":0}]');
    ws.send(Buffer.from([9]));
    assert.equal(await ws.nextEvent(), '461-789[{"_placeholder":true,"num":0}]');
    assert.deepEqual(await ws.nextEvent(), Buffer.from([9]));
    ws.close();
  });

  await t.test('leaving one namespace leaves the other', async () => {
    const ws = await connected();
    ws.send('40/custom');
    await ws.nextEvent();
    await ws.nextEvent();
    ws.send('41/custom');
    ws.send('42["message","here"]');
    assert.equal(await ws.nextEvent(), '42["message-back","here"]');
    ws.send('41');
    ws.send('40');
    assert.ok((await ws.nextEvent()).startsWith('40{'), 'it may connect again');
    ws.close();
  });

  await t.test('what means nothing is ignored', async () => {
    const ws = await connected();
    for (const packet of ['42', '43', '4399[]', '5', '6', '0', '3', '42["unknown"]', '427["unknown"]', '42[7]',
      `42["${'n'.repeat(100000)}"]`])
      ws.send(packet);
    ws.send('42["message","still here"]');
    assert.equal(await ws.nextEvent(), '42["message-back","still here"]');
    ws.close();
  });

  const deep = '['.repeat(65) + ']'.repeat(65);
  const fatal = ['47', '4abc', '4', '42{}', '42[]', '42"a"', '42[null]', '42["a"', '42["a",]', '42["connect"]',
    '42["disconnect"]', '42["newListener"]', '42abc["a"]', '42 1["a"]', '429007199254740992["a"]', '43{}', '44"x"',
    '44{}', '45["a"]', '450-["a"]', '4511-["a"]', '45x-["a"]', '451-["a",{"_placeholder":true,"num":1}]',
    '40', '40{}', '41{}', '42/nope,["a"]', '42/custom,["a"]', '41/custom,', '41/nope', `42["a",${deep}]`,
    Buffer.from([1])];
  for (const packet of fatal) {
    await t.test(`fatal: ${String(packet).slice(0, 50)}`, async () => {
      const other = await connected();
      const ws = await connected();
      ws.send(packet);
      assert.equal(await ws.closed, 1005);
      assert.deepEqual(ws.heard.filter((m) => m !== '2'), [], 'nothing is sent first');
      other.send('42["message","here"]');
      assert.equal(await other.nextEvent(), '42["message-back","here"]');
      other.close();
    });
  }

  await t.test('fatal before a connect: an event, an array as auth, text among attachments', async () => {
    for (const packets of [['42["message"]'], ['40[]'], ['40null'], ['41'],
      ['40', '451-["message",{"_placeholder":true,"num":0}]', '42["message"]']]) {
      const ws = await io.session();
      for (const packet of packets) ws.send(packet);
      assert.equal(await ws.closed, 1005, packets[0]);
    }
  });

  await t.test('attachments have a limit all together', async () => {
    const ws = await connected();
    ws.send('4510-["message"]');
    for (let i = 0; i < 6; i++) ws.send(Buffer.alloc(900000));
    assert.equal(await ws.closed, 1005);
  });

  await t.test('who joins no namespace is sent away', async () => {
    const start = Date.now();
    const ws = await io.session();
    const answerPings = setInterval(() => ws.send('3'), 100);
    ws.send('40/random');
    await ws.closed;
    clearInterval(answerPings);
    const waited = Date.now() - start;
    assert.ok(waited >= 950, `${waited} ms`);
  });

  await t.test('by polls: connect, event, and the end by 41 and 1 in one body', async () => {
    const sid = await io.open();
    await io.post(sid, '40{"token":"t1"}');
    const parts = [];
    while (parts.length < 2) parts.push(...(await io.poll(sid)).body.split(RS));
    assert.ok(parts[0].startsWith('40{"sid"'));
    assert.equal(parts[1], '42["auth",{"token":"t1"}]');
    await io.post(sid, `42["message","a"]${RS}42["message","b"]`);
    assert.equal((await io.poll(sid)).body, `42["message-back","a"]${RS}42["message-back","b"]`);
    const poll = await io.hold(sid);
    assert.equal((await io.post(sid, `41${RS}1`)).body, 'ok');
    assert.equal((await poll.answer).body, '6');
    assert.equal((await io.poll(sid)).status, 400);
  });
});
