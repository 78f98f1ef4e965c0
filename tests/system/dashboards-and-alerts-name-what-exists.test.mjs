import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startServer } from './harness.mjs';
import { FakeLivekit } from '../fakes/livekit.mjs';

const top = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const read = (path) => readFile(join(top, path), 'utf8');
const namesIn = (text) => new Set(text.match(/\bprosa_[a-z_]+/g));

async function existing(t) {
  const livekit = await new FakeLivekit().listen(t);
  const server = await startServer(t, { env: { ...livekit.environment(), HUME_API_KEY: 'a-key-of-this-test', HUME_WS_URL: 'ws://127.0.0.1:1' } });
  const { body } = await server.get('/metrics');
  return namesIn(body.replace(/^#.*$/gm, ''));
}

test('every metric of the dashboard and of the alerts exists', async (t) => {
  const names = await existing(t);
  const [alerts, dashboard] = await Promise.all([read('deploy/prometheus/alerts.yaml'), read('deploy/grafana/prosa.json')]);
  const panels = JSON.parse(dashboard).panels;
  assert.ok(panels.length > 10 && panels.every((panel) => panel.title && panel.targets.length > 0));
  for (const name of [...namesIn(alerts), ...namesIn(dashboard)]) assert.ok(names.has(name), name);
});

test('every alert has a line that says what to do', async () => {
  const [alerts, page] = await Promise.all([read('deploy/prometheus/alerts.yaml'), read('docs/operations.md')]);
  const names = [...alerts.matchAll(/^ +- alert: (\w+)$/gm)].map((match) => match[1]);
  assert.ok(names.length > 10);
  for (const name of names) assert.match(page, new RegExp(`^\\| ${name} \\| .+ \\| .+ \\|$`, 'm'), name);
});

test('what is degraded is a metric, and both names of the health routes answer', async (t) => {
  const server = await startServer(t, { env: { DISK_MIN_FREE: '900000GiB' } });
  assert.equal(await server.metric('prosa_degraded', { part: 'database' }), 0);
  assert.deepEqual((await server.get('/health/ready')).body.degraded, (await server.get('/ready')).body.degraded);
  assert.equal((await server.get('/health/live')).body.status, 'healthy');
});
