// Users, their logins, and a PostgreSQL of a test's own.
import { execFile, spawn } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { atEnd, eventually, freePort, temporaryFolder } from './harness.mjs';

const fixture = resolve(dirname(fileURLToPath(import.meta.url)), '../fixtures/postgres');
const execute = promisify(execFile);

// Cheap hashes, no throttling, whoever comes may register.
export const accounts = {
  ARGON2_MEMORY_KIB: '64', ARGON2_PASSES: '1', AUTH_REGISTRATION: 'open',
  AUTH_LOGINS_PER_MINUTE: '0', AUTH_REGISTRATIONS_PER_HOUR: '0', AUTH_REFRESHES_PER_MINUTE: '0',
};

export const password = 'correct horse battery staple';
export const bearer = (login) => ({ headers: { authorization: `Bearer ${login.accessToken}` } });

export async function register(server, name, { organizationName = name, email = `${name}@example.org` } = {}) {
  const { status, body } = await server.post('/auth/register', { email, password, name, organizationName });
  if (status !== 201) throw new Error(`register: ${status} ${JSON.stringify(body)}`);
  return body;
}

// A member of the owner's organization, by invitation.
export async function invite(server, owner, name, role = 'MEMBER') {
  const invitation = await server.post(`/organizations/${owner.organization.slug}/invitations`, { role }, bearer(owner));
  if (invitation.status !== 201) throw new Error(`invite: ${invitation.status} ${JSON.stringify(invitation.body)}`);
  const { status, body } = await server.post('/auth/accept-invitation',
    { token: invitation.body.token, email: `${name}@example.org`, password, name });
  if (status !== 201) throw new Error(`accept: ${status} ${JSON.stringify(body)}`);
  return body;
}

// One request from an address of its own (all of 127.0.0.0/8 is this machine's).
export function postFrom(server, address, path, body) {
  return new Promise((done, fail) => {
    const text = JSON.stringify(body);
    const request = http.request(`${server.url}${path}`, { method: 'POST', localAddress: address, agent: false,
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) } }, (response) => {
      let answer = '';
      response.on('data', (part) => (answer += part));
      response.on('end', () => done({ status: response.statusCode, headers: response.headers,
        body: answer && JSON.parse(answer) }));
    });
    request.on('error', fail);
    request.end(text);
  });
}

class Postgres {
  constructor(folder) {
    this.folder = folder;
  }
  async tell(...words) {
    return (await execute(fixture, words, { maxBuffer: 1 << 20, env: { ...process.env, PROSA_TEST_PID: String(process.pid) } })).stdout.trim();
  }
  kill = () => this.tell('kill', this.folder);
  pause = () => this.tell('pause', this.folder);
  resume = () => this.tell('resume', this.folder);
  again = () => this.tell('again', this.folder);
  // The answer of one query, as text without a frame.
  async ask(sql) {
    const { stdout } = await execute('psql', ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-c', sql, this.url]);
    return stdout.trim();
  }
}

export async function startPostgres(t) {
  const folder = await temporaryFolder(t);
  await chmod(folder, 0o755);
  const postgres = new Postgres(folder);
  t.after(async () => {
    await postgres.resume().catch(() => {});
    await postgres.tell('stop', folder).catch(() => {});
  });
  postgres.url = await postgres.tell('start', folder);
  return postgres;
}

const isListening = (port) => new Promise((done) => {
  const socket = net.connect(port, '127.0.0.1').on('connect', () => done(true)).on('error', () => done(false)).on('close', () => socket.destroy());
  socket.on('connect', () => socket.destroy());
});

// PgBouncer between, which gives each transaction another of its two connections: the URL through it. Its settings are the package's but for
// what the test needs; as root it would refuse to run.
export async function startPgBouncer(t, postgres) {
  const folder = await temporaryFolder(t), port = await freePort();
  await writeFile(join(folder, 'users'), '"prosa" "prosa"\n');
  await writeFile(join(folder, 'ini'), [
    '[databases]', `* = host=127.0.0.1 port=${new URL(postgres.url).port} pool_size=2`,
    '[pgbouncer]', 'listen_addr = 127.0.0.1', `listen_port = ${port}`, 'unix_socket_dir =', 'pool_mode = transaction',
    'auth_type = scram-sha-256', `auth_file = ${folder}/users`, ''].join('\n'));
  await chmod(folder, 0o755);
  const user = process.getuid() === 0 ? ['--reuid=postgres', '--regid=postgres', '--clear-groups'] : [];
  const pooler = spawn('setpriv', [...user, '--pdeathsig', 'KILL', '/usr/sbin/pgbouncer', join(folder, 'ini')], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '', ended;
  pooler.stderr.on('data', (part) => (said += part));
  pooler.on('exit', (code) => (ended = `PgBouncer ended (${code}): ${said}`)).on('error', (error) => (ended = String(error)));
  atEnd(t, () => pooler.kill('SIGKILL'));
  await eventually('PgBouncer listens', async () => {
    if (ended) throw new Error(ended);
    return isListening(port);
  });
  return { url: Object.assign(new URL(postgres.url), { port }).href, said: () => said };
}
