// The clients of other languages, beside Node's: each joins, speaks text and bytes, hears what others say, odd values included, and
// stays. Their handlers take one argument, as the old backend sent. Built under build/clients where their toolchains are.
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { access, cp, mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import WebSocket from 'ws';
import { atEnd, eventually, once, PATIENCE_MS, startServer } from '../system/harness.mjs';
import { openClient } from '../system/meeting.mjs';

const sources = resolve(dirname(fileURLToPath(import.meta.url)), 'clients');
const built = resolve(sources, '../../../build/clients');
const execute = promisify(execFile);
const exists = (path) => access(path).then(() => true, () => false);

// Each gives the command that runs its client. A folder under build/ is made once.
const languages = {
  'python-socketio': {
    tool: 'python3',
    async build() {
      const python = join(built, 'python');
      if (!(await exists(join(python, 'ready')))) {
        await execute('python3', ['-m', 'venv', python]);
        await execute(join(python, 'bin/pip'), ['install', '--quiet', '--disable-pip-version-check', '-r', join(sources, 'requirements.txt')]);
        await mkdir(join(python, 'ready'));
      }
      return [join(python, 'bin/python'), join(sources, 'client.py')];
    },
  },
  'zishang520/socket.io (Go)': {
    tool: 'go',
    async build() {
      const folder = join(sources, 'go');
      const binary = join(built, 'go-client');
      await execute('go', ['build', '-mod=readonly', '-o', binary, '.'], { cwd: folder, env: { ...process.env, GOTOOLCHAIN: 'local' } });
      return [binary];
    },
  },
  'socket.io-client-java': {
    tool: 'mvn',
    async build() {
      const folder = join(built, 'java');
      await cp(join(sources, 'java'), folder, { recursive: true });
      await execute('mvn', ['-q', '-B', 'package', 'dependency:copy-dependencies'], { cwd: folder });
      return ['java', '-cp', `${folder}/target/classes:${folder}/target/dependency/*`, 'Client'];
    },
  },
  rust_socketio: {
    tool: 'cargo',
    hearsBytes: false, // it takes an attachment only as an argument of its own, not within an object
    async build() {
      await execute('cargo', ['build', '--quiet', '--locked', '--target-dir', join(built, 'rust')], { cwd: join(sources, 'rust') });
      return [join(built, 'rust/debug/client')];
    },
  },
};

function isHere(tool) {
  try {
    execFileSync('which', [tool]);
    return true;
  } catch {
    return false;
  }
}

// What a client prints: one event a line.
function start(t, [file, ...args], url, transport) {
  const child = spawn(file, [...args, url, transport], { stdio: ['ignore', 'pipe', 'pipe'] });
  const run = { events: [], errors: '' };
  createInterface({ input: child.stdout }).on('line', (line) => run.events.push(JSON.parse(line)));
  child.stderr.on('data', (part) => (run.errors += part));
  run.ended = new Promise((done) => child.on('close', done));
  atEnd(t, () => child.kill('SIGKILL'));
  run.hears = (what, test) =>
    eventually(`it hears ${what}`, () => run.events.some(({ event, data }) => event === 'message' && test(data.message)))
      .catch((error) => assert.fail(`${error.message}\n${JSON.stringify(run.events)}\n${run.errors}`));
  return run;
}

async function converse(t, server, { command, hearsBytes = true }, transport) {
  const witness = await openClient(t, server);
  const heard = [];
  witness.on('message', ({ message }) => heard.push(message));
  const client = start(t, command, server.url, transport);
  await eventually('its text is heard', () => heard.some((message) => message?.text === 'olá ü😀'))
    .catch((error) => assert.fail(`${error.message}\n${JSON.stringify(client.events)}\n${client.errors}`));
  const bytes = Buffer.from(Array.from({ length: 100 }, (_, i) => i));
  if (hearsBytes || transport === 'polling') await eventually('its bytes are heard', () => heard.some((message) => Buffer.isBuffer(message) && message.equals(bytes)));
  await client.hears('its own text', (message) => message?.text === 'olá ü😀');
  if (hearsBytes) await client.hears('its own bytes', (message) => message?.bytes === bytes.toString('hex'));

  const raw = new WebSocket(`${server.ws}/socket.io/?EIO=4&transport=websocket`);
  atEnd(t, () => raw.terminate());
  await once(raw, 'open');
  raw.send('40');
  for (const odd of ['1e400', '{"a":1,"a":2}', '7'.repeat(400), '"\\ud800"', '[[[[[[]]]]]]', '{"odd":"end"}']) raw.send(`42["message",${odd}]`);
  await client.hears('all of what is odd', (message) => message?.odd === 'end');
  const numbers = client.events.filter(({ data }) => data?.message?.a !== undefined);
  assert.deepEqual(numbers.map(({ data }) => data.message), [{ a: 2 }]);

  await witness.timeout(PATIENCE_MS).emitWithAck('message', 'bye');
  assert.equal(await client.ended, 0, client.errors);
}

for (const [name, { tool, build, hearsBytes }] of Object.entries(languages)) {
  test(name, async (t) => {
    if (!isHere(tool)) return t.skip(`there is no ${tool} here: install it to test ${name}`);
    await mkdir(built, { recursive: true });
    const command = await build();
    const server = await startServer(t);
    for (const transport of ['polling', 'websocket']) await t.test(transport, (t) => converse(t, server, { command, hearsBytes }, transport));
  });
}
