// /page/login, /page/refresh, /page/logout: the refresh token in a cookie that scripts and other sites never see.
import assert from 'node:assert/strict';
import test from 'node:test';
import { accounts, bearer, password, register } from './accounts.mjs';
import { startServer } from './harness.mjs';

const valueOf = (response) => /^__Host-prosa-refresh=([^;]*)/.exec(response.headers.get('set-cookie') ?? '')?.[1];

test('a login by cookie is renewed, used up once, and ended', async (t) => {
  const server = await startServer(t, { env: accounts });
  await register(server, 'ana', { organizationName: 'Casa' });
  const post = (path, cookie, headers = {}, body) =>
    server.post(path, body ?? {}, { headers: { ...(cookie && { cookie: `a=1; __Host-prosa-refresh=${cookie}; b=2` }), ...headers } });

  const wrong = await post('/page/login', '', {}, { email: 'ana@example.org', password: 'not this one' });
  assert.equal(wrong.status, 401);
  assert.equal(wrong.headers.get('set-cookie'), null);
  const login = await post('/page/login', '', {}, { email: 'ana@example.org', password });
  assert.equal(login.status, 200);
  assert.equal(login.body.refreshToken, undefined);
  assert.match(login.headers.get('set-cookie'),
    /^__Host-prosa-refresh=[\w-]{43}; Max-Age=\d+; Path=\/; Secure; HttpOnly; SameSite=Strict$/);
  assert.equal((await server.get('/auth/me', bearer(login.body))).status, 200);
  const first = valueOf(login);
  server.secrets.add('the cookie', first);

  const renewed = await post('/page/refresh', first);
  assert.equal(renewed.status, 200);
  const second = valueOf(renewed);
  assert.notEqual(second, first);
  assert.equal((await server.get('/auth/me', bearer(renewed.body))).status, 200);

  await t.test('pages of other origins are refused, whatever they send', async () => {
    for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }, { origin: 'https://evil.example' }])
      for (const path of ['/page/login', '/page/refresh', '/page/logout'])
        assert.equal((await post(path, second, headers)).status, 403, `${path} ${JSON.stringify(headers)}`);
    assert.equal((await post('/page/refresh', second, { origin: server.url })).status, 200, 'repeated in time');
  });

  await t.test('without a cookie, or with a bad one', async () => {
    assert.equal((await post('/page/refresh')).status, 401);
    assert.equal((await post('/page/refresh', 'x')).status, 401);
    const unknown = await post('/page/refresh', 'x'.repeat(43));
    assert.equal(unknown.status, 401);
    assert.equal(valueOf(unknown), '', 'it is taken away');
    assert.equal((await post('/page/logout')).status, 204);
  });

  await t.test('a logout ends it', async () => {
    const again = await post('/page/login', '', {}, { email: 'ana@example.org', password });
    const cookie = valueOf(again);
    const out = await post('/page/logout', cookie);
    assert.equal(out.status, 204);
    assert.equal(valueOf(out), '');
    assert.equal((await post('/page/refresh', cookie)).status, 401);
    assert.equal((await server.get('/auth/me', bearer(again.body))).status, 401);
  });
});
