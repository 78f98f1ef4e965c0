import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { loadAll } from 'js-yaml';
import { freePort, run, startServer, temporaryFolder } from './harness.mjs';

const read = (name) => readFile(new URL(`../../deploy/${name}`, import.meta.url), 'utf8');

// The lines `NAME: value` of a service in compose.yaml.
function environment(compose, service) {
  const block = compose.split(/^  (?=\w+:$)/m).find((part) => part.startsWith(`${service}:`));
  return Object.fromEntries([...block.matchAll(/^      ([A-Z_]+): "?([^"\n]*)"?$/gm)].map(([, name, value]) => [name, value]));
}

test('compose, livekit.yaml and egress.yaml name the same key, hosts and ports', async () => {
  const [compose, livekit, egress] = await Promise.all(['compose.yaml', 'livekit.yaml', 'egress.yaml'].map(read));
  const prosa = environment(compose, 'prosa');
  assert.equal(environment(compose, 'livekit').LIVEKIT_KEYS.split(':')[0], prosa.LIVEKIT_API_KEY);
  assert.equal(environment(compose, 'egress').LIVEKIT_API_KEY, prosa.LIVEKIT_API_KEY);
  assert.match(livekit, new RegExp(`^  api_key: ${prosa.LIVEKIT_API_KEY}$`, 'm'));
  assert.match(livekit, /^    - http:\/\/prosa:3001\/livekit\/webhook$/m);
  assert.match(livekit, /^port: 7880$/m);
  assert.equal(prosa.LIVEKIT_API_URL, 'http://livekit:7880');
  assert.match(egress, /^ws_url: ws:\/\/livekit:7880$/m);
  assert.equal(prosa.EGRESS_WS_BASE, 'ws://prosa:3001');
  for (const file of [livekit, egress]) assert.match(file, /^  address: redis:6379$/m);
});

test('Prosa takes the environment that compose gives it', async (t) => {
  const env = environment(await read('compose.yaml'), 'prosa');
  for (const name of Object.keys(env)) env[name] = env[name].replace(/\$\{HUME_API_KEY:-\}/, '').replace(/\$\{\w+\}/, 'a'.repeat(32));
  const { code, stdout, stderr } = await run(['check-config'], { env, cwd: await temporaryFolder(t) });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^EGRESS_AUTH=signed$/m);
  assert.match(stdout, /^FEEDBACK_ACCESS=host$/m);
});

// The parts of deploy/kubernetes/prosa.yaml by their kind.
async function kubernetes() {
  const parts = loadAll(await read('kubernetes/prosa.yaml'));
  return Object.fromEntries(parts.map((part) => [part.kind, part]));
}

test('Kubernetes gives Prosa an environment that it takes, and time to end', async (t) => {
  const { ConfigMap, StatefulSet } = await kubernetes(), pod = StatefulSet.spec.template.spec;
  const env = { ...ConfigMap.data, LIVEKIT_API_SECRET: 'a'.repeat(32), DATABASE_URL: 'postgresql://prosa:prosa@postgres/prosa' };
  const { code, stderr } = await run(['check-config'], { env: { ...env, STORAGE_DIR: 'storage' }, cwd: await temporaryFolder(t) });
  assert.equal(code, 0, stderr);
  assert.ok(Number(env.DRAIN_MS) < pod.terminationGracePeriodSeconds * 1000);
  assert.equal(StatefulSet.spec.replicas, 1);
});

test('the parts for Kubernetes name each other, and fit the Dockerfile', async () => {
  const { ConfigMap, Service, StatefulSet, PodDisruptionBudget, Ingress } = await kubernetes();
  const dockerfile = await read('Dockerfile'), { spec: pod, metadata } = StatefulSet.spec.template, [container] = pod.containers;
  const port = Number(ConfigMap.data.PORT), labels = metadata.labels;
  for (const selector of [Service.spec.selector, StatefulSet.spec.selector.matchLabels, PodDisruptionBudget.spec.selector.matchLabels])
    assert.deepEqual(selector, labels);
  assert.equal(StatefulSet.spec.serviceName, Service.metadata.name);
  assert.deepEqual(Ingress.spec.rules[0].http.paths[0].backend.service, { name: Service.metadata.name, port: { name: container.ports[0].name } });
  assert.deepEqual([container.ports[0].containerPort, Service.spec.ports[0].port], [port, port]);
  assert.equal(ConfigMap.data.EGRESS_WS_BASE, `ws://${Service.metadata.name}:${port}`);
  assert.equal(metadata.annotations['prometheus.io/port'], String(port));
  assert.match(dockerfile, new RegExp(`^EXPOSE ${port}$`, 'm'));
  assert.match(dockerfile, new RegExp(`^USER ${pod.securityContext.runAsUser}:${pod.securityContext.runAsGroup}$`, 'm'));
  const { mountPath } = container.volumeMounts.find(({ name }) => name === StatefulSet.spec.volumeClaimTemplates[0].metadata.name);
  assert.deepEqual([mountPath, ConfigMap.data.STORAGE_DIR], ['/var/lib/prosa/storage', '/var/lib/prosa/storage']);
  assert.match(dockerfile, new RegExp(`^VOLUME ${mountPath}$`, 'm'));
});

test('probes of containers hear that a server is well', async (t) => {
  const { StatefulSet } = await kubernetes(), [container] = StatefulSet.spec.template.spec.containers;
  const server = await startServer(t), dockerfile = await read('Dockerfile');
  for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'])
    assert.equal((await server.get(container[probe].httpGet.path)).status, 200, probe);
  const [, list] = /^HEALTHCHECK .*CMD (\[[^]*?\])$/m.exec(dockerfile.replace(/\\\n\s*/g, ''));
  const [file, ...args] = JSON.parse(list);
  const check = (port) => spawnSync(file, args, { env: { PATH: process.env.PATH, PORT: String(port) } }).status;
  assert.equal(check(server.port), 0);
  assert.notEqual(check(await freePort()), 0);
});
