import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accounts, bearer, password, register } from './accounts.mjs';
import { run, startServer } from './harness.mjs';

const newPassword = 'quite another password';

async function resetLink(server, email, env) {
  return run(['admin', 'reset-link', email], { cwd: server.folder, env: { ...accounts, ...env } });
}

test('a link sets a new password once, and ends all logins', async (t) => {
  const server = await startServer(t, { env: accounts });
  const ana = await register(server, 'ana');
  const bruno = await register(server, 'bruno');
  const made = await resetLink(server, ' Ana@Example.org ');
  assert.equal(made.code, 0, made.stderr);
  const token = made.stdout.trim();
  server.secrets.add('the link', token);
  assert.match(made.stderr, /one use and one hour/);

  const reset = (body) => server.post('/auth/reset-password', body);
  for (const bad of [token.slice(0, -3), `${token}x`, 'x', token.replace(/^\d+/, (end) => Number(end) + 1)]) {
    const { status, body } = await reset({ token: bad, newPassword });
    assert.equal(status, 404, bad);
    assert.deepEqual(body, { message: 'The link is unknown, used or expired', error: 'Not Found', statusCode: 404 });
  }
  assert.equal((await reset({ token, newPassword: 'short' })).status, 400);
  assert.equal((await reset({ token, newPassword: 'password1' })).status, 400);
  assert.equal((await server.get('/auth/me', bearer(ana))).status, 200);

  assert.equal((await reset({ token, newPassword })).status, 204);
  assert.equal((await reset({ token, newPassword })).status, 404, 'a second use');
  assert.equal((await server.get('/auth/me', bearer(ana))).status, 401);
  assert.equal((await server.post('/auth/refresh', { refreshToken: ana.refreshToken })).status, 401);
  assert.equal((await server.get('/auth/me', bearer(bruno))).status, 200, 'nobody else is logged out');
  const login = (secret) => server.post('/auth/login', { email: 'ana@example.org', password: secret });
  assert.equal((await login(password)).status, 401);
  assert.equal((await login(newPassword)).status, 200);

  assert.equal(await server.metric('prosa_password_resets_total', { outcome: 'good' }), 1);
  assert.equal(await server.metric('prosa_password_resets_total', { outcome: 'refused' }), 5);
  await server.stop();
  assert.match(server.log, new RegExp(`a password was set by a link.* userId=${ana.user.id} peer=127.0.0.1`));
});

test('of two links only the first to be used is good', async (t) => {
  const server = await startServer(t, { env: accounts });
  await register(server, 'ana');
  const links = [];
  for (let i = 0; i < 2; i++) links.push((await resetLink(server, 'ana@example.org')).stdout.trim());
  const statuses = [];
  for (const token of links) statuses.push((await server.post('/auth/reset-password', { token, newPassword })).status);
  assert.deepEqual(statuses, [204, 404]);
});

test('links are for users, made with a page in front, and tries are limited', async (t) => {
  const server = await startServer(t, { env: { ...accounts, AUTH_LOGINS_PER_MINUTE: '2' } });
  await register(server, 'ana');
  const unknown = await resetLink(server, 'nobody@example.org');
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /no user has the e-mail/);
  const made = await resetLink(server, 'ana@example.org', { AUTH_RESET_URL: 'https://app.example.org/reset' });
  assert.match(made.stdout, /^https:\/\/app\.example\.org\/reset#token=\S+\n$/);
  const statuses = [];
  for (let i = 0; i < 3; i++) statuses.push((await server.post('/auth/reset-password', { token: 'x', newPassword })).status);
  assert.deepEqual(statuses, [404, 404, 429]);
});
