import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { accounts, bearer, password, register, startPostgres } from './accounts.mjs';
import { eventually, run, startServer, temporaryFolder } from './harness.mjs';
import { deadMicrophone, livekit, quickRules, startRoom } from './meeting.mjs';

const env = { ...livekit, ...quickRules, ...accounts, EGRESS_AUTH: 'off' };

test('a backup made under load is restored', async (t) => {
  const server = await startServer(t, { env });
  await register(server, 'ana');
  await startRoom(server, 'RM_1', 'daily');
  for (let i = 0; i < 5; i++) await deadMicrophone(t, server, { participant: `p${i}` });
  await eventually('events are stored', async () => (await server.metric('prosa_store_written_total')) > 3);
  const copy = join(server.folder, 'copy.db');
  const backup = await run(['backup', copy], { cwd: server.folder, env: { PROSA_ENV: 'test' } });
  assert.equal(backup.code, 0, backup.stderr);
  assert.equal((await stat(copy)).mode & 0o777, 0o600);
  const again = await run(['backup', copy], { cwd: server.folder, env: { PROSA_ENV: 'test' } });
  assert.equal(again.code, 1);
  assert.match(again.stderr, /exists/);
  await register(server, 'bob'); // after the backup
  await server.stop();

  const database = join(server.folder, 'storage/prosa.db');
  for (const end of ['', '-wal', '-shm']) await rm(database + end, { force: true });
  await copyFile(copy, database);
  const restored = await startServer(t, { env, folder: server.folder });
  assert.equal((await restored.post('/auth/login', { email: 'ana@example.org', password })).status, 200);
  assert.equal((await restored.post('/auth/login', { email: 'bob@example.org', password })).status, 401);
});

test('prosa migrate says what it would do, does it, and says that it did', async (t) => {
  const folder = await temporaryFolder(t);
  const migrate = (...words) => run(['migrate', ...words], { cwd: folder, env: { DATABASE_URL: 'file:./x.db', PROSA_ENV: 'test' } });
  const dry = await migrate('--dry-run');
  assert.match(dry.stdout, /CREATE TABLE "Session"/);
  assert.match((await migrate('--status')).stdout, /1 +missing/);
  assert.equal((await migrate()).code, 0);
  assert.doesNotMatch((await migrate('--status')).stdout, /missing/);
  assert.match((await migrate()).stdout, /up to date/);
  assert.equal((await migrate('--sideways')).code, 2);
  await writeFile(join(folder, 'x.db'), 'this is no database, though it is long enough to look like one '.repeat(30));
  const damaged = await migrate();
  assert.equal(damaged.code, 1);
  assert.match(damaged.stderr, /x\.db/);
});

test('what cannot be used stops the start with one sentence', async (t) => {
  const folder = await temporaryFolder(t);
  const serve = (DATABASE_URL) => run(['serve'], { cwd: folder, env: { DATABASE_URL, PORT: '0', PROSA_ENV: 'test' } });
  for (const [url, says] of [['mysql://u:geheim@h/db', /DATABASE_URL must begin with/], ['postgresql://u:geheim@h/db?ssl_mode=require', /ssl_mode is unknown/]]) {
    const { code, stderr } = await serve(url);
    assert.equal(code, 1);
    assert.match(stderr, says);
    assert.doesNotMatch(stderr, /geheim/);
  }
});

test('prosa org', async (t) => {
  const server = await startServer(t, { env });
  await register(server, 'ana', { organizationName: 'Acme' });
  const org = (...words) => run(['org', ...words], { cwd: server.folder, env: { PROSA_ENV: 'test' } });
  assert.match((await org('list')).stdout, /^acme +- +Acme$/m);
  assert.equal((await org('link', 'acme')).code, 0);
  assert.match((await org('list')).stdout, /^acme +linked +Acme$/m);
  assert.equal((await org('unlink', 'acme')).code, 0);
  const missing = await org('link', 'nobody');
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /no organization nobody/);
  assert.equal((await org('link')).code, 2);
});

test('deploy/setup-database.sh makes the user and the database', async (t) => {
  const postgres = await startPostgres(t);
  const { stdout } = await promisify(execFile)('sh', [new URL('../../deploy/setup-database.sh', import.meta.url).pathname], {
    env: { PATH: process.env.PATH, PGURL: postgres.url.replace('/live_meeting', '/postgres'),
      DB_USER: "o'live", DB_PASSWORD: "a'b c", DB_NAME: 'meetings' } });
  const url = /postgresql:\S+/.exec(stdout)[0];
  const port = new URL(postgres.url).port;
  const migrated = await run(['migrate'], { cwd: await temporaryFolder(t),
    env: { DATABASE_URL: url.replace(/@[^/]+/, `@127.0.0.1:${port}`), PROSA_ENV: 'test' } });
  assert.equal(migrated.code, 0, migrated.stderr);
});

test('TLS as the URL says it', async (t) => {
  const postgres = await startPostgres(t);
  const data = join(postgres.folder, 'data');
  const make = `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test ` +
    `-addext subjectAltName=IP:127.0.0.1 -keyout ${data}/server.key -out ${data}/server.crt 2>/dev/null && ` +
    `chmod 600 ${data}/server.key && chown --reference=${data} ${data}/server.key ${data}/server.crt && cp ${data}/server.crt ${postgres.folder}/ca.pem`;
  await promisify(execFile)('sh', ['-c', make]);
  await postgres.tell('stop', postgres.folder);
  await postgres.tell('again', postgres.folder, 'ssl=on');
  const migrate = (parameters) => run(['migrate'], { env: { DATABASE_URL: `${postgres.url}?${parameters}`, PROSA_ENV: 'test' } });
  assert.equal((await migrate('sslmode=require')).code, 0);
  assert.equal(await postgres.ask('SELECT COUNT(*) FROM pg_stat_ssl WHERE ssl AND pid = pg_backend_pid()'), '1');
  const strict = await migrate('sslmode=require&sslaccept=strict');
  assert.equal(strict.code, 1);
  assert.match(strict.stderr, /certificate verify failed/);
  assert.equal((await migrate(`sslmode=require&sslaccept=strict&sslcert=${postgres.folder}/ca.pem`)).code, 0);
  await postgres.tell('stop', postgres.folder);
  await postgres.tell('again', postgres.folder, 'ssl=off');
  assert.match((await migrate('sslmode=require')).stderr, /does not support SSL/);
});
