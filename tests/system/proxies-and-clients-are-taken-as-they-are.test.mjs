import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { delay } from './egress.mjs';
import { eventually, once, startServer } from './harness.mjs';

// Of another user each time, since attempts are counted for each of them, too.
let users = 0;
const newLogin = () => ({ email: `u${users++}@example.org`, password: 'not the password' });

// One connection that sends texts as they are.
async function rawConnection(t, server) {
  const socket = connect(server.port, '127.0.0.1');
  await once(socket, 'connect');
  t.after(() => socket.destroy());
  const raw = { socket, text: '', isClosed: false };
  socket.on('data', (part) => (raw.text += part));
  socket.on('close', () => (raw.isClosed = true));
  raw.statuses = () => [...raw.text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => Number(match[1]));
  return raw;
}

test('each client behind a proxy has its own budget, whatever the proxy writes', async (t) => {
  const server = await startServer(t, { env: { TRUST_PROXY: 'loopback', AUTH_LOGINS_PER_MINUTE: '2' } });
  const statuses = [];
  for (const port of [4711, 4712, 4713, 4714])
    statuses.push((await server.post('/auth/login', newLogin(), { headers: { 'x-forwarded-for': `203.0.113.7:${port}` } })).status);
  assert.deepEqual(statuses, [401, 401, 429, 429]);
  for (const other of ['203.0.113.8:4711', '[2001:db8:1::7]:4711', '[2001:db8:2::7]:4711'])
    assert.equal((await server.post('/auth/login', newLogin(), { headers: { 'x-forwarded-for': other } })).status, 401, other);

  // On two lines, the second of which is the proxy's own.
  const raw = await rawConnection(t, server);
  for (let i = 0; i < 4; i++) {
    const body = JSON.stringify(newLogin());
    raw.socket.write(`POST /auth/login HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 203.0.113.9\r\nX-Forwarded-For: 127.0.0.1\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  }
  await eventually('the answers', () => raw.statuses().length === 4);
  assert.deepEqual(raw.statuses(), [401, 401, 429, 429]);
  assert.equal((await server.post('/auth/login', newLogin())).status, 401, 'the proxy itself');
});

test('metrics are not shown through a proxy on the same machine', async (t) => {
  const server = await startServer(t);
  for (const [name, value] of [['x-forwarded-for', '203.0.113.7'], ['x-real-ip', '203.0.113.7'], ['forwarded', 'for=203.0.113.7'],
    ['via', '1.1 proxy'], ['x-forwarded-for', '127.0.0.1']])
    assert.equal((await server.get('/metrics', { headers: { [name]: value } })).status, 403, name);
  assert.equal((await server.get('/metrics')).status, 200);
});

test('an idle connection outlives seven seconds, and is closed after KEEP_ALIVE_MS', async (t) => {
  const server = await startServer(t);
  const raw = await rawConnection(t, server);
  const request = 'GET /health HTTP/1.1\r\nHost: h\r\n\r\n';
  raw.socket.write(request);
  await eventually('an answer', () => raw.statuses().length === 1);
  await delay(8000); // proxies keep idle connections for a minute
  raw.socket.write(request);
  await eventually('another answer', () => raw.statuses().length === 2 || raw.isClosed);
  assert.deepEqual(raw.statuses(), [200, 200]);

  const hasty = await startServer(t, { env: { KEEP_ALIVE_MS: '1000' } });
  const other = await rawConnection(t, hasty);
  other.socket.write(request);
  await eventually('it is closed', () => other.isClosed);
  assert.deepEqual(other.statuses(), [200]);
});

test('empty lines before a request are skipped', async (t) => {
  const server = await startServer(t);
  const raw = await rawConnection(t, server);
  const body = JSON.stringify({ event: 'x' });
  // As old clients do: an empty line behind a body.
  raw.socket.write('\r\n');
  raw.socket.write(`POST /livekit/webhook HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n` +
    `Content-Length: ${body.length}\r\n\r\n${body}\r\n`);
  await eventually('an answer', () => raw.statuses().length === 1);
  for (const part of ['\r', '\nGET /health HTTP/1.1\r\nHost: h\r\n\r\n']) raw.socket.write(part);
  await eventually('another answer', () => raw.statuses().length === 2);
  assert.deepEqual(raw.statuses(), [204, 200]);
});

test('a body that is compressed, or in another character set, is refused with 415', async (t) => {
  const server = await startServer(t);
  const text = JSON.stringify(newLogin());
  const post = (path, body, headers) => server.get(path, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });
  const gzip = await post('/auth/login', gzipSync(text), { 'content-encoding': 'gzip' });
  assert.equal(gzip.status, 415);
  assert.deepEqual(gzip.body, { statusCode: 415, message: 'unsupported content encoding "gzip"' });
  for (const path of ['/auth/login', '/livekit/webhook']) {
    const utf7 = await post(path, text, { 'content-type': 'application/json; charset=utf-7' });
    assert.equal(utf7.status, 415, path);
    assert.deepEqual(utf7.body, { statusCode: 415, message: 'unsupported charset "UTF-7"' });
  }
  assert.equal((await post('/auth/login', text, { 'content-type': 'application/json; Charset="UTF-8"' })).status, 401);
  assert.equal((await post('/auth/login', text, { 'content-encoding': 'identity' })).status, 401);
});
