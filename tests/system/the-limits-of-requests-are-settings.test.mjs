import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { startServer } from './harness.mjs';

// The status of a request whose head has so many bytes and a few more.
const statusOf = (server, bytes) =>
  new Promise((done, fail) => {
    const req = request(`${server.url}/health`, { headers: { 'X-Long': 'x'.repeat(bytes) } }, (response) => {
      response.resume();
      done(response.statusCode);
    });
    req.on('error', fail);
    req.end();
  });

test('MAX_HEAD_BYTES limits the request line and the headers', async (t) => {
  const small = await startServer(t, { env: { MAX_HEAD_BYTES: '1KiB' } });
  assert.equal(await statusOf(small, 500), 200);
  assert.equal(await statusOf(small, 1024), 431);
  const large = await startServer(t, { env: { MAX_HEAD_BYTES: '64KiB' } });
  assert.equal(await statusOf(large, 60 * 1024), 200);
  assert.equal(await statusOf(large, 65 * 1024), 431);
});
