import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { run, temporaryFolder } from './harness.mjs';

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
