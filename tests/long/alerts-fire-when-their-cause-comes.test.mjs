// Debian's Prometheus reads the metrics of real servers, by deploy/prometheus/alerts.yaml with every `for` left out: each cause that is
// provoked here makes its alert fire, and a server that is well makes none.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { accounts, register } from '../system/accounts.mjs';
import { openTrack, refusedTrack } from '../system/egress.mjs';
import { atEnd, eventually, freePort, startServer, temporaryFolder } from '../system/harness.mjs';
import { livekit } from '../system/meeting.mjs';
import { startWorld } from '../fakes/world.mjs';

const rules = join(dirname(fileURLToPath(import.meta.url)), '../../deploy/prometheus/alerts.yaml');

// Prometheus over one server: `fired(name)` waits for the alert, and answers with its labels.
async function watch(t, server) {
  const folder = await temporaryFolder(t);
  const port = await freePort();
  await writeFile(join(folder, 'alerts.yaml'), (await readFile(rules, 'utf8')).replace(/^ +for: .*\n/gm, ''));
  await writeFile(join(folder, 'prometheus.yml'), JSON.stringify({
    global: { scrape_interval: '500ms', scrape_timeout: '400ms', evaluation_interval: '500ms' },
    rule_files: ['alerts.yaml'],
    scrape_configs: [{ job_name: 'prosa', static_configs: [{ targets: [`127.0.0.1:${server.port}`] }] }],
  }));
  const child = spawn('prometheus', [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`,
    `--web.listen-address=127.0.0.1:${port}`], { stdio: 'ignore' });
  const ended = new Promise((done) => child.on('close', done));
  atEnd(t, () => (child.kill('SIGTERM'), ended));
  const api = async (path) => (await (await fetch(`http://127.0.0.1:${port}/api/v1/${path}`)).json()).data;
  const firing = async () => (await api('alerts')).alerts.filter(({ state }) => state === 'firing').map(({ labels }) => labels);
  // Two samples of a counter are needed before its growth is seen.
  await eventually('the server is scraped', async () =>
    Number((await api('query?query=count_over_time(prosa_uptime_seconds[1m])')).result[0]?.value[1]) >= 3, { every: 200 });
  const fired = (name, labels = {}) =>
    eventually(`${name} fires`, async () => (await firing()).find((alert) => alert.alertname === name &&
      Object.entries(labels).every(([key, value]) => alert[key] === value)), { every: 200 });
  return { fired, firing };
}

test('a server that is well makes none fire, and one that is gone makes ProsaDown fire', async (t) => {
  const server = await startServer(t);
  const alerts = await watch(t, server);
  assert.deepEqual(await alerts.firing(), []);
  await server.stop();
  await alerts.fired('ProsaDown');
});

test('ProsaWebhooksRefused', async (t) => {
  const server = await startServer(t, { env: livekit });
  const alerts = await watch(t, server);
  assert.equal((await server.post('/livekit/webhook', { event: 'room_started' })).status, 401);
  await alerts.fired('ProsaWebhooksRefused', { cause: 'missing' });
});

test('ProsaFull', async (t) => {
  const server = await startServer(t, { env: { MAX_TRACKS: '1' } });
  const alerts = await watch(t, server);
  await openTrack(server, { roomName: 'a', participant: 'ana', trackId: 'TR_1' });
  assert.equal((await refusedTrack(server, { roomName: 'a', participant: 'bob', trackId: 'TR_2' })).status, 503);
  await alerts.fired('ProsaFull');
});

test('ProsaLoginsReused', async (t) => {
  const server = await startServer(t, { env: accounts });
  const alerts = await watch(t, server);
  const { refreshToken } = await register(server, 'ana', { organizationName: 'Acme' });
  // Once more is forgiven while nobody has used what came of it: an answer may have been lost.
  const next = await server.post('/auth/refresh', { refreshToken });
  assert.equal((await server.post('/auth/refresh', { refreshToken: next.body.refreshToken })).status, 200);
  assert.equal((await server.post('/auth/refresh', { refreshToken })).status, 401);
  await alerts.fired('ProsaLoginsReused');
});

test('ProsaMicrophonesUnrecorded and ProsaDegraded', async (t) => {
  const { livekit: fake, server } = await startWorld(t);
  const alerts = await watch(t, server);
  fake.refuse = [503, 'unavailable', 'no worker'];
  await fake.begin('daily', 'ana');
  await alerts.fired('ProsaMicrophonesUnrecorded');
  await alerts.fired('ProsaDegraded', { part: 'egress' });
  fake.mode = 'reset';
  await fake.begin('weekly', 'bob');
  await alerts.fired('ProsaDegraded', { part: 'livekit' });
});

test('ProsaTicksLate', async (t) => {
  const server = await startServer(t);
  const alerts = await watch(t, server);
  await openTrack(server, { roomName: 'a', participant: 'ana', trackId: 'TR_1' });
  // It gets no CPU most of the time.
  const stopping = setInterval(() => {
    server.child.kill('SIGSTOP');
    setTimeout(() => server.child.kill('SIGCONT'), 150);
  }, 200);
  atEnd(t, () => (clearInterval(stopping), server.child.kill('SIGCONT')));
  await alerts.fired('ProsaTicksLate');
  clearInterval(stopping);
});

test('ProsaRestarts', async (t) => {
  const port = String(await freePort());
  let server = await startServer(t, { env: { PORT: port } });
  const alerts = await watch(t, server);
  for (let i = 0; i < 4; i++) {
    const { folder } = server;
    await server.stop();
    server = await startServer(t, { env: { PORT: port }, folder });
    // Long enough to be scraped more than once.
    await eventually('it has run for a moment', async () => (await server.metric('prosa_uptime_seconds')) > 1.5, { every: 100 });
  }
  await alerts.fired('ProsaRestarts');
});
