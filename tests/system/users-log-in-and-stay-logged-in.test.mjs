import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { accounts, bearer, password, postFrom, register, startPgBouncer, startPostgres } from './accounts.mjs';
import { startServer } from './harness.mjs';
import { sign } from './meeting.mjs';

const secret = 'a-secret-for-access-tokens-0123';
const env = { ...accounts, JWT_ACCESS_SECRET: secret };
const claimsOf = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));

for (const engine of ['SQLite', 'PostgreSQL', 'PostgreSQL behind PgBouncer']) {
  test(`users on ${engine}`, async (t) => {
    const database = engine === 'SQLite' ? null : await startPostgres(t);
    const way = engine.endsWith('PgBouncer') ? `${(await startPgBouncer(t, database)).url}?pgbouncer=true&` : `${database?.url}?`;
    const server = await startServer(t, { env: { ...env, ...(database && { DATABASE_URL: `${way}schema=prosa` }) } });
    const ana = await register(server, 'ana', { organizationName: 'São Paulo & Cia', email: ' Ana@Example.ORG '.trim() });

    await t.test('registering answers with everything', async () => {
      assert.deepEqual(Object.keys(ana), ['user', 'organization', 'accessToken', 'refreshToken', 'tokenType', 'expiresIn']);
      assert.equal(ana.user.email, 'ana@example.org');
      assert.equal(ana.organization.slug, 'sao-paulo-cia');
      assert.equal(ana.organization.role, 'OWNER');
      assert.equal(ana.tokenType, 'Bearer');
      assert.equal(ana.expiresIn, 900);
      assert.match(ana.refreshToken, /^[\w-]{43}$/);
      const claims = claimsOf(ana.accessToken);
      assert.equal(claims.exp - claims.iat, 900);
      assert.ok(!JSON.stringify(claims).includes('ana'), 'a token holds no personal data');
    });

    await t.test('a taken e-mail is 409, what is wrong is said at once', async () => {
      const again = await server.post('/auth/register', { email: 'ANA@example.org', password, organizationName: 'x' });
      assert.equal(again.status, 409);
      assert.equal(again.body.error, 'Conflict');
      const bad = await server.post('/auth/register', { zzz: 1, email: 'x' });
      assert.equal(bad.status, 400);
      assert.deepEqual(bad.body, { message: ['property zzz should not exist', 'email must be an email',
        'password must be shorter than or equal to 128 characters', 'password must be longer than or equal to 8 characters',
        'password must be a string', 'organizationName must be shorter than or equal to 200 characters',
        'organizationName should not be empty', 'organizationName must be a string'], error: 'Bad Request', statusCode: 400 });
      const common = await server.post('/auth/register', { email: 'b@b.co', password: 'Password1', organizationName: 'x' });
      assert.equal(common.status, 400);
      for (const [body, type] of [['{', 'application/json'], ['"x"', 'application/json'], ['1', 'application/json']]) {
        const broken = await server.post('/auth/login', body, { headers: { 'content-type': type } });
        assert.equal(broken.status, 400);
        assert.equal(typeof broken.body.message, 'string');
      }
      const ignored = await server.post('/auth/login', '{"email":"a"}', { headers: { 'content-type': 'text/plain' } });
      assert.ok(ignored.body.message.includes('password must be a string'));
    });

    await t.test('a form is a body, too', async () => {
      const form = await server.post('/auth/login', new URLSearchParams({ email: 'ana@example.org', password }).toString(),
        { headers: { 'content-type': 'application/x-www-form-urlencoded' } });
      assert.equal(form.status, 200);
    });

    await t.test('every failed login looks the same', async () => {
      const answers = [];
      for (const body of [{ email: 'ana@example.org', password: 'wrong password' }, { email: 'nobody@example.org', password },
        { email: 'ana@example.org', password, organizationSlug: 'not-hers' }])
        answers.push(await server.post('/auth/login', body));
      for (const { status, body } of answers) {
        assert.equal(status, 401);
        assert.deepEqual(body, { message: 'Invalid credentials', error: 'Unauthorized', statusCode: 401 });
      }
    });

    await t.test('who am I', async () => {
      const login = (await server.post('/auth/login', { email: 'ANA@example.org', password, organizationSlug: 'sao-paulo-cia' })).body;
      const me = await server.get('/auth/me', bearer(login));
      assert.equal(me.status, 200);
      assert.equal(me.body.user.email, 'ana@example.org');
      assert.equal(me.body.role, 'OWNER');
      assert.deepEqual(me.body.memberships.map((m) => m.slug), ['sao-paulo-cia']);
      assert.ok(!JSON.stringify(me.body).includes('argon2'));
    });

    await t.test('only our own access tokens open doors', async () => {
      const good = claimsOf(ana.accessToken);
      const refused = {
        'no token': undefined,
        'no scheme': ana.accessToken,
        'two tokens': `Bearer ${ana.accessToken}, Bearer ${ana.accessToken}`,
        'a refresh token': `Bearer ${ana.refreshToken}`,
        'another secret': `Bearer ${sign(good, 'another-secret-of-good-length-1')}`,
        'another purpose': `Bearer ${sign({ ...good, typ: 'refresh' }, secret)}`,
        'another audience': `Bearer ${sign({ ...good, aud: 'else' }, secret)}`,
        'no end': `Bearer ${sign({ ...good, exp: undefined }, secret)}`,
        'an end that has come': `Bearer ${sign({ ...good, exp: good.iat - 1 }, secret)}`,
        'from the future': `Bearer ${sign({ ...good, iat: good.iat + 3600 }, secret)}`,
        'a login that never was': `Bearer ${sign({ ...good, sid: good.jti }, secret)}`,
        'somebody else': `Bearer ${sign({ ...good, sub: good.jti }, secret)}`,
        'alg none': `Bearer ${Buffer.from('{"alg":"none"}').toString('base64url')}.${ana.accessToken.split('.')[1]}.`,
        'the vector of the contract, signed for another': 'Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIzZjBjOWIxZS03ZDNhLTRhNTctOWM1NS0wZDFmNWI4ZTJhMTEiLCJpYXQiOjE3MDAwMDAwMDAsImV4cCI6NDEwMjQ0NDgwMCwidHlwIjoiYWNjZXNzIn0.XRdLNiVizHTOB7xdaiMl2tBqJubxR1rDBOJRLNc5ee0',
      };
      for (const [what, authorization] of Object.entries(refused)) {
        const { status, body, headers } = await server.get('/auth/me', authorization && { headers: { authorization } });
        assert.equal(status, 401, what);
        assert.deepEqual(body, { message: 'Unauthorized', statusCode: 401 }, what);
        assert.equal(headers.get('www-authenticate'), 'Bearer');
      }
      assert.equal((await server.get('/auth/me', { headers: { authorization: `bEaReR ${ana.accessToken}` } })).status, 200);
      assert.equal((await server.get('/auth/me', { headers: { authorization: `Bearer ${sign(good, secret)}` } })).status, 200);
    });

    await t.test('a refresh token is exchanged, and its reuse ends the login', async () => {
      const first = (await server.post('/auth/login', { email: 'ana@example.org', password })).body;
      const second = await server.post('/auth/refresh', { refreshToken: first.refreshToken });
      assert.equal(second.status, 200);
      assert.equal(second.headers.get('cache-control'), 'no-store');
      assert.notEqual(second.body.refreshToken, first.refreshToken);
      const graced = await server.post('/auth/refresh', { refreshToken: first.refreshToken });
      assert.equal(graced.body.refreshToken, second.body.refreshToken, 'the same successor within the grace');
      const third = await server.post('/auth/refresh', { refreshToken: second.body.refreshToken });
      assert.equal(third.status, 200);
      const reuse = await server.post('/auth/refresh', { refreshToken: first.refreshToken });
      const unknown = await server.post('/auth/refresh', { refreshToken: 'x'.repeat(43) });
      assert.deepEqual([reuse.status, reuse.body], [401, unknown.body]);
      assert.equal((await server.post('/auth/refresh', { refreshToken: third.body.refreshToken })).status, 401);
      assert.equal((await server.get('/auth/me', bearer(third.body))).status, 401);
      await server.logged(/refresh token was used twice/);
    });

    await t.test('a hundred refreshes at once have one outcome', async () => {
      const { refreshToken } = (await server.post('/auth/login', { email: 'ana@example.org', password })).body;
      const refresh = async () => {
        for (;;) {
          const answer = await server.post('/auth/refresh', { refreshToken });
          if (answer.status !== 503) return answer; // of a busy machine's database
        }
      };
      const answers = await Promise.all(Array.from({ length: 100 }, refresh));
      assert.deepEqual([...new Set(answers.map((a) => a.status))], [200]);
      const successors = new Set(answers.map((a) => a.body.refreshToken));
      assert.equal(successors.size, 1);
      assert.equal((await server.post('/auth/refresh', { refreshToken: [...successors][0] })).status, 200);
    });

    await t.test('logging out ends this login at once, and is fine twice', async () => {
      const one = (await server.post('/auth/login', { email: 'ana@example.org', password })).body;
      const other = (await server.post('/auth/login', { email: 'ana@example.org', password })).body;
      for (let i = 0; i < 2; i++)
        assert.equal((await server.post('/auth/logout', { refreshToken: one.refreshToken })).status, 204);
      assert.equal((await server.post('/auth/logout', { refreshToken: 'unknown' })).status, 204);
      assert.equal((await server.get('/auth/me', bearer(one))).status, 401);
      assert.equal((await server.post('/auth/refresh', { refreshToken: one.refreshToken })).status, 401);
      assert.equal((await server.get('/auth/me', bearer(other))).status, 200);
    });

    await t.test('a new password ends every other login', async () => {
      const bob = await register(server, 'bob');
      const elsewhere = (await server.post('/auth/login', { email: 'bob@example.org', password })).body;
      const wrong = await server.post('/auth/password', { currentPassword: 'wrong', newPassword: 'another good one' }, bearer(bob));
      assert.equal(wrong.status, 401);
      const changed = await server.post('/auth/password', { currentPassword: password, newPassword: 'another good one' }, bearer(bob));
      assert.equal(changed.status, 204);
      assert.equal((await server.get('/auth/me', bearer(bob))).status, 200);
      assert.equal((await server.get('/auth/me', bearer(elsewhere))).status, 401);
      assert.equal((await server.post('/auth/refresh', { refreshToken: elsewhere.refreshToken })).status, 401);
      assert.equal((await server.post('/auth/login', { email: 'bob@example.org', password })).status, 401);
      assert.equal((await server.post('/auth/login', { email: 'bob@example.org', password: 'another good one' })).status, 200);
    });

    if (database) {
      await t.test('an old bcrypt hash is taken, and stays one', async () => {
        const hash = () => database.ask(`SELECT "passwordHash" FROM prosa."User" WHERE "email" = 'bob@example.org'`);
        await database.ask(`UPDATE prosa."User" SET "passwordHash" = '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW' WHERE "email" = 'bob@example.org'`);
        assert.equal((await server.post('/auth/login', { email: 'bob@example.org', password: 'U*V' })).status, 401);
        assert.equal((await server.post('/auth/login', { email: 'bob@example.org', password: 'U*U' })).status, 200);
        assert.equal(await hash(), '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW');
        const bob = (await server.post('/auth/login', { email: 'bob@example.org', password: 'U*U' })).body;
        assert.equal((await server.post('/auth/password', { currentPassword: 'U*U', newPassword: 'another good one' }, bearer(bob))).status, 204);
        assert.match(await hash(), /^\$2b\$05\$/); // the old backend takes the new password as well
        assert.equal((await server.post('/auth/login', { email: 'bob@example.org', password: 'another good one' })).status, 200);
        assert.equal(await database.ask(`SELECT COUNT(*) FROM prosa."RefreshToken" WHERE length("tokenHash") <> 64`), '0');
      });
    }
  });
}

test('logins outlive a restart, and secrets change without ending them', async (t) => {
  const first = await startServer(t, { env });
  const ana = await register(first, 'ana');
  await first.stop();
  const second = await startServer(t, { folder: first.folder, env: { ...accounts, JWT_ACCESS_SECRET: 'the-next-secret-for-access-tokens',
    JWT_ACCESS_SECRET_PREVIOUS: secret } });
  assert.equal((await second.get('/auth/me', bearer(ana))).status, 200);
  const next = await second.post('/auth/refresh', { refreshToken: ana.refreshToken });
  assert.equal(next.status, 200);
  const [head, body, mac] = next.body.accessToken.split('.');
  assert.equal(createHmac('sha256', 'the-next-secret-for-access-tokens').update(`${head}.${body}`).digest('base64url'), mac);
});

test('who may register', async (t) => {
  const server = await startServer(t, { env: { ...env, AUTH_REGISTRATION: 'invite' } });
  await register(server, 'first');
  const second = await server.post('/auth/register', { email: 'second@x.org', password, organizationName: 'x' });
  assert.deepEqual([second.status, second.body.message], [403, 'Registration is by invitation']);
  const closed = await startServer(t, { env: { ...env, AUTH_REGISTRATION: 'off' } });
  assert.equal((await closed.post('/auth/register', { email: 'a@x.org', password, organizationName: 'x' })).status, 403);
});

test('tries are counted by address and by account', async (t) => {
  const server = await startServer(t, { env: { ...env, AUTH_LOGINS_PER_MINUTE: '20', AUTH_REGISTRATIONS_PER_HOUR: '5' } });
  await register(server, 'ana');
  const right = { email: 'ana@example.org', password };
  const wrong = { ...right, password: 'wrong password' };
  // The account waits after five failures, wherever they come from: a second, so a slow machine needs another round.
  let waiting;
  for (let round = 0; round < 10 && waiting?.status !== 429; round++) {
    for (let i = 1; i <= 5; i++)
      assert.equal((await postFrom(server, `127.1.${round}.${i}`, '/auth/login', wrong)).status, 401);
    waiting = await postFrom(server, `127.1.${round}.9`, '/auth/login', right);
  }
  assert.equal(waiting.status, 429);
  assert.deepEqual(waiting.body, { statusCode: 429, message: 'ThrottlerException: Too Many Requests' });
  assert.ok(Number(waiting.headers['retry-after']) >= 1);
  await new Promise((done) => setTimeout(done, 1000 * Number(waiting.headers['retry-after'])));
  assert.equal((await postFrom(server, '127.1.100.9', '/auth/login', right)).status, 200);
  assert.equal((await postFrom(server, '127.1.100.10', '/auth/login', wrong)).status, 401, 'success makes failures forgotten');

  const unknown = (i) => postFrom(server, '127.2.0.1', '/auth/login', { email: `u${i}@x.org`, password });
  const many = [];
  while (many.at(-1) !== 429 && many.length < 100) many.push((await unknown(many.length)).status);
  assert.equal(many.pop(), 429);
  assert.ok(many.length >= 20 && many.every((status) => status === 401), many.join());
  const people = [];
  for (let i = 0; i < 6; i++)
    people.push((await postFrom(server, '127.3.0.1', '/auth/register', { email: `p${i}@x.org`, password, organizationName: 'x' })).status);
  assert.deepEqual(people, [201, 201, 201, 201, 201, 429]);
});

test('a proxy of ours is believed, and nobody else', async (t) => {
  const server = await startServer(t, { env: { ...env, AUTH_LOGINS_PER_MINUTE: '2', TRUST_PROXY: '127.0.0.1' } });
  const from = (forwarded) => server.post('/auth/login', { email: 'x@x.org', password }, { headers: { 'x-forwarded-for': forwarded } });
  const statuses = [];
  for (const address of ['203.0.113.1', '203.0.113.1', '203.0.113.1', '203.0.113.2', '6.6.6.6, 203.0.113.1', '203.0.113.3, 127.0.0.1'])
    statuses.push((await from(address)).status);
  assert.deepEqual(statuses, [401, 401, 429, 401, 429, 401]);
});
