// A browser asks nobody before it opens a WebSocket: the handshake itself is refused to origins that CORS_ORIGINS does not list.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import WebSocket from 'ws';
import { startServer } from './harness.mjs';

const paths = ['/socket.io/?EIO=4&transport=websocket', '/egress-audio?roomName=r&participant=p&track=t',
  '/egress-video?roomName=r&participant=p&track=t&codec=vp8'];

const statusOf = (server, path, headers) => new Promise((done) => {
  const ws = new WebSocket(server.ws + path, { headers });
  ws.on('open', () => {
    ws.terminate();
    done(101);
  });
  ws.on('unexpected-response', (request, response) => {
    request.destroy();
    done(response.statusCode);
  });
  ws.on('error', () => {});
});

test('origins bind WebSockets', async (t) => {
  const server = await startServer(t, { env: { CORS_ORIGINS: 'https://app.example', EGRESS_AUTH: 'off' } });
  for (const path of paths) {
    assert.equal(await statusOf(server, path, {}), 101, 'no browser');
    assert.equal(await statusOf(server, path, { origin: 'https://app.example' }), 101, 'listed');
    assert.equal(await statusOf(server, path, { origin: server.url }), 101, 'of this very server');
    for (const origin of ['https://evil.example', 'https://app.example.evil', 'http://127.0.0.1:1', 'null'])
      assert.equal(await statusOf(server, path, { origin }), 403, origin);
  }
  const open = await startServer(t, { env: { EGRESS_AUTH: 'off' } });
  for (const path of paths) assert.equal(await statusOf(open, path, { origin: 'https://any.example' }), 101);
});
