import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startConformance } from './conformance.mjs';
import { eventually } from './harness.mjs';

test('upgrade', async (t) => {
  const { engine } = await startConformance(t);
  const candidate = async (sid) => {
    const ws = engine.socket(`EIO=4&transport=websocket&sid=${sid}`);
    await ws.opened;
    return ws;
  };

  await t.test('a session can begin on a WebSocket', async () => {
    const ws = await engine.session();
    const open = JSON.parse(ws.handshake.slice(1));
    assert.deepEqual(open.upgrades, []);
    assert.equal(open.maxPayload, 1000000);
    ws.send('4hello');
    assert.equal(await ws.nextEvent(), '4hello');
    ws.send(Buffer.from([1, 2, 3, 4]));
    assert.deepEqual(await ws.nextEvent(), Buffer.from([1, 2, 3, 4]));
    ws.send('bAQIDBA==');
    assert.deepEqual(await ws.nextEvent(), Buffer.from([1, 2, 3, 4]));
    ws.close();
  });

  await t.test('a held poll gets a noop after the probe, then all goes by WebSocket', async () => {
    const sid = await engine.open();
    const held = await engine.hold(sid);
    const ws = await candidate(sid);
    ws.send('2probe');
    assert.equal(await ws.next(), '3probe');
    assert.equal((await held.answer).body, '6');
    assert.equal((await engine.poll(sid)).body, '6', 'a poll that comes after the probe');
    ws.send('5');
    ws.send('4hello');
    assert.equal(await ws.nextEvent(), '4hello');
    for (const answer of [await engine.poll(sid), await engine.post(sid, '4x')]) {
      assert.equal(answer.status, 400);
      assert.equal(JSON.parse(answer.body).code, 3);
    }
    ws.close();
  });

  await t.test('what polls did not fetch comes first on the WebSocket', async () => {
    const sid = await engine.open();
    const ws = await candidate(sid);
    ws.send('2probe');
    await ws.next();
    await engine.post(sid, '4one');
    await engine.post(sid, '4two');
    ws.send('5');
    ws.send('4three');
    assert.deepEqual([await ws.nextEvent(), await ws.nextEvent(), await ws.nextEvent()],
      ['4one', '4two', '4three']);
    ws.close();
  });

  await t.test('garbage first costs the candidate, not the session', async () => {
    for (const garbage of ['4hello', '2', '1', 'x', Buffer.from('2probe')]) {
      const sid = await engine.open();
      const ws = await candidate(sid);
      ws.send(garbage);
      await ws.closed;
      assert.equal((await engine.post(sid, '4x')).status, 200, String(garbage));
      assert.equal((await engine.poll(sid)).body, '4x');
    }
  });

  await t.test('a candidate that goes away leaves the session where it was', async () => {
    const sid = await engine.open();
    const ws = await candidate(sid);
    ws.send('2probe');
    await ws.next();
    ws.terminate();
    await engine.post(sid, '4x');
    // As long as the server believes in the candidate it answers polls with a noop.
    await eventually('polls bring messages again', async () => (await engine.poll(sid)).body === '4x');
    const again = await candidate(sid);
    again.send('2probe');
    assert.equal(await again.next(), '3probe');
    again.close();
  });

  await t.test('a second WebSocket is closed, during the upgrade and after it', async () => {
    const sid = await engine.open();
    const first = await candidate(sid);
    first.send('2probe');
    await first.next();
    assert.equal(await engine.socket(`EIO=4&transport=websocket&sid=${sid}`).closed, 1005);
    first.send('5');
    first.send('4x');
    assert.equal(await first.nextEvent(), '4x');
    assert.equal(await engine.socket(`EIO=4&transport=websocket&sid=${sid}`).closed, 1005);
    first.send('4y');
    assert.equal(await first.nextEvent(), '4y');
    first.close();
  });

  await t.test('5 without a probe is accepted', async () => {
    const sid = await engine.open();
    const ws = await candidate(sid);
    ws.send('5');
    ws.send('4x');
    assert.equal(await ws.nextEvent(), '4x');
    ws.close();
  });

  await t.test('refused upgrades are answered 400', async () => {
    for (const query of ['EIO=3&transport=websocket', 'transport=websocket', 'EIO=4&transport=abc', 'EIO=4',
      'EIO=4&transport=polling', 'EIO=4&transport=websocket&sid=nobody']) {
      const ws = engine.socket(query);
      const status = await new Promise((done) => ws.on('unexpected-response', (_, answer) => done(answer.statusCode)));
      assert.equal(status, 400, query);
    }
  });

  await t.test('pings and their pongs', async () => {
    const lively = await startConformance(t, { pingIntervalMs: 300 });
    const ws = await lively.engine.session();
    for (let i = 0; i < 3; i++) {
      assert.equal(await ws.next(), '2');
      ws.send('3');
    }
    ws.close();
    const strict = await startConformance(t, { pingIntervalMs: 300, pingTimeoutMs: 200 });
    const silent = await strict.engine.session();
    assert.equal(await silent.next(), '2');
    assert.equal(await silent.closed, 1005, 'silence closes it without a code');
  });

  await t.test('a close packet, a breach and an oversized message close it', async () => {
    for (const [message, code] of [['1', 1005], ['abc', 1005], ['2', 1005], ['2probe', 1005], ['', 1005],
      ['4' + 'x'.repeat(1000000), 1009]]) {
      const ws = await engine.session();
      ws.send(message);
      assert.equal(await ws.closed, code, message.slice(0, 10));
    }
    const ws = await engine.session();
    ws.send('4' + 'x'.repeat(999999));
    assert.equal((await ws.nextEvent()).length, 1000000);
    ws.close();
  });
});
