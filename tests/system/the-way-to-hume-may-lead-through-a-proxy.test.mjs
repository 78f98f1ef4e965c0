// HTTPS_PROXY and TLS: the proxy sees a name and nothing else, and the service has to be who it says it is.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { closeTrack, finishedWav, openTrack, roomNoise, streamAudio } from './egress.mjs';
import { atEnd, eventually, startServer, temporaryFolder } from './harness.mjs';
import { audioOf, FakeHumeV0, FakeHumeV1 } from '../fakes/hume.mjs';

// Of a certificate that is its own authority.
async function certificate(t, name) {
  const folder = await temporaryFolder(t), key = join(folder, 'key.pem'), cert = join(folder, 'cert.pem');
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
    '-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  return { file: cert, key: readFileSync(key), cert: readFileSync(cert) };
}

// Connects whatever name it is asked for to one port; `status`: refuses. Keeps what it is asked and what it sees.
async function startConnectProxy(t, port, { status } = {}) {
  const proxy = { asked: [], seen: [] };
  const sockets = new Set();
  const server = createServer((_, response) => response.writeHead(405).end());
  server.on('connect', (request, client) => {
    sockets.add(client);
    client.on('error', () => {});
    proxy.asked.push({ target: request.url, credentials: request.headers['proxy-authorization'] });
    if (status) return client.end(`HTTP/1.1 ${status} No\r\nContent-Length: 2\r\n\r\nno`);
    const upstream = connect(port, '127.0.0.1', () => client.write('HTTP/1.1 200 Connection established\r\n\r\n'));
    sockets.add(upstream);
    upstream.on('error', () => client.destroy());
    client.on('data', (part) => proxy.seen.push(part));
    client.pipe(upstream).pipe(client);
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  atEnd(t, () => {
    for (const socket of sockets) socket.destroy();
    return new Promise((done) => server.close(done));
  });
  proxy.address = `127.0.0.1:${server.address().port}`;
  return proxy;
}

const KEY = 'a-key-of-the-service';

// A world in which `host` leads through a proxy to a service whose certificate says hume.example.
async function setUp(t, Fake, host, { status, credentials = '', written } = {}) {
  const tls = await certificate(t, 'hume.example');
  const hume = await new Fake({ tls, key: KEY, aheadMs: 60000 }).start();
  atEnd(t, () => hume.stop());
  const proxy = await startConnectProxy(t, hume.port, { status });
  const server = await startServer(t, { env: { HUME_API_KEY: KEY, HUME_WS_URL: `wss://${host}${hume.path}`,
    SSL_CERT_FILE: tls.file, HUME_SKIP_SILENCE: 'off', AUDIO_PIPELINE_GROUP_SECONDS: '0.5',
    ...(written?.(proxy.address) ?? { HTTPS_PROXY: `http://${credentials}${proxy.address}` }) } });
  return { hume, proxy, server };
}

// So many tracks speak until `enough`; what they recorded is what they sent.
async function speak(server, tracks, enough) {
  const ids = Array.from({ length: tracks }, (_, i) => `TR_${i}`);
  const sockets = await Promise.all(ids.map((trackId) => openTrack(server, { roomName: 'sala', trackId, meetingId: 'RM_p' })));
  const streams = sockets.map((socket, i) => streamAudio(socket, roomNoise(48000, i)));
  await eventually('enough was said', async () => enough() && streams.every((stream) => stream.sentMs() > 2000));
  streams.forEach((stream) => stream.stop());
  await Promise.all(sockets.map(closeTrack));
  for (const [i, id] of ids.entries()) {
    const sent = streams[i].sent();
    assert.ok((await finishedWav(server, id, { bytes: sent.length })).data.equals(sent));
  }
}

for (const [name, Fake] of [['v0', FakeHumeV0], ['v1', FakeHumeV1]])
  test(`${name}: a tunnel through the proxy, TLS inside`, async (t) => {
    const { hume, proxy, server } = await setUp(t, Fake, 'hume.example', { credentials: 'ana:p%40ss@' });
    await speak(server, 1, () => hume.sessions.length && audioOf(hume.sessions[0]).length > 32000);
    assert.deepEqual(hume.errors, []);
    assert.deepEqual(proxy.asked, [{ target: 'hume.example:443',
      credentials: `Basic ${Buffer.from('ana:p@ss').toString('base64')}` }]);
    assert.ok(!Buffer.concat(proxy.seen).includes(KEY), 'the key went through the proxy in clear');
    assert.ok(!server.log.includes('p%40ss') && !server.log.includes('p@ss'), 'the password of the proxy is in the log');
  });

for (const [how, written] of Object.entries({
  'without a scheme': (address) => ({ HTTPS_PROXY: address }),
  'in lower case': (address) => ({ https_proxy: `http://${address}/`, no_proxy: 'localhost,.elsewhere.example' }),
}))
  test(`the proxy may be named ${how}`, async (t) => {
    const { hume, proxy, server } = await setUp(t, FakeHumeV0, 'hume.example', { written });
    await speak(server, 1, () => hume.sessions.length && audioOf(hume.sessions[0]).length > 32000);
    assert.deepEqual(proxy.asked.map(({ target }) => target), ['hume.example:443']);
  });

test('NO_PROXY names what is reached without it', async (t) => {
  const hume = await new FakeHumeV0({ key: KEY, aheadMs: 60000 }).start();
  atEnd(t, () => hume.stop());
  const server = await startServer(t, { env: { HUME_API_KEY: KEY, HUME_WS_URL: `ws://127.0.0.1:${hume.port}${hume.path}`,
    HTTPS_PROXY: '127.0.0.1:9', NO_PROXY: '10.0.0.0/8, 127.0.0.0/8', HUME_SKIP_SILENCE: 'off',
    AUDIO_PIPELINE_GROUP_SECONDS: '0.5' } });
  await speak(server, 1, () => hume.sessions.length && audioOf(hume.sessions[0]).length > 32000);
});

test('a service with a certificate for another name gets nothing', async (t) => {
  const { hume, proxy, server } = await setUp(t, FakeHumeV0, 'other.example');
  const warning = /warn +hume: the service does not answer.* why="[^"]*hostname mismatch/;
  await speak(server, 6, () => warning.test(server.log));
  assert.ok(proxy.asked.length >= 5 && proxy.asked.every(({ target }) => target === 'other.example:443'));
  assert.equal(hume.handshakes, 0);
  assert.ok((await server.metric('prosa_hume_failures_total')) >= 5);
  assert.equal(await server.metric('prosa_hume_breaker_open'), 1);
});

test('a proxy that refuses is named once and left alone', async (t) => {
  const { hume, proxy, server } = await setUp(t, FakeHumeV1, 'hume.example', { status: 407 });
  await speak(server, 1, () => /the proxy refuses the way/.test(server.log));
  await server.logged(/error hume: the proxy refuses the way to the service.* code=proxy_407/, 1);
  assert.ok(!/the service refuses us/.test(server.log));
  assert.equal(proxy.asked.length, 1);
  assert.equal(hume.handshakes, 0);
  assert.equal(await server.metric('prosa_hume_refused'), 1);
  assert.equal(await server.metric('prosa_hume_errors_total', { code: 'proxy' }), 1);
});

test('a proxy without a way to the service is tried again', async (t) => {
  const { proxy, server } = await setUp(t, FakeHumeV1, 'hume.example', { status: 502 });
  await speak(server, 1, () => proxy.asked.length > 1);
  assert.equal(await server.metric('prosa_hume_refused'), 0);
  assert.ok(!/refuse/.test(server.log));
});
