import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readdir, readFile, statfs, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect, createServer as connectionServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startPostgres } from './accounts.mjs';
import { binary, eventually, freePort, run, startServer, temporaryFolder } from './harness.mjs';
import { startRoom } from './meeting.mjs';
import { FakeLivekit, key, secret } from '../fakes/livekit.mjs';
import { openReceiver, secret as receiverSecret } from '../fakes/receiver.mjs';
import { startRedis } from '../fakes/redis.mjs';
import { FakeS3 } from '../fakes/s3.mjs';

const keys = { LIVEKIT_API_KEY: key, LIVEKIT_API_SECRET: secret };
const nobody = 'http://127.0.0.1:1';

const seen = []; // every finding of this file

const parse = ({ code, stdout }) => {
  const { findings, ...sums } = JSON.parse(stdout);
  seen.push(...findings);
  const has = (level, about, text) => {
    const found = findings.find((one) => one.level === level && one.about === about && text.test(one.finding));
    assert.ok(found, `${level} ${about} ${text}: ${JSON.stringify(findings, null, 1)}`);
    if (level === 'fault') assert.ok(found.remedy, found.finding);
    return found;
  };
  assert.equal(code, sums.faults > 0 ? 1 : 0);
  return { code, findings, has };
};

// In a folder of its own, so that no env file of the machine counts.
async function examine(t, env, folder) {
  const cwd = folder ?? (await temporaryFolder(t));
  return parse(await run(['doctor', '--json'], { cwd, env: { PORT: String(await freePort()), ...env } }));
}

async function answerAll(t, answer) {
  const server = createServer(answer);
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${server.address().port}`;
}

test('a mistake in the settings is named, and nothing else is looked at', async (t) => {
  const { has, findings } = await examine(t, { PORT: 'many' });
  assert.match(has('fault', 'settings', /PORT is "many"/).remedy, /prosa --help/);
  assert.equal(findings.length, 1);
});

test('what is open, made up and missing is told', async (t) => {
  const bare = await examine(t, { NODE_ENV: 'production' });
  bare.has('doubt', 'doors', /CORS_ORIGINS/);
  bare.has('doubt', 'secrets', /made at the first start/);
  assert.match(bare.has('fault', 'livekit', /no key of LiveKit/).remedy, /LIVEKIT_API_SECRET/);
  bare.has('doubt', 'server', /does not run/);
});

test('limits beyond the machine are told', async (t) => {
  const { has } = await examine(t, { PROSA_MEMORY: '64MiB', MAX_CLIENT_BYTES: '1GiB' });
  has('doubt', 'memory', /of 64 MiB/);
  const cwd = await temporaryFolder(t);
  const few = spawnSync('sh', ['-c', 'ulimit -n 64; exec "$0" doctor --json', binary], { cwd, env: { PORT: '1', PATH: process.env.PATH } });
  const found = parse({ code: few.status, stdout: String(few.stdout) });
  assert.match(found.has('doubt', 'descriptors', /^64 may be open/).remedy, /LimitNOFILE/);
});

test('folders that cannot be written and a full disk are told', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'file'), '');
  const inFile = await examine(t, { STORAGE_DIR: join(folder, 'file/storage') });
  assert.match(inFile.has('fault', 'storage', /STORAGE_DIR cannot be used: .*uid \d+/).remedy, /STORAGE_DIR/);
  const full = await examine(t, { DISK_MIN_FREE: '900000GiB' });
  assert.match(full.has('fault', 'disk', /room for 0 hours/).remedy, /AUDIO_RECORD_FORMAT/);
});

// openssl req makes no certificate that is over, so a small authority signs one with dates of its own.
async function certificate(folder, from, to) {
  await writeFile(join(folder, 'ca.cnf'), `[ca]\ndefault_ca=own\n[own]\ndatabase=${folder}/index\nserial=${folder}/serial\n` +
    `new_certs_dir=${folder}\ndefault_md=sha256\npolicy=any\nx509_extensions=names\n[any]\ncommonName=supplied\n[names]\nsubjectAltName=DNS:meet.example.org\n`);
  await writeFile(join(folder, 'index'), '');
  await writeFile(join(folder, 'serial'), '01');
  const call = (...words) => execFileSync('openssl', words, { cwd: folder, stdio: 'pipe' });
  call('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=meet.example.org', '-keyout', 'key.pem', '-out', 'csr.pem');
  call('ca', '-batch', '-notext', '-selfsign', '-config', 'ca.cnf', '-keyfile', 'key.pem', '-in', 'csr.pem', '-out', 'cert.pem', '-startdate', from, '-enddate', to);
  return { TLS_CERT_FILE: join(folder, 'cert.pem'), TLS_KEY_FILE: join(folder, 'key.pem') };
}

test('certificates are judged by their names and their days', async (t) => {
  const folder = await temporaryFolder(t);
  const stamp = (days) => new Date(Date.now() + days * 86400000).toISOString().replace(/[-:T]|\.\d+/g, '');
  const over = await examine(t, await certificate(folder, stamp(-30), stamp(-3)));
  assert.match(over.has('fault', 'tls', /meet\.example\.org ended [23] days ago/).remedy, /renew/);
  const soon = await examine(t, await certificate(folder, stamp(-30), stamp(5)));
  soon.has('doubt', 'tls', /is for meet\.example\.org, for [45] days more/);
  const long = await examine(t, await certificate(folder, stamp(-30), stamp(90)));
  long.has('good', 'tls', /for (89|90) days/);
  await writeFile(join(folder, 'cert.pem'), 'nothing');
  (await examine(t, { TLS_CERT_FILE: join(folder, 'cert.pem'), TLS_KEY_FILE: join(folder, 'key.pem') })).has('fault', 'tls', /cannot be used/);
});

test('LiveKit that is away, refuses the key, is something else, or has another time', async (t) => {
  const away = await examine(t, { ...keys, LIVEKIT_API_URL: nobody });
  assert.match(away.has('fault', 'livekit', /cannot be reached/).remedy, /LIVEKIT_API_URL/);

  const livekit = await new FakeLivekit().listen(t);
  const right = await examine(t, { ...keys, LIVEKIT_API_URL: livekit.url });
  right.has('good', 'livekit', /answers and takes our key/);
  right.has('good', 'livekit', /clock is less than 2 s/);
  const wrong = await examine(t, { ...keys, LIVEKIT_API_URL: livekit.url, LIVEKIT_API_SECRET: 'another-secret-of-this-test-0123' });
  assert.match(wrong.has('fault', 'livekit', /refuses our key/).remedy, /LIVEKIT_API_SECRET/);

  const other = await answerAll(t, (request, response) => response.writeHead(404).end('<html>'));
  (await examine(t, { ...keys, LIVEKIT_API_URL: other })).has('fault', 'livekit', /404/);
  const late = await answerAll(t, (request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'application/json', date: new Date(Date.now() - 3600000).toUTCString() }).end('{"rooms":[]}');
  });
  assert.match((await examine(t, { ...keys, LIVEKIT_API_URL: late })).has('fault', 'livekit', /clock is 3[56]\d\d s/).remedy, /NTP/);
});

test('an address for Egress that leads to itself, or elsewhere', async (t) => {
  const itself = await examine(t, { ...keys, LIVEKIT_API_URL: 'http://[::ffff:127.0.0.1]:1' });
  assert.match(itself.has('fault', 'egress', /Egress would call itself/).remedy, /ws:\/\/HOST:PORT/);
  const joining = await examine(t, { ...keys, LIVEKIT_API_URL: 'http://[::ffff:127.0.0.1]:1', MEDIA_SOURCE: 'join' });
  assert.ok(joining.findings.every(({ about }) => about !== 'egress'), 'where rooms are joined there need be no Egress');

  const port = await freePort();
  const livekit = await new FakeLivekit().listen(t);
  const env = { ...keys, LIVEKIT_API_URL: livekit.url, PORT: String(port), PROSA_HOST: '127.0.0.1', PROSA_ENV: 'test', EGRESS_WS_BASE: `ws://127.0.0.1:${port}` };
  const server = await startServer(t, { env });
  const before = await examine(t, env, server.folder);
  before.has('good', 'server', /runs on port/);
  before.has('good', 'egress', /leads here/);
  before.has('doubt', 'webhooks', /none has come/);
  const elsewhere = await examine(t, { ...env, EGRESS_WS_BASE: nobody.replace('http', 'ws') }, server.folder);
  elsewhere.has('fault', 'egress', /does not lead to this server/);

  livekit.target = server.url;
  await livekit.begin('here', 'ana');
  (await examine(t, env, server.folder)).has('good', 'webhooks', /^\d+ have come, the last -?\d+ s ago/);
});

test('a port that another program has', async (t) => {
  const url = await answerAll(t, (request, response) => response.end('something else'));
  (await examine(t, { PORT: new URL(url).port })).has('fault', 'server', /taken by something that is not Prosa/);
});

test('a database that is away, and one that is not up to date', async (t) => {
  const away = await examine(t, { DATABASE_URL: 'postgresql://u:p@127.0.0.1:1/x' });
  assert.match(away.has('fault', 'database', /refused/).remedy, /DATABASE_URL/);
  const postgres = await startPostgres(t);
  const empty = await examine(t, { DATABASE_URL: postgres.url });
  empty.has('good', 'database', /PostgreSQL answers/);
  empty.has('good', 'database', /clock is 0\.\d s/);
  empty.has('doubt', 'database', /not up to date/);
});

// The URL of the same database with another clock: between, times in milliseconds that the server says are made earlier.
async function clockBehind(t, url, ms) {
  const target = new URL(url), proxy = new URL(url);
  const server = connectionServer((client) => {
    const behind = connect(Number(target.port), target.hostname);
    const earlier = (text) => text.replace(/(?<!\d)1[78]\d{11}(?!\d)/g, (time) => String(Number(time) - ms));
    client.pipe(behind);
    behind.on('data', (part) => client.write(Buffer.from(earlier(part.toString('latin1')), 'latin1')));
    for (const [one, other] of [[client, behind], [behind, client]]) one.on('error', () => {}).on('close', () => other.destroy());
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  t.after(() => server.close());
  proxy.port = server.address().port;
  return proxy.href;
}

test('a database whose clock is not ours, and one with tables that are not ours', async (t) => {
  const postgres = await startPostgres(t);
  const behind = await clockBehind(t, postgres.url, 7000);
  assert.match((await examine(t, { DATABASE_URL: behind })).has('fault', 'database', /clock is [67]\.\d s behind ours/).remedy, /NTP/);
  await postgres.ask('CREATE TABLE public."Session" (x int)');
  assert.match((await examine(t, { DATABASE_URL: postgres.url })).has('fault', 'database', /Session/).remedy, /docs\/database\.md/);
});

test('settings that contradict each other, and a disk that is nearly full', async (t) => {
  const { has } = await examine(t, { SOCKET_MESSAGE_BYTES: '64KiB', SOCKET_PACKET_BYTES: '32KiB' });
  has('doubt', 'settings', /SOCKET_MESSAGE_BYTES is 65536/);
  const { bavail, bsize } = await statfs(tmpdir());
  const nearly = await examine(t, { DISK_MIN_FREE: String(bavail * bsize - 4 * 2 ** 30) });
  assert.match(nearly.has('doubt', 'disk', /room for \d+ hours/).remedy, /RECORDING_TTL_DAYS/);
});

test('receivers of webhooks that cannot be reached, and webhooks that were given up', async (t) => {
  const receiver = await openReceiver(t, { answer: () => 410 });
  const port = await freePort();
  const env = { ...keys, EGRESS_AUTOSTART: 'off', PORT: String(port), PROSA_HOST: '127.0.0.1', PROSA_ENV: 'test', WEBHOOK_SECRET: receiverSecret(1), WEBHOOK_URLS: `${receiver.url},${nobody}/hook/with-a-secret` };
  const server = await startServer(t, { env });
  const first = await examine(t, env, server.folder);
  first.has('good', 'webhooks to others', new RegExp(`127\\.0\\.0\\.1:${receiver.port} can be reached`));
  const away = first.has('fault', 'webhooks to others', /^http:\/\/127\.0\.0\.1:1 cannot be reached/);
  assert.match(away.remedy, /WEBHOOK_URLS/);
  assert.ok(!JSON.stringify(first.findings).includes('with-a-secret'), 'a path may be a secret');
  await startRoom(server, 'RM_1', 'daily');
  await eventually('one is dead', async () => await server.metric('prosa_deliveries_dead') > 0);
  assert.match((await examine(t, env, server.folder)).has('doubt', 'webhooks to others', /given up/).remedy, /redeliver/);
});

test('an object store that is not there, refuses us, or keeps what is erased', async (t) => {
  const store = await new FakeS3().listen(t);
  const look = (env) => examine(t, { ...store.environment(), ...env });
  (await look({})).has('good', 'object store', /^gravacoes takes objects and deletes them$/);
  assert.equal(store.objects.size, 0);
  const wrong = (await look({ AWS_SECRET_ACCESS_KEY: 'another secret, of forty characters too.' })).has('fault', 'object store', /403 SignatureDoesNotMatch/);
  assert.match(wrong.remedy, /must be a pair/);
  assert.match((await look({ S3_BUCKET: 'another' })).has('fault', 'object store', /404 NoSuchBucket/).remedy, /make the bucket/);
  (await look({ S3_ENDPOINT: nobody })).has('fault', 'object store', /the store does not answer/);
  store.fail((seen) => seen.method === 'DELETE' && { status: 403, code: 'AccessDenied' });
  assert.match((await look({})).has('fault', 'object store', /cannot be deleted/).remedy, /erasing a meeting leaves them there/);
});

test('a Redis that is there, and one that is not', async (t) => {
  const redis = await startRedis(t);
  (await examine(t, { REDIS_URL: redis.url })).has('good', 'redis', /logged in to/);
  assert.match((await examine(t, { REDIS_URL: `redis://:wrong@127.0.0.1:${redis.port}` })).has('fault', 'redis', /AUTH/).remedy, /REDIS_URL/);
  (await examine(t, { REDIS_URL: `redis://127.0.0.1:${new URL(nobody).port}` })).has('fault', 'redis', /refused/);
});

test('a prosody service that cannot be reached', async (t) => {
  const { has } = await examine(t, { HUME_API_KEY: 'k', HUME_WS_URL: 'ws://127.0.0.1:1/stream' });
  has('fault', 'prosody', /cannot be reached/);
});

test('people read lines, with the remedy below', async (t) => {
  const { stdout } = await run(['doctor'], { cwd: await temporaryFolder(t), env: { PORT: '1' } });
  assert.match(stdout, /^fault {2}livekit {4}there is no key of LiveKit.*\n {18}-> set LIVEKIT_API_KEY/m);
  assert.match(stdout, /^\d+ good, \d+ doubtful, 1 at fault$/m);
});

// Which findings the code can make, other than good ones, and that each was provoked above. A call of findings_add is known again by its
// remedy, or by its sentence.
test('each finding is provoked', async () => {
  const unreachable = ['mend DATABASE_URL']; // the settings were checked before
  const folder = new URL('../../src/app/doctor/', import.meta.url);
  const calls = [];
  for (const name of (await readdir(folder)).filter((one) => /^(doctor|look_at_\w+)\.c$/.test(one)))
    for (const [, call] of (await readFile(new URL(name, folder), 'utf8')).matchAll(/findings_add\(([^;]*?)\);/gs)) calls.push(call);
  assert.ok(calls.length > 30, `${calls.length} calls`);
  const pattern = (format) => new RegExp(`^${format.replace(/[\\^$*+?()[\]{}|]/g, '\\$&').replace(/%(?:\\\.\\\*|[-+ 0-9.*\\])*(?:l*[dufgs]|zu)/g, '[^]*')}$`);
  for (const call of calls) {
    const texts = [...call.matchAll(/"((?:[^"\\]|\\.)*)"(?:\s*"((?:[^"\\]|\\.)*)")*/g)].map(([whole]) =>
      [...whole.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, part]) => part).join(''));
    const isTold = ({ about, remedy, finding }) => texts.includes(about) &&
      (texts.includes(remedy) || texts.some((text) => (!/^%(\.\*)?s$/.test(text) || /NULL/.test(call)) && text !== about && pattern(text).test(finding)));
    if (texts.some((text) => unreachable.includes(text))) continue;
    for (const level of ['fault', 'doubt'].filter((one) => call.includes(`FINDING_${one.toUpperCase()}`)))
      assert.ok(seen.some((one) => one.level === level && isTold(one)), `no test provokes this ${level}: ${call.replace(/\s+/g, ' ')}`);
  }
});
