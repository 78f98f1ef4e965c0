// A server in 512 MiB with the defaults of production, that records fifty signed microphones while a host listens; and attacks on it,
// each a minute long, by strangers of lower priority.
import assert from 'node:assert/strict';
import { fork, spawn } from 'node:child_process';
import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { part } from '../fakes/choir.mjs';
import { finishedWav } from '../system/egress.mjs';
import { atEnd, freePort, once, releaseBinary, run, startServer } from '../system/harness.mjs';
import { livekit, livekitToken, quickRules, startRoom } from '../system/meeting.mjs';
import { p99 } from '../system/times.mjs';

const MIB = 1024 * 1024, MEMORY = 512 * MIB, TRACKS = 50, ATTACK_MS = Number(process.env.ATTACK_MS ?? 60000), CALM_MS = ATTACK_MS / 2;
const fake = (name) => fileURLToPath(new URL(`../fakes/${name}.mjs`, import.meta.url));

// A control group below our own, with that much memory. Undefined: none can be made here.
async function controlGroup(t) {
  const groups = await readFile('/proc/self/cgroup', 'utf8').catch(() => '');
  const own = /^\d+:memory:(.*)$/m.exec(groups)?.[1], unified = /^0::(.*)$/m.exec(groups)?.[1];
  const places = [[own, '/sys/fs/cgroup/memory', 'memory.limit_in_bytes', 'memory.max_usage_in_bytes'],
    [unified, '/sys/fs/cgroup', 'memory.max', 'memory.peak']];
  for (const [path, mount, limit, peak] of places) {
    const folder = `${mount}${path}/prosa-test-${process.pid}`;
    try {
      if (path === undefined) continue;
      await mkdir(folder);
      atEnd(t, () => rmdir(folder));
      await writeFile(`${folder}/${limit}`, String(MEMORY));
      return { folder, peak: async () => Number(await readFile(`${folder}/${peak}`, 'utf8')) };
    } catch {
      // the next one
    }
  }
  return undefined;
}

async function residentBytes(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+)/.exec(status)[1]) * 1024;
}

// A child that talks by IPC, ended with the test.
function child(t, name) {
  const process = fork(fake(name));
  atEnd(t, () => process.kill('SIGKILL'));
  return process;
}

const heard = async (process) => (await once(process, 'message'))[0];

async function start(t) {
  const group = await controlGroup(t);
  const port = await freePort();
  const env = { ...livekit, ...quickRules, PORT: String(port), PROSA_ENV: 'production', EGRESS_WS_BASE: `ws://127.0.0.1:${port}`,
    EGRESS_URL_SECRET: '0123456789abcdef0123456789abcdef', JWT_ACCESS_SECRET: 'a1'.repeat(16), JWT_REFRESH_SECRET: 'b2'.repeat(16),
    DISK_MIN_FREE: '0', DISK_WARN_FREE: '0', ...(group ? {} : { PROSA_MEMORY: String(MEMORY) }) };
  const wrap = group ? ['sh', '-c', `echo $$ >${group.folder}/cgroup.procs && exec "$@"`, 'sh'] : [];
  const server = await startServer(t, { env, wrap, file: releaseBinary });
  assert.equal(await server.metric('prosa_budget_limit', { pool: 'memory' }), MEMORY / 8, 'it knows how much memory there is');
  await startRoom(server, 'RM_x', 'daily');
  return { group, server, env };
}

async function sing(t, server, env) {
  const urls = await Promise.all(Array.from({ length: TRACKS }, async (_, i) => {
    const { code, stdout, stderr } = await run(['egress-url', 'roomName=daily', 'meetingId=RM_x', `participant=p${i}`, `trackId=TR_${i}`,
      'sampleRate=16000', 'channels=1'], { cwd: server.folder, env });
    assert.equal(code, 0, stderr);
    return stdout.trim();
  }));
  const choir = child(t, 'choir');
  choir.send({ urls });
  await heard(choir);
  return choir;
}

async function look(witness) {
  const seen = heard(witness);
  witness.send('look');
  return seen;
}

async function attack(t, name, { server, witness }) {
  const strangers = spawn('nice', ['-n', '19', process.execPath, fake('siege'), name, String(server.port)], { stdio: 'inherit' });
  atEnd(t, () => strangers.kill('SIGKILL'));
  await look(witness);
  await delay(ATTACK_MS);
  const seen = await look(witness);
  strangers.kill('SIGKILL');
  await delay(3000); // what is left of it is let go
  return seen;
}

const report = ({ health, feedback, machine, disconnects }) =>
  `/health p99 ${p99(health).toFixed(1)} ms (most ${Math.max(...health).toFixed(1)}), of a server that does nothing ` +
  `${p99(machine).toFixed(1)} ms; feedback p99 ${p99(feedback)} ms of ${feedback.length}; host lost ${disconnects} times`;

// Runs the attacks one after the other. Each must leave /health and feedback alone; at the end no sample is missing.
export async function besiege(t, names) {
  const { group, server, env } = await start(t);
  const choir = await sing(t, server, env);
  const witness = child(t, 'witness');
  const bystander = `http://127.0.0.1:${await heard(child(t, 'bystander'))}`;
  witness.send({ url: server.url, token: livekitToken(), room: 'feedback:RM_x', bystander });
  await delay(5000);
  await look(witness);
  await delay(CALM_MS);
  const calm = await look(witness);
  t.diagnostic(group ? `in ${group.folder}` : 'no control group can be made here');
  t.diagnostic(`calm: ${report(calm)}`);
  assert.ok(calm.feedback.length > CALM_MS / 200, `${calm.feedback.length} events`);

  for (const name of names)
    await t.test(name, async (t) => {
      const seen = await attack(t, name, { server, witness });
      t.diagnostic(`${report(seen)}, ${Math.round((await residentBytes(server.child.pid)) / MIB)} MiB resident at most`);
      assert.ok(!server.exit, 'the server lives');
      // A busy machine is not the server's fault.
      const machineMs = Math.max(p99(seen.machine), p99(calm.machine), p99(calm.health));
      const most = Math.max(50, 3 * machineMs);
      assert.ok(p99(seen.health) <= most, `/health: p99 ${p99(seen.health)} ms, allowed ${most}`);
      assert.ok(p99(seen.feedback) <= 2 * p99(calm.feedback) + p99(seen.machine), `feedback: p99 ${p99(seen.feedback)} ms, calm ${p99(calm.feedback)} ms`);
      assert.ok(seen.feedback.length >= calm.feedback.length, 'as much feedback as before');
      assert.equal(seen.disconnects, 0, 'the host stays');
    });

  const ended = heard(choir);
  choir.send('stop');
  const { sent, lost } = await ended;
  assert.equal(lost, 0, 'no track broke off');
  for (let i = 0; i < TRACKS; i++) {
    const expected = Buffer.concat(Array.from({ length: sent[i] }, (_, k) => part(i, k)));
    const { data } = await finishedWav(server, `TR_${i}`, { bytes: expected.length });
    assert.ok(data.equals(expected), `track ${i} is as it was sent`);
  }
  assert.ok((await residentBytes(server.child.pid)) < MEMORY);
  if (group) assert.ok((await group.peak()) <= MEMORY);
}
