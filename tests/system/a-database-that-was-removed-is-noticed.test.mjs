// What is written to a file that was removed is lost: nothing is accepted that could not be kept.
import assert from 'node:assert/strict';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { accounts, password, register } from './accounts.mjs';
import { eventually, startServer } from './harness.mjs';

const someone = (name) => ({ email: `${name}@example.org`, password, name, organizationName: name });

for (const [how, remove] of [['removed', rm], ['moved away', (path) => rename(path, `${path}.old`)]])
  test(`the SQLite file is ${how} while the server runs`, async (t) => {
    const server = await startServer(t, { env: { ...accounts, AUTH_REGISTRATION: 'open' } });
    await register(server, 'ana');
    await remove(join(server.folder, 'storage/prosa.db'));
    const refused = await server.post('/auth/register', someone('bob'));
    assert.equal(refused.status, 503, JSON.stringify(refused.body));
    await eventually('/ready says so', async () => (await server.get('/ready')).body.degraded.includes('database'));
    const login = await server.post('/auth/login', { email: 'ana@example.org', password });
    assert.equal(login.status, 503, JSON.stringify(login.body));
    await server.logged(/removed or replaced/);
    assert.equal((await server.get('/health')).status, 200);
  });

test('an idle server notices as well', async (t) => {
  const server = await startServer(t);
  await rm(join(server.folder, 'storage/prosa.db'));
  await eventually('/ready says so', async () => (await server.get('/ready')).body.degraded.includes('database'));
});
