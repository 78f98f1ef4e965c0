// What the database costs the media path: 200 tracks that stream, 20,000 feedback events a minute, and how late the
// shards' ticks begin; with the events written to SQLite, to PostgreSQL, and, for comparison, to a database that is
// never there. Rounds alternate; the median counts.
import { cpus } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { startPostgres } from '../system/accounts.mjs';
import { startServer } from '../system/harness.mjs';
import { lateness, latenessP99, median } from '../system/times.mjs';
import WebSocket from 'ws';

const rounds = Number(process.env.ROUNDS ?? 5);
const seconds = Number(process.env.SECONDS ?? 15);
const tracks = 200;
// A dead microphone is told of again after 0.6 s: 200 of them make 20,000 events a minute.
const env = { PROSA_ENV: 'development', RULE_SILENCIO_PROLONGADO_DEAD_MIC_S: '1', RULE_SILENCIO_PROLONGADO_COOLDOWN_S: '0.6',
  EGRESS_AUTH: 'off', FEEDBACK_TTL_DAYS: '1' };

const ends = [];
const scope = { after: (fn) => ends.unshift(fn) };

async function round(url) {
  const server = await startServer(scope, { env: { ...env, ...(url && { DATABASE_URL: url }) } });
  const open = [];
  for (let i = 0; i < tracks; i++) {
    const ws = new WebSocket(`${server.ws}/egress-audio?roomName=r${i >> 2}&participant=p${i}&track=t${i}&sampleRate=48000&channels=1`,
      { perMessageDeflate: false });
    open.push(new Promise((done, fail) => ws.on('open', () => done(ws)).on('error', fail)));
  }
  const sockets = await Promise.all(open);
  const frame = Buffer.alloc(3840);
  let sent = 0;
  const start = Date.now();
  const pump = setInterval(() => {
    const due = Math.floor((Date.now() - start) / 40);
    for (; sent < due; sent++) for (const ws of sockets) ws.send(frame);
  }, 10);
  await delay(3000);
  const before = await lateness(server);
  const counted = await server.metric('prosa_feedback_total');
  await delay(seconds * 1000);
  const after = await lateness(server);
  const events = ((await server.metric('prosa_feedback_total')) - counted) * 60 / seconds;
  const written = await server.metric('prosa_store_written_total');
  const dropped = await server.metric('prosa_store_dropped_total');
  clearInterval(pump);
  for (const ws of sockets) ws.terminate();
  await server.stop();
  return { p99: latenessP99(before, after), events, written, dropped };
}

const postgres = await startPostgres(scope);
const databases = { none: 'postgresql://nobody@127.0.0.1:1/none', SQLite: '', PostgreSQL: null };
const results = { none: [], SQLite: [], PostgreSQL: [] };
let failed = 0;
try {
  for (let i = 0; i < rounds; i++) {
    databases.PostgreSQL = `${postgres.url}?schema=round${i}`;
    for (const [name, url] of Object.entries(databases)) results[name].push(await round(url));
  }
  const reference = median(results.none.map((r) => r.p99));
  console.log(`${cpus().length} cores, ${rounds} rounds of ${seconds} s, ${tracks} tracks of 40 ms frames`);
  for (const [name, list] of Object.entries(results)) {
    const value = median(list.map((r) => r.p99));
    const fits = name === 'none' || (value <= 2 * Math.max(reference, 1) && value <= reference + 10);
    const lost = name === 'none' ? 0 : list.reduce((n, r) => n + r.dropped, 0);
    failed += !fits || lost > 0;
    console.log(`store ${name}: p99 of tick lateness ${value} ms (${list.map((r) => r.p99).join(' ')}), ` +
      `${Math.round(median(list.map((r) => r.events)))} events a minute, ${list.at(-1).written} written, ${lost} lost${fits ? '' : ': TOO LATE'}`);
  }
} finally {
  for (const end of ends) await end();
}
process.exit(failed ? 1 : 0);
