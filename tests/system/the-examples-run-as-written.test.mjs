// What examples/ shows: the types are made from a running server, the samples compile with them, and each does what it says.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { copyFile, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openPage } from '../fakes/browser.mjs';
import { accounts, password, register } from './accounts.mjs';
import { atEnd, eventually, startServer, temporaryFolder } from './harness.mjs';
import { deadMicrophone, livekit, livekitToken, quickRules, startRoom } from './meeting.mjs';

const execute = promisify(execFile);
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const examples = here('../../examples');
const env = { ...accounts, ...livekit, ...quickRules, FEEDBACK_ACCESS: 'host', FEEDBACK_LOCALE: 'en', DEFAULT_ORGANIZATION: 'acme' };

// A folder with the samples, as a reader would have them after npm install.
async function copied(t) {
  const folder = await temporaryFolder(t);
  for (const name of ['listener.mjs', 'types.mjs']) await copyFile(join(examples, name), join(folder, name));
  await symlink(here('../node_modules'), join(folder, 'node_modules'));
  const page = await readFile(join(examples, 'host.html'), 'utf8');
  await writeFile(join(folder, 'host.mjs'), /<script type="module">\n([^]*)<\/script>/.exec(page)[1]);
  return folder;
}

const compile = (folder, ...files) => execute(process.execPath, [here('../node_modules/typescript/bin/tsc'), '--noEmit', '--strict', '--allowJs', '--checkJs',
  '--noUncheckedIndexedAccess', '--target', 'es2023', '--module', 'esnext', '--moduleResolution', 'bundler', '--lib', 'es2023,dom,dom.iterable,dom.asynciterable',
  '--types', 'node', '--skipLibCheck', ...files], { cwd: folder }).catch(({ stdout }) => ({ stdout }));

async function heldMeeting(t) {
  const server = await startServer(t, { env });
  await register(server, 'acme');
  await startRoom(server, 'RM_1', 'daily');
  await deadMicrophone(t, server);
  return server;
}

test('the types are made from the server, and the samples compile with them', async (t) => {
  const server = await startServer(t);
  const folder = await copied(t);
  await execute(process.execPath, ['types.mjs', server.url], { cwd: folder });
  assert.equal((await compile(folder, 'host.mjs', 'listener.mjs')).stdout, '');
  await writeFile(join(folder, 'wrong.mjs'), (await readFile(join(folder, 'listener.mjs'), 'utf8')).replace('severity, message, tips, seq }', 'severity, massage: message, tips, seq }'));
  assert.match((await compile(folder, 'wrong.mjs')).stdout, /Property 'massage' does not exist/);
  await writeFile(join(folder, 'use.ts'), `import type { paths } from './prosa-http';
    type Login = paths['/auth/login']['post']['responses'][200]['content']['application/json'];
    export const name = (login: Login): string | null => login.user.name;
    export const wrong = (login: Login): number => login.accessToken;`);
  assert.deepEqual((await compile(folder, 'use.ts')).stdout.match(/error TS\d+/g), ['error TS2322']);
});

test('the listener prints what the host is told', async (t) => {
  const server = await heldMeeting(t);
  const child = spawn(process.execPath, ['listener.mjs', server.url, 'daily', livekitToken()], { cwd: await copied(t) });
  atEnd(t, () => child.kill());
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (said += part));
  await eventually('it prints feedback', () => /^warning: .*bob.*\n\s+→ /m.test(said));
  assert.match(said, /^listening to daily$/m);
});

test('the page for a host shows a card', async (t) => {
  const server = await heldMeeting(t);
  const html = await readFile(join(examples, 'host.html'));
  assert.ok(html.toString().split('\n').length <= 41, 'it has 40 lines');
  const site = createServer((_, response) => response.setHeader('content-type', 'text/html').end(html)).listen(0, '127.0.0.1');
  atEnd(t, () => site.close());
  await eventually('the site listens', () => site.listening);
  const page = await openPage(t);
  await page.goto(`http://127.0.0.1:${site.address().port}/?server=${server.url}&room=daily#token=${livekitToken()}`);
  await page.waitForSelector('li.warning');
  assert.equal(await page.locator('#state').innerText(), 'daily: ACTIVE');
  assert.match(await page.locator('li').first().innerText(), /bob.* → /);
});

test('the requests by curl', async (t) => {
  const server = await heldMeeting(t);
  await eventually('feedback', async () => (await server.get('/feedback/metrics/RM_1', { headers: { authorization: `Bearer ${livekitToken()}` } })).body.samples > 0);
  const { stdout } = await execute(join(examples, 'requests.sh'), [server.url, 'acme@example.org', password]);
  const lines = stdout.trim().split('\n').map((line) => JSON.parse(line));
  assert.ok(Array.isArray(lines[0].degraded));
  assert.deepEqual([lines[1].items[0].meetingId, lines[2].items[0].participantId, lines[3].roomName], ['RM_1', 'bob', 'daily']);
});
