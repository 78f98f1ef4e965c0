// Sign in: by password, by a host's link, in a frame; and what the page says to whoever has no right.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { openPage, violations } from '../fakes/browser.mjs';
import { startPage } from '../fakes/page.mjs';
import { reportOf, snapshotOf } from '../fakes/talk.mjs';
import { accounts, bearer, password, register } from './accounts.mjs';
import { eventually, startServer, temporaryFolder } from './harness.mjs';
import { deadMicrophone, finishRoom, livekit, livekitToken, startRoom } from './meeting.mjs';

const head = 'eyJhbGciOiJIUzI1NiJ9', claims = Buffer.from(JSON.stringify({ video: { room: 'daily-standup', roomJoin: true } })).toString('base64url');
const hostToken = `${head}.${claims}.signature-of-the-host`;
const right = () => ({ id: 'right-1', token: 'pg_right-of-one-meeting', meetingId: 'RM_1', roomName: 'daily-standup', expiresAt: Date.now() + 30 * 86400000 });

test('by e-mail and password, at the real server: meetings, live ones first, a search, and out again', async (t) => {
  const server = await startServer(t, { env: { ...accounts, ...livekit, FEEDBACK_ACCESS: 'host', DEFAULT_ORGANIZATION: 'acme' } });
  await register(server, 'Ana', { organizationName: 'acme', email: 'ana@example.org' });
  for (const name of ['retro', 'interview', 'daily']) await startRoom(server, `RM_${name}`, name);
  await finishRoom(server, 'RM_retro', 'retro');
  await finishRoom(server, 'RM_interview', 'interview');
  const page = await openPage(t, { locale: 'pt-BR' });
  await page.goto(server.url);
  await page.waitForSelector('#email');
  assert.equal(page.url(), `${server.url}/app/`);
  assert.equal(await page.textContent('h1'), 'Entrar', 'Portuguese, as the browser says');
  assert.match(await page.textContent('.form .hint'), /não é segura \(HTTP\)/);
  assert.deepEqual(await violations(page), []);
  await page.fill('#email', 'ana@example.org');
  await page.fill('#password', 'not this one');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelector('.form .bad')?.textContent.includes('não conferem'));
  await page.fill('#password', password);
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelectorAll('.meeting').length === 3);
  const names = await page.locator('.meeting-name').allTextContents();
  assert.deepEqual([names[0], names.slice(1).sort()], ['daily', ['interview', 'retro']]);
  assert.match(await page.locator('.day h2').first().textContent(), /Agora/);
  assert.deepEqual(await violations(page), []);
  assert.doesNotMatch(JSON.stringify(await page.context().storageState()), /ey[A-Za-z0-9]+\./, 'no access token is kept');

  // A reload keeps the login of this tab; a language is chosen and stays; another tab has to sign in.
  await page.reload();
  await page.waitForSelector('.meeting');
  await page.selectOption('.bar select', 'es');
  await page.waitForFunction(() => document.querySelector('h1')?.textContent === 'Reuniones' && document.documentElement.lang === 'es');
  const other = await page.context().newPage();
  await other.goto(`${server.url}/app/#/meetings`);
  await other.waitForSelector('#email');
  assert.equal(await other.textContent('h1'), 'Entrar');
  await other.close();
  await page.click('.bar-end button');
  await page.waitForSelector('#email');
  const { items } = (await server.get('/sessions', bearer(await register(server, 'Bob')))).body;
  assert.deepEqual(items, [], 'another organization has none of them');
});

test('over HTTPS the login is a cookie that no script reads: it outlives a reload, and other tabs have it', async (t) => {
  const folder = await temporaryFolder(t), key = join(folder, 'key.pem'), cert = join(folder, 'cert.pem');
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-keyout', key, '-out', cert], { stdio: 'ignore' });
  // Its accounts are made before it speaks TLS, which the test's own client would not believe.
  const plain = await startServer(t, { env: accounts });
  await register(plain, 'Ana', { organizationName: 'acme', email: 'ana@example.org' });
  await plain.stop();
  const server = await startServer(t, { folder: plain.folder, env: { ...accounts, FEEDBACK_ACCESS: 'host', TLS_CERT_FILE: cert, TLS_KEY_FILE: key } });
  const url = server.url.replace('http:', 'https:'), page = await openPage(t, { ignoreHTTPSErrors: true });
  await page.goto(`${url}/app/`);
  await page.fill('#email', 'ana@example.org');
  assert.equal(await page.locator('.form .hint').count(), 0);
  await page.fill('#password', password);
  await page.keyboard.press('Enter');
  await page.waitForSelector('.meeting-lists .empty');
  const [cookie] = await page.context().cookies();
  assert.deepEqual([cookie.name, cookie.httpOnly, cookie.secure, cookie.sameSite, cookie.path], ['__Host-prosa-refresh', true, true, 'Strict', '/']);
  assert.deepEqual(await page.evaluate(() => [document.cookie, sessionStorage.length]), ['', 0]);
  await page.reload();
  await page.waitForSelector('.meeting-lists .empty');
  const other = await page.context().newPage();
  await other.goto(`${url}/app/#/meetings`);
  await other.waitForSelector('.meeting-lists .empty');
  await other.click('.bar-end button');
  await other.waitForSelector('#email');
  assert.deepEqual(await page.context().cookies(), []);
  await page.reload();
  await page.waitForSelector('#email');
});

test('a link\'s token becomes a right to one meeting, stays in no address, and is given back', async (t) => {
  const fake = await startPage(t, { env: { FEEDBACK_ACCESS: 'host' } });
  fake.tokens.set(hostToken, right());
  fake.snapshot = () => snapshotOf({ now: Date.now() });
  fake.reports.set('RM_1', reportOf());
  const page = await openPage(t);
  await page.goto(`${fake.url}/app/#token=${hostToken}`);
  await page.waitForSelector('.mood[data-mood=well]');
  assert.equal(await page.evaluate(() => location.hash), '#/live/RM_1');
  const log = fake.requests.map((one) => one.url).join('\n');
  assert.doesNotMatch(log, /signature-of|pg_right/, 'no token in any address');
  const stream = fake.requests.find((one) => one.url.startsWith('/feedback/RM_1/live'));
  assert.equal(stream.authorization, 'Bearer pg_right-of-one-meeting', 'and LiveKit\'s is not used any more');
  await page.goBack();
  assert.doesNotMatch(page.url(), /token=/);
  await page.goto(`${fake.url}/app/#/live/RM_1`);
  await page.waitForSelector('.mood[data-mood=well]');

  // The meeting ends: its report comes by itself, with the same right.
  fake.send('end', { reason: 'ended', meetingId: 'RM_1', endedAt: Date.now(), report: '/meetings/RM_1/report' });
  await page.waitForSelector('.player');
  assert.equal(fake.requests.find((one) => one.url.startsWith('/meetings/RM_1/report')).authorization, 'Bearer pg_right-of-one-meeting');
  await page.goto(`${fake.url}/app/#/report/RM_other`);
  await page.waitForSelector('.empty p');
  assert.match(await page.textContent('.empty p'), /does not exist, is another organization/);
  assert.equal(fake.requests.find((one) => one.url.includes('RM_other')).authorization, undefined, 'the right is for one meeting');

  await page.goto(`${fake.url}/app/#/`);
  await page.getByRole('button', { name: 'Give access back' }).click();
  await eventually('it is given back', () => fake.requests.some((one) => one.method === 'DELETE' && one.url === '/page/rights/right-1'));
  await page.waitForFunction(() => !localStorage.getItem('prosa-rights').includes('pg_'));
});

test('a link that is not good says so in a sentence', async (t) => {
  const fake = await startPage(t, { env: { FEEDBACK_ACCESS: 'host' } });
  const page = await openPage(t);
  await page.goto(`${fake.url}/app/#/live/x?token=${hostToken}`);
  await page.waitForSelector('.bad');
  assert.match(await page.textContent('.sheet > .bad'), /expired or is not valid/);
  assert.doesNotMatch(page.url(), /token/);
  fake.broken = 403;
  await page.goto(`${fake.url}/app/#/live/other`);
  await page.waitForSelector('.mood[data-mood=forbidden]');
  fake.broken = 404;
  await page.goto(`${fake.url}/app/#/live/unknown`);
  await page.waitForSelector('.mood[data-mood=not-found]');
});

test('in a frame: no password, a token by message from the page around it, and no bell', async (t) => {
  const around = createServer((request, response) => response.writeHead(200, { 'content-type': 'text/html' })
    .end('<!doctype html><title>around</title><iframe id="f" style="width:600px;height:600px"></iframe>'));
  await new Promise((done) => around.listen(0, '127.0.0.1', done));
  t.after(() => around.close());
  const site = `http://localhost:${around.address().port}`;
  const fake = await startPage(t, { env: { FEEDBACK_ACCESS: 'host', WEB_FRAME_ANCESTORS: site } });
  fake.tokens.set(hostToken, right());
  fake.snapshot = () => snapshotOf({ now: Date.now() });
  const page = await openPage(t);
  await page.goto(site);
  const show = (give) => page.evaluate(([url, token]) => {
    addEventListener('message', (event) => {
      if (event.data?.type === 'prosa-ready' && token) document.getElementById('f').contentWindow.postMessage({ type: 'prosa-token', token }, new URL(url).origin);
    });
    document.getElementById('f').src = url;
  }, [`${fake.url}/app/?embed=1`, give]);
  await show(null);
  const frame = page.frameLocator('#f');
  await frame.getByRole('link', { name: 'Open in a window of its own' }).waitFor();
  assert.equal(await frame.locator('input[type=password]').count(), 0);
  await page.reload();
  await show(hostToken);
  await frame.locator('.mood[data-mood=well]').waitFor();
  await frame.locator('.options > summary').click();
  await frame.getByText('Notifications need HTTPS and a window of their own.').waitFor();
  const framed = page.frames().find((one) => one.url().startsWith(fake.url));
  const kept = await framed.evaluate(() => {
    try {
      return localStorage.getItem('prosa-rights');
    } catch {
      return null; // the browser keeps nothing for a frame of another site
    }
  });
  assert.equal(kept, null, 'in memory only');

  // Another site may not show it at all.
  const stranger = await openPage(t);
  await stranger.goto(`http://127.0.0.1:${around.address().port}`);
  await stranger.evaluate((url) => (document.getElementById('f').src = url), `${fake.url}/app/?embed=1`);
  await eventually('the browser refuses', async () => {
    const [, inner] = stranger.frames();
    return inner && (inner.url().startsWith('chrome-error') || !(await inner.content().catch(() => '')).includes('id="bar"'));
  });
});

test('those who are measured read what is measured, without a login', async (t) => {
  const server = await startServer(t, { env: { FEEDBACK_ACCESS: 'host', RECORDING_TTL_DAYS: '30', WEB_CONTACT: 'privacidade@example.org' } });
  const page = await openPage(t, { locale: 'pt-BR' });
  await page.goto(`${server.url}/app/#/notice/sala%20%3Cb%3E`);
  await page.waitForSelector('.notice-page');
  const text = await page.locator('.notice-page').innerText();
  for (const part of [/sala <b>/, /30 dias/, /90 dias/, /Nenhum som sai deste servidor/, /privacidade@example\.org/, /Ninguém recebe nota/]) assert.match(text, part);
  assert.deepEqual(await violations(page), []);
});

test('an owner sees who opens a meeting by a link, and takes it back', async (t) => {
  const server = await startServer(t, { env: { ...accounts, ...livekit, FEEDBACK_ACCESS: 'host', DEFAULT_ORGANIZATION: 'acme', EGRESS_AUTH: 'off' } });
  await register(server, 'Ana', { organizationName: 'acme', email: 'ana@example.org' });
  await startRoom(server, 'RM_1', 'daily');
  await deadMicrophone(t, server);
  const host = await openPage(t), owner = await openPage(t);
  await host.goto(`${server.url}/app/#/live/daily?token=${livekitToken({ sub: 'host-of-daily' })}`);
  await host.waitForFunction(() => /1 person/.test(document.querySelector('.live-meta')?.textContent ?? ''));
  await finishRoom(server, 'RM_1', 'daily');
  await host.waitForSelector('.player');
  await owner.goto(`${server.url}/app/`);
  await owner.fill('#email', 'ana@example.org');
  await owner.fill('#password', password);
  await owner.keyboard.press('Enter');
  await owner.click('.meeting');
  await owner.getByText('Who opens this meeting by a link').click();
  const row = owner.locator('.links li', { hasText: 'host-of-daily' });
  await row.getByRole('button', { name: 'Take back' }).click();
  await owner.waitForFunction(() => document.querySelector('.links')?.textContent === 'Nobody.');
  assert.deepEqual(await violations(owner), []);
  await host.reload();
  await host.waitForSelector('.empty p');
  assert.match(await host.textContent('.empty p'), /needs an account or a host’s link|no right/);
});
