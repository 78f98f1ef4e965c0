// The operators' view: who may see it, and that its figures are those of the server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage, violations } from '../fakes/browser.mjs';
import { accounts, bearer, invite, password, register } from './accounts.mjs';
import { eventually, startServer } from './harness.mjs';
import { deadMicrophone } from './meeting.mjs';

test('owners and admins, and nobody else in production', async (t) => {
  const server = await startServer(t, { env: { ...accounts, PROSA_ENV: 'production', EGRESS_AUTH: 'off', DEFAULT_ORGANIZATION: 'acme', JWT_ACCESS_SECRET: 'access-secret-of-this-test', JWT_REFRESH_SECRET: 'refresh-secret-of-this-test' } });
  const owner = await register(server, 'acme', { email: 'ana@example.org' }), member = await invite(server, owner, 'bob');
  const other = await register(server, 'other', { email: 'eve@example.org' });
  assert.equal((await server.get('/operators')).status, 401);
  assert.equal((await server.get('/operators', bearer(member))).status, 403);
  assert.equal((await server.get('/operators', bearer(other))).status, 403, 'an owner of an organization that only uses the server');
  const { status, body } = await server.get('/operators', bearer(owner));
  assert.equal(status, 200);
  assert.deepEqual([body.degraded, body.hour.stepSeconds], [[], 10]);
  assert.ok(body.doors.some((door) => door.includes('EGRESS_AUTH')));
  assert.ok(body.disk.freeBytes > 0 && body.disk.trackHours >= 0);

  const page = await openPage(t);
  await page.goto(`${server.url}/app/`);
  await page.fill('#email', 'ana@example.org');
  await page.fill('#password', password);
  await page.click('button.main');
  await page.getByRole('link', { name: 'Server' }).click();
  await page.waitForSelector('.health[data-well]');
  assert.equal(await page.locator('.chart').count(), 4);
  assert.match(await page.locator('.operators').innerText(), /EGRESS_AUTH=signed/);
  assert.deepEqual(await violations(page), []);
});

test('on this machine everybody, outside of production; tracks are counted', async (t) => {
  const server = await startServer(t, { env: { EGRESS_AUTH: 'off' } });
  await deadMicrophone(t, server);
  await eventually('a sample with the track', async () => (await server.get('/operators')).body.audioTracks === 1);
  assert.equal((await server.get('/operators', { headers: { 'x-forwarded-for': '10.0.0.1' } })).status, 401);
});
