// Clients of other languages are stricter than Node's, and some write what it would not: what one sends is put into a form that all
// can read, and what is refused is refused with a word.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import WebSocket from 'ws';
import { eventually, once, startServer } from './harness.mjs';
import { openClient } from './meeting.mjs';

// A client that writes its packets itself.
async function openRaw(t, server) {
  const ws = new WebSocket(`${server.ws}/socket.io/?EIO=4&transport=websocket`);
  const heard = [];
  ws.on('message', (data, isBinary) => heard.push(isBinary ? data : String(data)));
  t.after(() => ws.terminate());
  await once(ws, 'open');
  const next = async () => {
    await eventually('a packet comes', () => heard.length > 0);
    const packet = heard.shift();
    if (packet !== '2') return packet;
    ws.send('3');
    return next();
  };
  await next();
  ws.send('40');
  await next();
  return { send: (packet) => ws.send(packet), next };
}

test('messages are put into a form that every client reads', async (t) => {
  const server = await startServer(t);
  const [odd, witness] = [await openRaw(t, server), await openRaw(t, server)];
  for (const [sent, received] of [
    ['1e400', 'null'], ['-1e400', 'null'], [`${'7'.repeat(400)}`, 'null'],
    ['{"a":1,"a":2}', '{"a":2}'], ['{"a":1,"\\u0061":{"b":1,"b":2}}', '{"a":{"b":2}}'],
    ['9223372036854775807', '9223372036854775807'], ['18446744073709551615', '18446744073709551615'],
    ['-9223372036854775808', '-9223372036854775808'], ['100000000000000000000', '1e+20'],
    ['0.1', '0.1'], ['"\\ud800"', '"\ufffd"'], ['"\\u00fc\\ud83d\\ude00"', '"ü😀"'], [' [ 1 , { } ] ', '[1,{}]'],
  ]) {
    odd.send(`42["message",${sent}]`);
    for (const client of [odd, witness]) {
      const packet = await client.next();
      assert.match(packet, /^42\["message",\{"clientId":"[\w-]{20}","message":/);
      assert.equal(packet.slice(packet.indexOf('"message":') + 10, -2), received, sent);
    }
  }
});

test('a room that is a number beyond all numbers breaks nobody in it', async (t) => {
  const server = await startServer(t);
  const [odd, witness] = [await openRaw(t, server), await openRaw(t, server)];
  for (const client of [witness, odd]) client.send('42["join-room",1e400]');
  for (let i = 0; i < 2; i++) assert.equal(JSON.parse((await witness.next()).slice(2))[1].room, null);
});

test('what is binary goes on as binary', async (t) => {
  const server = await startServer(t);
  const [ana, bob] = [await openClient(t, server), await openRaw(t, server)];
  ana.emit('message', { picture: Buffer.from([1, 2, 3]), name: 'x' });
  assert.match(await bob.next(), /^451-\["message",\{"clientId":"[^"]+","message":\{"picture":\{"_placeholder":true,"num":0\},"name":"x"\}\}\]$/);
  assert.deepEqual(await bob.next(), Buffer.from([1, 2, 3]));
});

test('an exception repeats no placeholder of what is gone', async (t) => {
  const server = await startServer(t);
  const ana = await openClient(t, server);
  const refused = once(ana, 'exception');
  ana.emit('join-room', Buffer.from('x'));
  assert.deepEqual((await refused).cause, { pattern: 'join-room' });
});

test('what is nested too deeply is refused by an exception that says how deep is allowed', async (t) => {
  const server = await startServer(t);
  const ana = await openClient(t, server);
  const nested = (depth) => JSON.parse('['.repeat(depth) + ']'.repeat(depth));
  const heard = once(ana, 'message');
  ana.emit('message', nested(63));
  assert.deepEqual((await heard).message, nested(63));
  for (const args of [[nested(64)], [nested(900)], [nested(70), Buffer.from('x')]]) {
    const refused = once(ana, 'exception');
    ana.emit('message', ...args);
    const { message, cause } = await refused;
    assert.match(message, /at most 63 /);
    assert.equal(cause.pattern, 'message');
  }
  assert.equal(ana.connected, true);
});

test('limits count the text, not its escapes', async (t) => {
  const server = await startServer(t);
  const [python, witness] = [await openRaw(t, server), await openRaw(t, server)];
  python.send(`42["message","${'\\u00fc'.repeat(8000)}"]`);
  assert.equal(JSON.parse((await witness.next()).slice(2))[1].message, 'ü'.repeat(8000));
  python.send(`42["message","${'\\u00fc'.repeat(8200)}"]`);
  await python.next();
  assert.match(await python.next(), /Message too large/);
});

test('base64 by polling is read as Node reads it', async (t) => {
  const server = await startServer(t);
  const witness = await openClient(t, server);
  const url = `${server.url}/socket.io/?EIO=4&transport=polling`;
  const { sid } = JSON.parse((await (await fetch(url)).text()).slice(1));
  const post = async (body) =>
    assert.equal(await (await fetch(`${url}&sid=${sid}`, { method: 'POST', body, headers: { 'content-type': 'text/plain' } })).text(), 'ok');
  await post('40');
  const bytes = Buffer.alloc(100, 0xfb);
  const plain = bytes.toString('base64');
  const wrapped = plain.replace(/.{76}/g, '$&\n') + '\n';
  for (const text of [plain, wrapped, wrapped.replaceAll('\n', '\r\n'), plain.replaceAll('=', ''), bytes.toString('base64url')]) {
    const heard = once(witness, 'message');
    await post(`451-["message",{"_placeholder":true,"num":0}]\x1eb${text}`);
    assert.deepEqual((await heard).message, bytes, JSON.stringify(text));
  }
});
