import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RS, startConformance } from './conformance.mjs';
import { eventually } from './harness.mjs';

test('long-polling', async (t) => {
  const { engine } = await startConformance(t);

  await t.test('the handshake names the session and its limits', async () => {
    const answer = await engine.request('GET', 'EIO=4&transport=polling');
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['content-type'], 'text/plain; charset=UTF-8');
    assert.equal(answer.headers['cache-control'], 'no-store');
    assert.equal(Number(answer.headers['content-length']), answer.body.length);
    assert.equal(answer.body[0], '0');
    const open = JSON.parse(answer.body.slice(1));
    assert.deepEqual(Object.keys(open), ['sid', 'upgrades', 'pingInterval', 'pingTimeout', 'maxPayload']);
    assert.match(open.sid, /^[A-Za-z0-9_-]{20}$/);
    assert.deepEqual({ ...open, sid: '' }, { sid: '', upgrades: ['websocket'], pingInterval: 60000,
      pingTimeout: 60000, maxPayload: 1000000 });
  });

  await t.test('each refusal has its code', async () => {
    const sid = await engine.open();
    const cases = [
      ['GET', 'EIO=4', 0, 'Transport unknown'],
      ['GET', 'EIO=4&transport=Polling', 0, 'Transport unknown'],
      ['GET', 'EIO=4&transport=webtransport', 0, 'Transport unknown'],
      ['GET', 'EIO=4&transport=polling&sid=nobody', 1, 'Session ID unknown'],
      ['POST', 'EIO=4&transport=polling', 2, 'Bad handshake method'],
      ['PUT', 'EIO=4&transport=polling', 2, 'Bad handshake method'],
      ['GET', 'EIO=4&transport=websocket', 3, 'Bad request'],
      ['GET', `EIO=4&transport=websocket&sid=${sid}`, 3, 'Bad request'],
      ['GET', `EIO=3&transport=polling&sid=${sid}`, 3, 'Bad request'],
      ['GET', 'EIO=3&transport=polling', 5, 'Unsupported protocol version'],
      ['GET', 'transport=polling', 5, 'Unsupported protocol version'],
      ['GET', 'EIO=abc&transport=polling', 5, 'Unsupported protocol version'],
    ];
    for (const [method, query, code, message] of cases) {
      const answer = await engine.request(method, query);
      assert.equal(answer.status, 400, query);
      assert.match(answer.headers['content-type'], /^application\/json/);
      assert.deepEqual(JSON.parse(answer.body), { code, message }, query);
    }
  });

  await t.test('a method of no use is answered 500, and the session goes on', async () => {
    const sid = await engine.open();
    const answer = await engine.request('PUT', `EIO=4&transport=polling&sid=${sid}`);
    assert.deepEqual([answer.status, answer.body], [500, '']);
    assert.equal((await engine.post(sid, '4still here')).status, 200);
  });

  for (const [what, body] of [
    ['one packet', '4hello'],
    ['several packets', `4a${RS}4b${RS}4c`],
    ['binary', `4hello${RS}bAQIDBA==`],
    ['characters of four bytes', '4😀é€'],
  ]) {
    await t.test(`${what} come back`, async () => {
      const sid = await engine.open();
      const posted = await engine.post(sid, body);
      assert.deepEqual([posted.status, posted.body], [200, 'ok']);
      assert.equal(posted.headers['content-type'], 'text/html');
      assert.equal(posted.headers['cache-control'], 'no-store');
      const polled = await engine.poll(sid);
      assert.equal(polled.body, body);
      assert.equal(Number(polled.headers['content-length']), Buffer.byteLength(body));
    });
  }

  await t.test('a held poll is answered as soon as there is something', async () => {
    const sid = await engine.open();
    const poll = await engine.hold(sid);
    await engine.post(sid, '4now');
    assert.equal((await poll.answer).body, '4now');
  });

  for (const body of ['', 'abc', '7', `4a${RS}`, `${RS}4a`, `4a${RS}${RS}4b`, '4a' + RS + 'x',
    'bno base64!', Buffer.from([0x34, 0xff, 0xfe])]) {
    await t.test(`a bad payload ends the session: ${JSON.stringify(String(body))}`, async () => {
      const sid = await engine.open();
      await engine.post(sid, body);
      const answer = await engine.poll(sid);
      assert.equal(answer.status, 400);
      assert.equal(JSON.parse(answer.body).code, 1);
    });
  }

  await t.test('a second poll ends the session: 1 for the first, 400 for the second', async () => {
    const sid = await engine.open();
    const first = await engine.hold(sid);
    const second = await engine.poll(sid);
    assert.deepEqual([second.status, second.body], [400, '']);
    assert.equal((await first.answer).body, '1');
    assert.equal((await engine.poll(sid)).status, 400);
  });

  await t.test('a second POST while one arrives ends the session and cuts the first', async () => {
    const sid = await engine.open();
    const head = `POST /engine.io/?EIO=4&transport=polling&sid=${sid} HTTP/1.1\r\nHost: x\r\n` +
      'Content-Type: text/plain\r\nContent-Length: 100\r\n\r\n4abc';
    const first = await engine.raw(head);
    await engine.settle();
    const second = await engine.post(sid, '4x');
    assert.deepEqual([second.status, second.body], [400, '']);
    await eventually('the first is cut', () => first.closed || first.destroyed || first.readableEnded);
    assert.equal(first.text, '');
    assert.equal((await engine.poll(sid)).status, 400);
  });

  await t.test('an aborted poll ends the session', async () => {
    const sid = await engine.open();
    const abort = new AbortController();
    await engine.hold(sid, { signal: abort.signal });
    abort.abort();
    await eventually('the session is gone', async () => (await engine.post(sid, '4x')).status === 400);
  });

  await t.test('a POST aborted at any byte ends that session alone', async () => {
    const other = await engine.open();
    const sid = await engine.open();
    const text = `POST /engine.io/?EIO=4&transport=polling&sid=${sid} HTTP/1.1\r\nHost: x\r\n` +
      'Content-Length: 10\r\n\r\n4abcdefghi';
    for (const cut of [1, 20, 60, text.length - 10]) {
      const socket = await engine.raw(text.slice(0, cut));
      socket.destroy();
    }
    const last = await engine.raw(text.slice(0, -1));
    await engine.settle();
    last.destroy();
    await eventually('the session is gone', async () => (await engine.post(sid, '4x')).status === 400);
    assert.equal((await engine.post(other, '4x')).status, 200);
  });

  await t.test('octet-stream is refused and ends the session', async () => {
    const sid = await engine.open();
    const answer = await engine.post(sid, '4x', { headers: { 'content-type': 'application/octet-stream' } });
    assert.equal(answer.status, 400);
    assert.equal((await engine.poll(sid)).status, 400);
  });

  await t.test('a payload of maxPayload is taken, one byte more is 413 and the session survives', async () => {
    const sid = await engine.open();
    const large = '4' + 'x'.repeat(999999);
    assert.equal((await engine.post(sid, large)).status, 200);
    assert.equal((await engine.poll(sid)).body.length, 1000000);
    const over = await engine.post(sid, large + 'x');
    assert.deepEqual([over.status, over.body], [413, '']);
    assert.equal((await engine.post(sid, '3')).status, 200);
  });

  await t.test('pings come at their time and pongs keep the session', async () => {
    const { engine } = await startConformance(t, { pingIntervalMs: 300 });
    const sid = await engine.open();
    for (let i = 0; i < 3; i++) {
      assert.equal((await engine.poll(sid)).body, '2');
      const answered = Date.now();
      assert.equal((await engine.post(sid, '3')).status, 200);
      const next = await engine.poll(sid);
      const waited = Date.now() - answered;
      assert.equal(next.body, '2');
      assert.ok(waited >= 290, `waited ${waited} ms`);
      assert.equal((await engine.post(sid, '3')).status, 200);
    }
  });

  await t.test('without a pong the session is over after interval and timeout', async () => {
    const strict = await startConformance(t, { pingIntervalMs: 300, pingTimeoutMs: 200 });
    const sid = await strict.engine.open();
    const opened = Date.now();
    await eventually('it is over', async () => (await strict.engine.poll(sid)).status === 400);
    assert.ok(Date.now() - opened >= 300, 'not before the ping');
  });

  await t.test('a ping from the client is a breach', async () => {
    const sid = await engine.open();
    await engine.post(sid, '2');
    assert.equal((await engine.poll(sid)).status, 400);
  });

  await t.test('packets that mean nothing are passed over', async () => {
    const sid = await engine.open();
    assert.equal((await engine.post(sid, ['3', '0', '5', '6', '4x'].join(RS))).status, 200);
    assert.equal((await engine.poll(sid)).body, '4x');
  });

  await t.test('a close packet ends the session: the held poll gets a noop', async () => {
    const sid = await engine.open();
    const poll = await engine.hold(sid);
    const posted = await engine.post(sid, '1');
    assert.deepEqual([posted.status, posted.body], [200, 'ok']);
    assert.equal((await poll.answer).body, '6');
    assert.equal((await engine.poll(sid)).status, 400);
  });

  await t.test('CORS: the origin is echoed, on errors and preflights too', async () => {
    const headers = { origin: 'https://app.example' };
    for (const query of ['EIO=4&transport=polling', 'EIO=3&transport=polling']) {
      const answer = await engine.request('GET', query, { headers });
      assert.equal(answer.headers['access-control-allow-origin'], 'https://app.example');
      assert.equal(answer.headers['access-control-allow-credentials'], 'true');
      assert.match(answer.headers.vary, /Origin/);
    }
    const preflight = await engine.request('OPTIONS', 'EIO=4&transport=polling', {
      headers: { ...headers, 'access-control-request-headers': 'x-a' } });
    assert.equal(preflight.status, 204);
    assert.equal(preflight.headers['access-control-allow-headers'], 'x-a');
    assert.equal(preflight.headers['access-control-allow-methods'], 'GET,HEAD,PUT,PATCH,POST,DELETE');
  });
});
