import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { accounts, bearer, invite, register, startPostgres } from './accounts.mjs';
import { PATIENCE_MS, run, startServer } from './harness.mjs';
import { deadMicrophone, livekit, livekitToken, openClient, quickRules, startRoom } from './meeting.mjs';

const secrets = {
  JWT_ACCESS_SECRET: 'access-secret-that-nobody-may-see-1',
  JWT_ACCESS_SECRET_PREVIOUS: 'previous-secret-nobody-may-see-22',
  JWT_REFRESH_SECRET: 'refresh-secret-that-nobody-may-see3',
  LIVEKIT_API_SECRET: livekit.LIVEKIT_API_SECRET,
  EGRESS_URL_SECRET: 'egress-secret-that-nobody-may-see-4',
  HUME_API_KEY: 'hume-key-that-nobody-may-ever-see-5',
  METRICS_TOKEN: 'metrics-token-nobody-may-ever-see-6',
};
const passphrase = 'a password that nobody may ever see 7';

test('what the whole of it says, in every format', async (t) => {
  const database = await startPostgres(t);
  for (const LOG_FORMAT of ['text', 'json']) {
    const server = await startServer(t, { env: { ...livekit, ...quickRules, ...accounts, ...secrets, LOG_FORMAT, LOG_LEVEL: 'debug',
      FEEDBACK_ACCESS: 'host', EGRESS_AUTH: 'report', HUME_WS_URL: 'ws://127.0.0.1:9/v0/stream/models',
      DATABASE_URL: `${database.url}?schema=${LOG_FORMAT}` } });
    const said = [];
    const ask = async (promise) => {
      const answer = await promise;
      if (answer.status >= 400) said.push(JSON.stringify(answer.body));
      return answer.body;
    };
    const ana = await register(server, 'ana');
    const bob = await invite(server, ana, 'bob');
    const zoe = await ask(server.post('/auth/register', { email: 'zoe@example.org', password: passphrase, organizationName: 'Zoe' }));
    const next = await ask(server.post('/auth/refresh', { refreshToken: zoe.refreshToken }));
    await ask(server.post('/auth/refresh', { refreshToken: next.refreshToken }));
    await ask(server.post('/auth/refresh', { refreshToken: zoe.refreshToken })); // reuse
    await ask(server.post('/auth/login', { email: 'zoe@example.org', password: `${passphrase}!` }));
    await ask(server.post('/auth/login', { email: 'zoe@example.org', password: passphrase, [passphrase.replaceAll(' ', '')]: 1 }));
    await ask(server.post('/auth/login', `{"password":"${passphrase}`));
    await ask(server.post('/auth/password', { currentPassword: 'x', newPassword: passphrase }, bearer(bob)));
    await ask(server.get('/auth/me', { headers: { authorization: `Bearer ${zoe.accessToken}x` } }));
    const invitation = await ask(server.post('/organizations/ana/invitations', {}, bearer(ana)));
    await ask(server.post('/auth/accept-invitation', { token: invitation.token }));
    const guest = livekitToken();
    await startRoom(server, 'RM_1', 'daily');
    await deadMicrophone(t, server, { query: `&token=${guest}` });
    const socket = await openClient(t, server, { auth: { token: ana.accessToken } });
    await socket.timeout(PATIENCE_MS).emitWithAck('authenticate', { token: guest });
    socket.emit('authenticate', { token: `${guest}x` });
    socket.emit('join-room', { room: 'feedback:RM_1', token: guest });
    await ask(server.get(`/nope?token=${ana.accessToken}`));
    await new Promise((done) => setTimeout(done, 1500));
    const metrics = await (await fetch(`${server.url}/metrics`, { headers: { authorization: `Bearer ${secrets.METRICS_TOKEN}` } })).text();
    assert.match(metrics, /prosa_/);
    await server.stop();

    const env = { ...secrets, DATABASE_URL: database.url, PROSA_ENV: 'test' };
    const config = await run(['check-config'], { cwd: server.folder, env });
    const kept = [server.log, metrics, config.stdout, config.stderr, JSON.stringify(socket.exceptions), ...said];
    for (const folder of ['storage/pipeline-logs'])
      for (const file of await readdir(join(server.folder, folder)).catch(() => []))
        kept.push(await readFile(join(server.folder, folder, file), 'utf8'));

    const hidden = { ...secrets, passphrase, database: 'prosa:prosa@', guest, 'its signature': guest.split('.')[2], invitation: invitation.token };
    for (const [name, login] of Object.entries({ ana, bob, zoe, next }))
      Object.assign(hidden, { [`${name}'s access token`]: login.accessToken.split('.')[2], [`${name}'s refresh token`]: login.refreshToken });
    for (const [name, secret] of Object.entries(hidden))
      for (const text of kept)
        // The 404 repeats the target as it was sent, to the one who sent it (contracts/rest-and-auth.md, A2).
        if (!text.includes('Cannot GET /nope'))
          assert.ok(!text.includes(secret), `${name} in: ${text.slice(Math.max(0, text.indexOf(secret) - 200), text.indexOf(secret) + 20)}`);
  }
});
