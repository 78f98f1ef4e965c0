// docs/openapi.yaml against the running server, both ways: each route of the code is described, and each answer that is described comes
// when it is provoked. The harness judges every answer of every test of the suite besides.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { readdir, readFile } from 'node:fs/promises';
import { get as rawGet } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import { secret } from '../fakes/receiver.mjs';
import { accounts, bearer, invite, password, register } from './accounts.mjs';
import { api, Api } from './api.mjs';
import { eventually, freePort, run, startServer } from './harness.mjs';
import { deadMicrophone, finishRoom, join, livekit, livekitToken, openClient, quickRules, sign, startRoom } from './meeting.mjs';
import { openStream } from './stream.mjs';

const secrets = { JWT_ACCESS_SECRET: 'access-secret-of-this-test', JWT_REFRESH_SECRET: 'refresh-secret-of-this-test' };
const guarded = { ...accounts, ...livekit, ...secrets, ...quickRules, FEEDBACK_ACCESS: 'host', DEFAULT_ORGANIZATION: 'acme',
  WEBHOOK_URLS: 'http://127.0.0.1:1/', WEBHOOK_SECRET: secret(1), WEBHOOK_RETRY_MS: '10', WEBHOOK_GIVE_UP_SECONDS: '1' };
const auth = (token, more = {}) => ({ headers: { authorization: `Bearer ${token}`, ...more } });
const del = (login) => ({ method: 'DELETE', ...bearer(login) });

test('both documents pass the linter', async () => {
  const { lint, createConfig } = createRequire(import.meta.url)('@redocly/openapi-core');
  const rules = Object.fromEntries([
    'no-server-example.com', // localhost is where a server listens
    'operation-4xx-response', 'operation-2xx-response', // some only lead elsewhere, or cannot be asked wrongly
    'no-ambiguous-paths', // /feedback/debug/:id is tried before /feedback/:id/live
    'no-path-trailing-slash', // of Socket.IO
    'no-unused-components', // those of x-every-request
  ].map((name) => [name, 'off']));
  const config = await createConfig({ extends: ['recommended'], rules });
  for (const name of ['openapi', 'asyncapi']) {
    const problems = await lint({ ref: new URL(`../../docs/${name}.yaml`, import.meta.url).pathname, config });
    assert.deepEqual(problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0].pointer}`), [], name);
  }
});

test('they are of this version, and served as they are', async (t) => {
  const server = await startServer(t, { env: { WEB_PAGE: 'off' } });
  const { stdout } = await run(['--version']);
  for (const name of ['openapi', 'asyncapi']) {
    const { headers, body } = await server.get(`/${name}.yaml`);
    assert.ok(body === await readFile(new URL(`../../docs/${name}.yaml`, import.meta.url), 'utf8'), `${name}.yaml is not that of docs/`);
    assert.equal(headers.get('content-type'), 'application/yaml; charset=utf-8');
    assert.equal((await server.get(`/${name}.yaml`, { headers: { 'if-none-match': headers.get('etag') } })).status, 304);
    assert.ok(stdout.includes(api()[name].info.version), `${name}.yaml says ${api()[name].info.version}, the binary ${stdout}`);
  }
});

test('the judge refuses what is not described', () => {
  const judge = new Api(), answer = (status, body) => ({ status, body, headers: new Headers({ 'content-type': 'application/json' }) });
  judge.checkAnswer('GET', '/health', answer(200, { status: 'healthy', timestamp: 'x' }));
  assert.throws(() => judge.checkAnswer('GET', '/health', answer(200, { status: 'healthy', timestamp: 'x', more: 1 })), /additional properties/);
  assert.throws(() => judge.checkAnswer('GET', '/health', answer(418, { statusCode: 418, message: 'x' })), /not described/);
  assert.throws(() => judge.checkAnswer('GET', '/nobody', answer(200, {})), /nothing describes/);
  assert.throws(() => judge.checkAnswer('GET', '/sessions', answer(401, { message: 7, statusCode: 401 })), /not as described/);
});

test('each route of the code is described, and each described one is in the code', async (t) => {
  const server = await startServer(t, { env: { ...livekit, LOG_LEVEL: 'debug', LOG_FORMAT: 'json' } });
  const rows = server.log.split('\n').filter((line) => line.includes('"route"')).map((line) => JSON.parse(line));
  assert.ok(rows.length > 40, 'the routes are in the log');
  const ofRow = ({ method, path }) => {
    const template = path.replace(/:(\w+)/g, '{$1}').replace('/app/...', '/app/{file}').replace('...', '');
    return (method === '*' ? ['GET', 'POST'] : [method === 'UPGRADE' ? 'GET' : method]).map((verb) => `${verb} ${template}`);
  };
  const inCode = new Set(rows.flatMap(ofRow));
  const inDocument = new Set(api().operations().map(({ method, path }) => `${method} ${path}`));
  assert.deepEqual([...inCode].filter((route) => !inDocument.has(route)), [], 'routes that openapi.yaml does not describe');
  assert.deepEqual([...inDocument].filter((route) => !inCode.has(route)), [], 'routes that are not in the code');
  const sockets = rows.filter(({ method }) => method === 'UPGRADE' || method === '*').map(({ path }) => path.replace('...', ''));
  const channels = Object.values(api().asyncapi.channels).map(({ address }) => address);
  assert.deepEqual([...new Set(sockets)].filter((path) => !channels.includes(path)), [], 'sockets that asyncapi.yaml does not describe');
  assert.deepEqual(channels.filter((path) => !inCode.has(`GET ${path}`)), [], 'channels that are not in the code');
});

// ---- Every described answer is provoked ----

// A handshake of WebSocket, or a poll, that fetch cannot ask for.
const handshake = (server, path, headers = {}) => new Promise((done, fail) => {
  const request = rawGet(server.url + path, { agent: false, headers: { connection: 'Upgrade', upgrade: 'websocket',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==', 'sec-websocket-version': '13', ...headers } });
  const judge = (response, text) => {
    const type = response.headers['content-type'] ?? '';
    const body = type.includes('json') ? JSON.parse(text) : text;
    api().checkAnswer('GET', path, { status: response.statusCode, body, headers: new Headers({ 'content-type': type }) });
    done(response.statusCode);
  };
  request.on('upgrade', (response, socket) => {
    socket.destroy();
    judge(response, '');
  });
  request.on('response', (response) => {
    let text = '';
    response.on('data', (part) => (text += part)).on('end', () => judge(response, text));
  });
  request.on('error', fail);
});

const target = (path, values = {}) => path.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? 'nobody');
const hasBody = ({ operation }) => operation.requestBody;
const jsonType = { 'content-type': 'application/json' };

// What goes wrong in the same way everywhere: each operation is asked without a token, with bytes that are no text, with bodies that are
// too long or of another charset, and for what is not there.
async function askWrongly(server, token, other) {
  for (const { method, path, operation } of api().operations()) {
    if (path.startsWith('/egress-') || path === '/socket.io/') continue;
    const says = (status) => operation.responses[status];
    const options = { method, ...(says(302) && { redirect: 'manual' }) };
    const body = hasBody({ operation }) ? '{}' : undefined;
    const ask = (to, headers, text = body) => server.get(to, { ...options, body: text, headers: { ...(text && jsonType), ...headers } });
    const good = { authorization: `Bearer ${token}` };
    if (says(401)) await ask(target(path));
    if (says(404)) await ask(target(path), good), await ask(target(path), { authorization: `Bearer ${other}` });
    if (says(400) && path.includes('{')) await ask(target(path, Object.fromEntries([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => [name, '%FF%']))), good);
    if (says(400) && body) await ask(target(path), good, '{"a":'), await ask(target(path), good, '{"a":1}');
    if (says(413)) await ask(target(path), good, `{"a":"${'x'.repeat(path === '/livekit/webhook' ? 1100000 : 200000)}"}`);
    if (says(415)) await ask(target(path), { ...good, 'content-type': 'application/json; charset=latin9x' }, '{}');
    if (says(415)) await ask(target(path), { ...good, 'content-encoding': 'gzip' }, '{}');
  }
}

async function accountsAreUsed(server, people) {
  const { owner, member } = people, slug = owner.organization.slug;
  const members = `/organizations/${slug}/members`;
  const of = (login) => `${members}/${login.user.id}`;
  const patch = (login, role) => ({ method: 'PATCH', body: JSON.stringify({ role }), headers: { ...bearer(login).headers, ...jsonType } });
  const invitation = (login, body = {}) => server.post(`/organizations/${slug}/invitations`, body, bearer(login));
  await server.get('/auth/me', bearer(owner));
  await server.get(members, bearer(owner));
  await server.get('/sessions?limit=0', bearer(owner));
  await server.post('/auth/register', { email: owner.user.email, password, organizationName: 'again' });
  const { body: login } = await server.post('/auth/login', { email: owner.user.email, password });
  await server.post('/auth/login', { email: owner.user.email, password: 'wrong password' });
  const { body: next } = await server.post('/auth/refresh', { refreshToken: login.refreshToken });
  await server.post('/auth/refresh', { refreshToken: 'unknown' });
  await server.post('/auth/logout', { refreshToken: next.refreshToken });
  for (const door of ['login', 'refresh', 'logout'])
    await server.post(`/page/${door}`, {}, { headers: { 'sec-fetch-site': 'cross-site' } });
  await server.post('/page/login', { email: owner.user.email, password: 'wrong password' });
  const page = await server.post('/page/login', { email: owner.user.email, password });
  const cookie = (answer) => ({ headers: { cookie: answer.headers.get('set-cookie').split(';')[0] } });
  await server.post('/page/refresh', {});
  await server.post('/page/logout', {}, cookie(await server.post('/page/refresh', {}, cookie(page))));
  await invitation(member);
  const { body: given } = await invitation(owner), { body: meant } = await invitation(owner, { email: 'zoe@example.org' });
  await server.post('/auth/accept-invitation', { token: given.token }, bearer(owner));
  await server.post('/auth/accept-invitation', { token: given.token }, auth('bad'));
  await server.post('/auth/accept-invitation', { token: meant.token, email: 'eve2@example.org', password });
  await server.post('/auth/accept-invitation', { token: 'unknown', email: 'eve2@example.org', password });
  const spare = await invite(server, owner, 'spare');
  await server.get(of(owner), patch(member, 'MEMBER'));
  await server.get(of(owner), patch(owner, 'MEMBER'));
  await server.get(of(spare), patch(owner, 'ADMIN'));
  await server.get(of(owner), del(member));
  await server.get(of(owner), del(owner));
  await server.get(of(spare), del(owner));
  const change = (currentPassword, login = member) => server.post('/auth/password', { currentPassword, newPassword: 'another good password' }, bearer(login));
  await change(password);
  const link = await run(['admin', 'reset-link', member.user.email], { cwd: server.folder, env: { ...guarded, PROSA_ENV: 'test' } });
  await server.post('/auth/reset-password', { token: 'unknown', newPassword: password });
  assert.equal((await server.post('/auth/reset-password', { token: link.stdout.trim().split('\n').pop().split('token=').pop(), newPassword: password })).status, 204);
  for (let i = 0; i < 7; i++) await change('wrong password', owner);
}

function sendWebhook(server, text) {
  const now = Math.floor(Date.now() / 1000);
  const token = sign({ iss: livekit.LIVEKIT_API_KEY, nbf: now - 5, exp: now + 60, sha256: createHash('sha256').update(text).digest('base64') },
    livekit.LIVEKIT_API_SECRET);
  return server.get('/livekit/webhook', { method: 'POST', body: text, headers: { 'content-type': 'application/webhook+json', authorization: token } });
}

// The meeting RM_1 of the room daily, from its first webhook to the last trace of it.
async function meetingIsHeld(t, server, { owner, member, stranger }) {
  const host = livekitToken(), elsewhere = livekitToken({ room: 'elsewhere' });
  const ask = (path, token = host, options = {}) => server.get(path, { ...options, headers: { authorization: `Bearer ${token}`, ...options.headers } });
  for (const token of [host, owner.accessToken, 'bad']) await server.post('/page/rights', { token });
  await sendWebhook(server, '{}');
  await sendWebhook(server, '7');
  await startRoom(server, 'RM_1', 'daily');
  const bob = await deadMicrophone(t, server, { participant: 'bob', query: '&recordFormat=wav&dtx=off' });
  await eventually('feedback', async () => (await server.get('/feedback/RM_1', bearer(owner))).body.items.length > 0);
  const hostRoutes = ['/feedback/debug/RM_1', '/feedback/metrics/RM_1', '/feedback/RM_1/verdicts', '/meetings/RM_1/report', '/meetings/RM_1/participants'];
  const span = `from=${Date.now() - 2000}&to=${Date.now()}`;
  for (const path of hostRoutes) await ask(path), await ask(path, elsewhere);
  for (const path of [`/meetings/RM_1/mix?${span}`, '/feedback/RM_1/live']) await ask(path, elsewhere), await ask(path, 'bad');
  await ask('/feedback/RM_1/live?after=x');
  await ask('/feedback/RM_1/live', host, { method: 'HEAD' });
  await ask('/meetings/RM_1/mix?rate=7');
  await ask('/meetings/nobody/mix?format=opus', stranger.accessToken);
  const verdict = (token = host) => ask('/feedback/RM_1/verdicts', token, { method: 'POST', body: '{"verdict":"mark","type":"interview"}', headers: jsonType });
  for (const token of ['bad', stranger.accessToken, elsewhere]) await verdict(token);
  const { body: said } = await verdict();
  for (const [id, token] of [['nobody', host], [said.id, elsewhere], [said.id, host]]) await ask(`/feedback/RM_1/verdicts/${id}`, token, { method: 'DELETE' });
  for (let i = 0; i < 50; i++) await Promise.all(Array.from({ length: 21 }, () => verdict()));
  const { body: right } = await server.post('/page/rights', { token: host });
  await server.get('/page/rights?meetingId=RM_1', bearer(owner));
  await server.get('/page/rights', bearer(owner));
  await server.get('/page/rights?meetingId=RM_1', bearer(stranger));
  await ask(`/page/rights/${right.id}`, right.token, { method: 'DELETE' });
  await server.get('/sessions', bearer(owner));
  await server.get('/sessions/resolve?roomName=daily');
  await server.get('/sessions/resolve');
  for (const path of ['/sessions/RM_1', '/meetings/RM_1/participants/bob']) await server.get(path, del(owner));
  const [letter] = await eventually('a webhook is given up', async () => {
    const { dead } = (await server.get('/operators/webhooks')).body;
    return dead.length > 0 && dead;
  });
  await server.post(`/operators/webhooks/${letter.id}/redeliver`, {});
  bob.close();
  await finishRoom(server, 'RM_1', 'daily');
  return eventually('the recording is finished', async () => {
    const { body } = await server.get('/sessions/RM_1', bearer(owner));
    return body.recordings?.[0]?.endedAt && body.recordings[0];
  });
}

async function meetingIsRead(server, { owner }, recording) {
  const path = `/recordings/${recording.id}`, part = (range) => ({ headers: { ...bearer(owner).headers, range } });
  await server.get(path, bearer(owner));
  await server.get(path, part('bytes=0-9'));
  await server.get(path, part('bytes=999999999-'));
  const { body: ticket } = await server.post(`${path}/ticket`, {}, bearer(owner));
  await server.get(ticket.url);
  const at = Date.parse(recording.startedAt);
  for (const query of [`from=${at}&to=${at + 500}`, 'format=opus']) await server.get(`/meetings/RM_1/mix?${query}`, bearer(owner));
  await server.get('/meetings/RM_1/participants/bob/export', bearer(owner));
  for (const path of ['/meetings/RM_1/participants/bob', '/sessions/RM_1'])
    await eventually(`${path} is erased`, async () => [200, 404].includes((await server.get(path, del(owner))).status));
}

async function pagesAreServed(server) {
  const manual = { redirect: 'manual' };
  await server.get('/', { ...manual, headers: { accept: 'text/html' } });
  for (const path of ['/', '/health', '/health/live', '/ready', '/health/ready', '/app/', '/app/none', '/page/about', '/rooms/daily/notice', '/rooms/%00/notice', '/metrics',
    '/operators']) await server.get(path);
  await server.get('/app', manual);
  for (const path of ['/app/', '/openapi.yaml', '/asyncapi.yaml']) {
    const { headers } = await server.get(path);
    await server.get(path, { headers: { 'if-none-match': headers.get('etag') } });
  }
  await server.get('/metrics', { headers: { via: 'a proxy' } });
}

async function socketsAreOpened(t, server) {
  for (const path of ['/egress-audio', '/egress-video']) {
    const good = `${path}?roomName=r&participant=p&trackId=t${path.slice(8)}${path.includes('audio') ? '&sampleRate=16000&channels=1' : '&codec=vp8'}`;
    assert.equal(await handshake(server, good), 101);
    assert.equal(await handshake(server, path), 400);
    assert.equal(await handshake(server, good, { 'sec-websocket-version': '8' }), 426);
    await server.get(path);
  }
  assert.equal(await handshake(server, '/socket.io/?EIO=4&transport=websocket'), 101);
  assert.equal(await handshake(server, '/socket.io/?EIO=4&transport=nothing'), 400);
  assert.equal(await handshake(server, '/socket.io/?EIO=4&transport=websocket', { 'sec-websocket-version': '8' }), 426);
  const { body } = await server.get('/socket.io/?EIO=4&transport=polling');
  const { sid } = JSON.parse(body.slice(1));
  const post = (text) => server.get(`/socket.io/?EIO=4&transport=polling&sid=${sid}`, { method: 'POST', body: text });
  await post('40');
  await server.get(`/socket.io/?EIO=4&transport=polling&sid=${sid}`);
  await post('x'.repeat(1100000));
  await server.get('/socket.io/?EIO=9&transport=polling');
  await server.get('/socket.io/?EIO=4&transport=polling&sid=none', { method: 'POST', body: '40' });
}

// Servers that refuse by their settings.
async function doorsAreShut(t) {
  const origin = { origin: 'https://evil.example' };
  const strict = await startServer(t, { env: { ...accounts, ...livekit, METRICS_TOKEN: 'a-token-of-this-test', AUTH_REGISTRATION: 'off', EGRESS_AUTH: 'signed', MAX_TRACKS: '1',
    CORS_ORIGINS: 'https://app.example.org' } });
  await strict.get('/metrics');
  await strict.post('/auth/register', { email: 'a@example.org', password, organizationName: 'a' });
  for (const path of ['/egress-audio', '/egress-video']) {
    assert.equal(await handshake(strict, `${path}?roomName=r`), 401);
    assert.equal(await handshake(strict, `${path}?roomName=r`, origin), 403);
  }
  assert.equal(await handshake(strict, '/socket.io/?EIO=4&transport=websocket', origin), 403);
  const full = await startServer(t, { env: { ...accounts, MAX_TRACKS: '1', AUTH_LOGINS_PER_MINUTE: '1', AUTH_REGISTRATIONS_PER_HOUR: '1', AUTH_REFRESHES_PER_MINUTE: '1' } });
  await deadMicrophone(t, full);
  for (const path of ['/egress-audio', '/egress-video'])
    await eventually(`${path} is full`, async () => await handshake(full, `${path}?roomName=r&participant=p&trackId=t2&sampleRate=16000&channels=1&codec=vp8`) === 503);
  for (const path of ['/auth/register', '/auth/login', '/auth/refresh', '/auth/reset-password', '/auth/accept-invitation', '/page/login', '/page/refresh'])
    for (let i = 0; i < 2; i++) await full.post(path, {});
}

// A server whose database is away. The tokens are of another with the same secrets.
async function databaseIsAway(t, { owner }) {
  const server = await startServer(t, { env: { ...guarded, AUTH_REGISTRATION: 'open', DATABASE_URL: `postgresql://nobody@127.0.0.1:${await freePort()}/none` } });
  await startRoom(server, 'RM_9', 'away');
  const bodies = {
    '/auth/register': { email: 'z@example.org', password, organizationName: 'z' }, '/auth/login': { email: 'z@example.org', password },
    '/page/login': { email: 'z@example.org', password }, '/auth/refresh': { refreshToken: 'x' }, '/auth/logout': { refreshToken: 'x' },
    '/auth/accept-invitation': { token: 'x', email: 'z@example.org', password }, '/page/rights': { token: livekitToken({ room: 'away' }) },
    '/auth/reset-password': { token: resetToken(), newPassword: password }, '/feedback/{meetingId}/verdicts': { verdict: 'mark', type: 'class' },
  };
  const cookie = `__Host-prosa-refresh=${'x'.repeat(43)}`;
  const ask = async ({ method, path, operation }) => {
    if (!operation.responses[503] || path.startsWith('/egress') || path === '/socket.io/' || path.endsWith('ready')) return;
    const body = bodies[path] ?? (operation.requestBody && {});
    const query = { '/sessions/resolve': '?roomName=other', '/meetings/{meetingId}/mix': '?format=opus' }[path] ?? '';
    const headers = { ...(path !== '/auth/accept-invitation' && bearer(owner).headers), ...(body && method !== 'GET' && jsonType), cookie, ...(path === '/operators' && { via: 'x' }) };
    await server.get(target(path) + query, { method, headers, ...(body && method !== 'GET' && { body: JSON.stringify(body) }) });
  };
  await Promise.all(api().operations().map(ask));
}

// In its form; the signature is looked at when the user is found.
const resetToken = () => `9999999999.${Buffer.from('z@example.org').toString('base64url')}.x`;

// The head has begun when the server is told to leave.
async function readyWhileLeaving(t) {
  const server = await startServer(t, { env: { DRAIN_MS: '20000' } });
  for (const path of ['/ready', '/health/ready']) server.late = [...(server.late ?? []), await halfRequest(server, path)];
  server.child.kill('SIGTERM');
  await server.logged(/leaving/);
  for (const finish of server.late) await finish();
  assert.equal((await server.ended).code, 0);
}

function halfRequest(server, path) {
  return new Promise((done, fail) => {
    const socket = connect(server.port, '127.0.0.1', () => socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n`, () => setImmediate(() => done(finish))));
    let text = '';
    socket.on('data', (part) => (text += part)).on('error', fail);
    const finish = () => new Promise((end) => {
      socket.on('close', () => {
        const status = Number(text.split(' ')[1]), body = JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4));
        api().checkAnswer('GET', path, { status, body, headers: new Headers({ 'content-type': 'application/json' }) });
        assert.equal(status, 503);
        end();
      });
      socket.write('connection: close\r\n\r\n');
    });
  });
}

// Answers that no client can bring about at will.
const unprovoked = new Set([
  'POST /auth/password 404', // the user vanishes between two questions
  'GET /sessions 403', 'GET /organizations/{slug}/members 403', // a role that another program wrote
  'GET /recordings/{id} 307', // an object store is needed: recordings-reach-an-object-store
  'GET /socket.io/ 503', // more sessions than MAX_CONNECTIONS, none of which can give way
]);

test('each described answer comes when it is provoked', async (t) => {
  const server = await startServer(t, { env: guarded });
  const owner = await register(server, 'acme', { email: 'ana@example.org' }), member = await invite(server, owner, 'bob');
  const people = { owner, member, stranger: await register(server, 'other') };
  for (const headers of [{}, bearer(member).headers]) {
    for (const path of ['/operators', '/operators/webhooks']) await server.get(path, { headers: { ...headers, via: 'x' } });
    await server.post('/operators/webhooks/nobody/redeliver', {}, { headers: { ...headers, via: 'x' } });
  }
  await pagesAreServed(server);
  await askWrongly(server, owner.accessToken, people.stranger.accessToken);
  const recording = await meetingIsHeld(t, server, people);
  await socketsAreOpened(t, server);
  await accountsAreUsed(server, people);
  await server.stop();
  const next = await startServer(t, { env: guarded, folder: server.folder }); // the meeting is out of memory
  const { body: login } = await next.post('/auth/login', { email: owner.user.email, password });
  await meetingIsRead(next, { owner: login }, recording);
  await doorsAreShut(t);
  await databaseIsAway(t, people);
  await readyWhileLeaving(t);
  const described = api().operations().flatMap(({ method, path, operation }) => Object.keys(operation.responses).map((status) => `${method} ${path} ${status}`));
  // Erasing is answered 200, or 202 where the disk or the database stalls meanwhile: one of the two.
  const isSeen = (answer) => api().seen.has(answer) ||
    (answer.startsWith('DELETE ') && [' 200', ' 202'].some((status) => api().seen.has(answer.replace(/ 20[02]$/, status))));
  const missing = described.filter((answer) => !isSeen(answer) && !answer.endsWith(' 500') && !unprovoked.has(answer));
  assert.deepEqual(missing, []);
});

// ---- Events ----

test('each event that asyncapi.yaml says the server sends comes, and is as described', async (t) => {
  const server = await startServer(t, { env: { ...livekit, ...quickRules } });
  await startRoom(server, 'RM_1', 'daily');
  const socket = await openClient(t, server), other = await openClient(t, server);
  for (const client of [socket, other]) await join(client, { room: 'feedback:daily', stats: true });
  socket.emit('message', 'hello');
  socket.emit('join-room', { nonsense: true });
  socket.emit('leave-room', 'feedback:daily');
  await deadMicrophone(t, server, { participant: 'bob' });
  await eventually('feedback is stored', async () => (await server.get('/meetings/RM_1/report')).body.events?.length > 1);
  const stream = await openStream(t, server, 'RM_1', { query: '?after=0&levels=1' });
  for (const name of ['snapshot', 'feedback', 'stats', 'levels']) await stream.next(name);
  await deadMicrophone(t, server, { participant: 'ana' });
  await stream.next('participants');
  const lost = await openStream(t, server, 'RM_1', { query: '?after=1000000' });
  await lost.next('gap');
  await eventually('statistics for the socket', () => api().seenMessages.has('stats'));
  await finishRoom(server, 'RM_1', 'daily');
  await stream.next('end');
  const { operations, channels } = api().asyncapi;
  const sent = Object.values(operations).filter(({ action }) => action === 'send').flatMap(({ channel, messages }) =>
    (messages ?? Object.values(channels[channel.$ref.split('/').pop()].messages)).map(({ $ref }) => $ref.split('/').pop()));
  assert.ok(sent.length > 10);
  assert.deepEqual(sent.filter((name) => !api().seenMessages.has(name)), []);
});

test('each status that the code writes down is described for a route of the same room', async () => {
  const root = new URL('../../src/app/', import.meta.url), described = new Map();
  for (const room of await readdir(root, { withFileTypes: true })) {
    if (!room.isDirectory()) continue;
    const files = (await readdir(new URL(`${room.name}/`, root))).filter((name) => name.endsWith('.c'));
    const code = (await Promise.all(files.map((name) => readFile(new URL(`${room.name}/${name}`, root), 'utf8')))).join('\n');
    const routes = [...code.matchAll(/\{(?:"([A-Z*]+)"|ROUTE_UPGRADE), "(\/[^"]*)"/g)].map(([, method, path]) =>
      [method === '*' || !method ? 'get' : method.toLowerCase(), path.replace(/:(\w+)/g, '{$1}').replace('/app/...', '/app/{file}').replace('...', '')]);
    if (!routes.length) continue;
    const statuses = new Set(routes.flatMap(([method, path]) => Object.keys(api().openapi.paths[path]?.[method]?.responses ?? {})));
    const written = [...code.matchAll(/(?:http_respond\w*|refuse|\w*_refuse|errand_answer_\w+|check_finish)\([^;]*?\b([2345]\d\d)\b/g)].map(([, status]) => status);
    described.set(room.name, written.length);
    assert.deepEqual([...new Set(written)].filter((status) => !statuses.has(status)), [], `statuses in src/app/${room.name}`);
  }
  assert.ok([...described.values()].reduce((sum, count) => sum + count, 0) > 60, 'the statuses are found');
});
