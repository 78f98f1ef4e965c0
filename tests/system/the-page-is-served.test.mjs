// The page lies in the binary: where it is, how it comes, and who is led to it.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { startServer } from './harness.mjs';

// As it went over the wire: fetch would unpack it, and follow.
function ask(server, path, headers = {}) {
  return new Promise((done, fail) => {
    request(server.url + path, { headers }, async (response) => {
      const parts = [];
      for await (const part of response) parts.push(part);
      done({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) });
    }).on('error', fail).end();
  });
}

const browser = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'accept-encoding': 'gzip, br' };

test('a browser is led to the page, and nobody else', async (t) => {
  const server = await startServer(t, { env: { WEB_FRAME_ANCESTORS: 'https://meet.example' } });
  const root = await ask(server, '/', browser);
  assert.deepEqual([root.status, root.headers.location], [302, 'app/']);
  for (const headers of [{}, { accept: '*/*' }, { accept: 'application/json' }]) {
    const { status, body } = await ask(server, '/', headers);
    assert.equal(status, 200);
    assert.deepEqual(JSON.parse(body), { message: 'Live Meeting API is running', status: 'ok' });
  }

  const packed = await ask(server, '/app/', browser);
  assert.equal(packed.headers['content-encoding'], 'gzip');
  const plain = await ask(server, '/app/');
  assert.equal(String(gunzipSync(packed.body)), String(plain.body));
  const policy = packed.headers['content-security-policy'];
  assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/);
  assert.match(policy, /frame-ancestors https:\/\/meet\.example$/);
  assert.doesNotMatch(policy, /unsafe|\*|data:/);
  assert.doesNotMatch(String(plain.body), /<script>|style=|\son\w+=|https?:\/\//, 'nothing inline, and nothing from elsewhere');

  const again = await ask(server, '/app/', { ...browser, 'if-none-match': packed.headers.etag });
  assert.deepEqual([again.status, again.body.length], [304, 0]);
});

test('WEB_PAGE=off shuts it', async (t) => {
  const server = await startServer(t, { env: { WEB_PAGE: 'off' } });
  assert.equal((await ask(server, '/app/', browser)).status, 404);
  assert.equal((await ask(server, '/', browser)).status, 200);
});
