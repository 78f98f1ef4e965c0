// Every change that docs/migrating.md names for users and their logins.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { bearer, password } from './accounts.mjs';
import { run, startServer, temporaryFolder } from './harness.mjs';

const secret = 'a-secret-of-the-old-backend-0123456789';
const production = { NODE_ENV: 'production', PROSA_ENV: 'production', LIVEKIT_API_KEY: 'APIkey', LIVEKIT_API_SECRET: 'a-livekit-secret-0123456789abcdef0123',
  JWT_ACCESS_SECRET: secret, JWT_REFRESH_SECRET: `${secret}-refresh`, ARGON2_MEMORY_KIB: '64', ARGON2_PASSES: '1' };
const development = { ...production, NODE_ENV: 'development', PROSA_ENV: 'development' };

// As @nestjs/jwt signs: { sub, email } and nothing that says what the token is for.
function oldToken(claims) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: 'u1', email: 'ana@example.org', iat: now, exp: now + 3600, ...claims })}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

const user = (n) => ({ email: `user${n}@example.org`, password, organizationName: `org ${n}` });

for (const [mode, env] of [['production', production], ['development', development]]) {
  test(`in ${mode}`, async (t) => {
    const server = await startServer(t, { env });
    const documents = await readFile(new URL('../../docs/migrating.md', import.meta.url), 'utf8');
    const isOpen = mode === 'development';
    const first = await server.post('/auth/register', user(1));
    assert.equal(first.status, 201);

    await t.test('tokens of the old backend are over', async () => {
      assert.equal((await server.get('/auth/me', bearer({ accessToken: oldToken({}) }))).status, 401);
      const refreshToken = oldToken({ padding: 'x'.repeat(600) });
      assert.equal((await server.post('/auth/refresh', { refreshToken })).status, 401);
      assert.equal((await server.post('/auth/logout', { refreshToken })).status, 204);
      assert.match(documents, /everybody logs in once more/);
    });

    await t.test('who may register', async () => {
      const second = await server.post('/auth/register', user(2));
      assert.equal(second.status, isOpen ? 201 : 403);
      if (!isOpen) assert.equal(second.body.message, 'Registration is by invitation');
      assert.match(documents, /403 `Registration is by invitation`/);
    });

    await t.test('who may look at feedback', async () => {
      for (const path of ['/feedback/debug/RM_1', '/feedback/metrics/RM_1'])
        assert.equal((await server.get(path)).status, isOpen ? 200 : 401, path);
      assert.match(documents, /\/feedback\/debug\/:meetingId`, `\/feedback\/metrics\/:meetingId` .*\| 401/);
    });

    await t.test('five registrations an hour, twenty logins a minute', async () => {
      const statuses = [];
      for (let n = 3; n <= 6; n++) statuses.push((await server.post('/auth/register', user(n))).status);
      assert.deepEqual(statuses, isOpen ? [201, 201, 201, 429] : [403, 403, 403, 429]);
      let last;
      for (let n = 1; n <= 21; n++) {
        last = await server.post('/auth/login', { email: `nobody${n}@example.org`, password });
        assert.equal(last.status, n <= 20 ? 401 : 429);
      }
      assert.ok(Number(last.headers.get('retry-after')) > 0);
      assert.match(documents, /the sixth registration/);
      assert.match(documents, /the 21st login/);
    });
  });
}

test('secrets that seeds and examples carry stop the start in production, by name', async (t) => {
  const cwd = await temporaryFolder(t);
  for (const name of ['JWT_ACCESS_SECRET', 'JWT_REFRESH_SECRET'])
    for (const value of ['change-me', 'secret', 'short']) {
      const { code, stderr } = await run(['check-config'], { cwd, env: { ...production, [name]: value } });
      assert.equal(code, 1, `${name}=${value}`);
      assert.match(stderr, new RegExp(name));
    }
  assert.equal((await run(['check-config'], { cwd, env: { ...development, JWT_ACCESS_SECRET: 'change-me' } })).code, 0);
});
