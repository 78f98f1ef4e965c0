import assert from 'node:assert/strict';
import { chmod, chown, copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { io } from 'socket.io-client';
import { binary, once, run, startServer, temporaryFolder } from './harness.mjs';

const refused = {
  'another database': [{ DATABASE_URL: 'mysql://u:p@127.0.0.1/db' }, /DATABASE_URL must begin with/],
  'a database behind a service': [{ DATABASE_URL: 'prisma+postgres://127.0.0.1/?api_key=x' }, /DATABASE_URL must begin with/],
  'an unknown parameter': [{ DATABASE_URL: 'postgresql://127.0.0.1/db?nonsense=1' }, /parameter nonsense is unknown/],
  'a password that is not escaped': [{ DATABASE_URL: 'postgresql://u:p/q@127.0.0.1/db' }, /percent-encoded/],
  'a word that libpq does not know': [{ DATABASE_URL: 'postgresql://127.0.0.1/db?sslmode=no-verify' }, /sslmode must be one of/],
  'an origin without a scheme': [{ CORS_ORIGINS: 'app.example.org' }, /CORS_ORIGINS: "app\.example\.org" is not an origin/],
  'a proxy that is none': [{ HTTPS_PROXY: 'socks5://127.0.0.1:1', HUME_API_KEY: 'key' }, /HTTPS_PROXY cannot be used/],
  'a name to listen on': [{ PROSA_HOST: 'example.org' }, /PROSA_HOST is "example\.org"/],
  'certificates that are not there': [{ TLS_CERT_FILE: 'none.pem', TLS_KEY_FILE: 'none.key' }, /TLS_CERT_FILE and TLS_KEY_FILE cannot be used/],
  'a key that no header carries': [{ HUME_API_KEY: 'a key' }, /HUME_API_KEY holds a character/],
  'a time that is none': [{ JWT_ACCESS_TTL: '15 parsecs' }, /JWT_ACCESS_TTL is "15 parsecs"/],
};

for (const [what, [env, words]] of Object.entries(refused))
  test(`check-config refuses what the start refuses: ${what}`, async (t) => {
    const cwd = await temporaryFolder(t);
    for (const command of ['check-config', 'serve']) {
      const { code, stderr } = await run([command], { cwd, env: { PORT: '0', PROSA_HOST: '127.0.0.1', ...env } });
      assert.equal(code, 1, `${command}: ${stderr}`);
      assert.match(stderr, words, command);
    }
  });

// As a user of no rights; where this one has all of them, as nobody, with a copy of the program that nobody may run.
async function asNobody(t, folder) {
  if (process.getuid() !== 0) return { uid: process.getuid(), file: binary };
  const file = join(folder, 'prosa');
  await copyFile(binary, file);
  await chmod(file, 0o755);
  await chmod(folder, 0o755);
  return { uid: 65534, gid: 65534, file };
}

test('folders that cannot be written are told, with the user and what to do', async (t) => {
  const folder = await temporaryFolder(t);
  const { file, ...ids } = await asNobody(t, folder);
  const [closed, open] = [join(folder, 'closed'), join(folder, 'open')];
  await mkdir(closed, { mode: 0o555 }), await mkdir(open);
  await chmod(open, 0o777);
  await writeFile(join(folder, 'file'), 'text');
  await writeFile(join(open, 'old.db'), ''), await chmod(join(open, 'old.db'), 0o444);
  await chmod(open, 0o755), process.getuid() === 0 && await chown(open, 65534, 65534);
  const ask = async (command, env) => run([command], { cwd: open, file, ...ids, env: { PORT: '0', PROSA_HOST: '127.0.0.1', ...env } });
  const told = {
    STORAGE_DIR: [join(closed, 'deep/er'), /STORAGE_DIR cannot be used: .*closed: Permission denied .* uid \d+.*chown -R \d+:\d+ .*closed/],
    EGRESS_AUDIO_OUTPUT_DIR: [closed, /EGRESS_AUDIO_OUTPUT_DIR cannot be used: .*closed: Permission denied/],
    DATABASE_URL: [`sqlite:${closed}/x.db`, /DATABASE_URL cannot be used: .*closed: Permission denied/],
  };
  for (const [name, [value, words]] of Object.entries(told))
    for (const command of ['check-config', 'serve']) {
      const { code, stderr } = await ask(command, { [name]: value });
      assert.equal(code, 1, `${command}: ${stderr}`);
      assert.match(stderr, words, `${command} ${name}`);
    }
  const readOnly = await ask('check-config', { DATABASE_URL: `sqlite:${open}/old.db` });
  assert.equal(readOnly.code, 1, readOnly.stderr);
  assert.match(readOnly.stderr, /DATABASE_URL cannot be used: .*old\.db: Permission denied/);
  const noFolder = await ask('check-config', { STORAGE_DIR: join(folder, 'file/x') });
  assert.match(noFolder.stderr, /STORAGE_DIR cannot be used: .*file: Not a directory/);

  const good = await ask('check-config', {});
  assert.equal(good.code, 0, good.stderr);
  assert.deepEqual(await readdir(open), ['old.db'], 'nothing is left behind');
});

test('a server starts with what check-config calls good', async (t) => {
  const cwd = await temporaryFolder(t);
  await writeFile(join(cwd, '.env'), [
    'DATABASE_URL="sqlite:${DATA_DIR}/x.db"', 'CORS_ORIGINS=HTTPS://App.Example.Org:443/', 'JWT_ACCESS_TTL=15m',
    'HTTPS_PROXY=127.0.0.1:9', 'HUME_API_KEY=key', 'AUDIO_PIPELINE_GROUP_SECONDS=10', 'CORS_ORIGIN=https://x',
  ].join('\n'));
  await writeFile(join(cwd, 'env'), `DATA_DIR=${cwd}\nFEEDBACK_LOCALE=en\n`);
  const { code, stdout, stderr } = await run(['check-config'], { cwd });
  assert.equal(code, 0, stderr);
  assert.match(stderr, /the settings are good \(\.env and env\)/);
  assert.match(stderr, /AUDIO_PIPELINE_GROUP_SECONDS is "10": 5 is taken/);
  assert.match(stdout, /^FEEDBACK_LOCALE=en$/m);
  assert.match(stdout, /^CORS_ORIGINS=https:\/\/app\.example\.org$/m);
  assert.match(stdout, /^JWT_ACCESS_TTL=900$/m);

  const server = await startServer(t, { folder: cwd });
  assert.match(server.log, /5 is taken/);
  const { headers } = await server.get('/health', { headers: { origin: 'https://app.example.org' } });
  assert.equal(headers.get('access-control-allow-origin'), 'https://app.example.org');
});

test('names that are nearly right are hinted', async (t) => {
  const cwd = await temporaryFolder(t);
  const { code, stderr } = await run(['check-config'], { cwd, env: { LIVEKIT_URL: 'wss://x', CORS_ORIGIN: 'https://x' } });
  assert.equal(code, 0, stderr);
  assert.match(stderr, /CORS_ORIGIN is not a setting; did you mean CORS_ORIGINS\?/);
  assert.match(stderr, /LIVEKIT_URL is not a setting; did you mean LIVEKIT_API_URL\?/);
});

test('what may be sent fits an empty queue', async (t) => {
  const server = await startServer(t, { env: { SOCKET_MESSAGE_BYTES: '900KiB', SOCKET_QUEUE_BYTES: '64KiB' } });
  for (const transport of ['websocket', 'polling']) {
    const socket = io(server.url, { transports: [transport], reconnection: false });
    t.after(() => socket.close());
    await once(socket, 'connect');
    const text = 'x'.repeat(600 * 1024);
    const heard = once(socket, 'message');
    socket.emit('message', text);
    const [{ message }] = [await heard].flat();
    assert.ok(message === text, transport);
    socket.close();
  }
});
