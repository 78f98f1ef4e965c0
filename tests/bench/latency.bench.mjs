// How long after it was so does a host hear of it: receipt at a real socket.io-client minus the event's ts, with 4 and
// with 400 speaking tracks. Everybody in a meeting speaks at once, so that there is much to tell.
import { spawn } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { io } from 'socket.io-client';
import { once, startServer } from '../system/harness.mjs';

const LIMIT_P99_MS = 300;
const SECONDS = 20;
const player = join(resolve(dirname(fileURLToPath(import.meta.url)), '../..'), 'build/release/tests/bench/ingest_play');

const afters = [];
const t = { after: (fn) => afters.unshift(fn) };

function play(server, tracks, label) {
  return new Promise((done, fail) => {
    const child = spawn(player, [server.port, server.child.pid, tracks, SECONDS, label].map(String), { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (part) => (text += part));
    child.on('close', (code) => (code === 0 ? done(text.trim()) : fail(new Error(`ingest_play ended with ${code}`))));
  });
}

function percentile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)];
}

async function measure(tracks) {
  const env = { RULE_OVERLAP_FALA_COOLDOWN_S: '1', RULE_MONOTONIA_PROSODICA_COOLDOWN_S: '1', RULE_INTERRUPCOES_FREQUENTES_COOLDOWN_S: '1' };
  const server = await startServer(t, { env });
  const host = io(server.url, { transports: ['websocket'], forceNew: true });
  t.after(() => host.disconnect());
  await once(host, 'connect');
  const label = `latency${tracks}`;
  for (let meeting = 0; meeting * 4 < tracks; meeting++) {
    const joined = once(host, 'user-joined');
    host.emit('join-room', `feedback:${label}-${meeting}`);
    await joined;
  }
  const latencies = [];
  host.on('feedback', ({ ts }) => latencies.push(Date.now() - ts));
  const load = await play(server, tracks, label);
  latencies.sort((a, b) => a - b);
  const p99 = percentile(latencies, 0.99);
  const isGood = latencies.length > 0 && p99 <= LIMIT_P99_MS;
  console.log(`latency tracks=${tracks} events=${latencies.length} p50_ms=${percentile(latencies, 0.5)} p99_ms=${p99} limit=${LIMIT_P99_MS} (${load}) ${isGood ? 'ok' : 'OVER'}`);
  return isGood;
}

let isGood = true;
try {
  for (const tracks of [4, 400]) isGood = (await measure(tracks)) && isGood;
} finally {
  for (const fn of afters) await fn();
}
process.exit(isGood ? 0 : 1);
