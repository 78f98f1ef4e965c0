// A real redis-server on a free port of 127.0.0.1, its data in a temporary folder, as an ordinary user.
import { spawn } from 'node:child_process';
import { chmod, chown, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { atEnd, eventually, freePort, temporaryFolder } from '../system/harness.mjs';

const { createClient } = createRequire(import.meta.url)('redis');
const NOBODY = 65534;

class Redis {
  constructor(folder, port, lines, isSentinel) {
    Object.assign(this, { folder, port, lines, isSentinel, url: `redis://127.0.0.1:${port}` });
  }

  async start() {
    const conf = join(this.folder, 'redis.conf');
    await writeFile(conf, [`port ${this.port}`, 'bind 127.0.0.1', `dir ${this.folder}`, 'save ""', 'logfile ""', ...this.lines, ''].join('\n'));
    const isRoot = process.getuid() === 0;
    if (isRoot) for (const path of [this.folder, conf]) await chown(path, NOBODY, NOBODY);
    const user = isRoot ? [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'] : [];
    this.said = '';
    this.process = spawn('setpriv', [...user, '--pdeathsig', 'KILL', '/usr/bin/redis-server', conf, ...(this.isSentinel ? ['--sentinel'] : [])],
      { stdio: ['ignore', 'pipe', 'pipe'] });
    const heard = (part) => (this.said += part);
    this.process.stdout.on('data', heard);
    this.process.stderr.on('data', heard);
    this.ended = new Promise((done) => this.process.on('exit', done).on('error', done));
    await eventually('Redis answers', async () => (await this.ask((client) => client.ping())) === 'PONG');
  }

  // A question by a client of its own.
  async ask(question) {
    const client = createClient({ url: this.url, password: this.password, socket: { reconnectStrategy: false } }).on('error', () => {});
    await client.connect();
    try {
      return await question(client);
    } finally {
      client.destroy();
    }
  }

  // Of so many processes, one after the other: who subscribes to a channel.
  async subscribers(channel) {
    return this.ask(async (client) => Number((await client.sendCommand(['PUBSUB', 'NUMSUB', channel]))[1]));
  }

  async kill(signal = 'SIGKILL') {
    this.process.kill(signal);
    await this.ended;
  }
}

export async function startRedis(t, { port, lines = [], isSentinel = false } = {}) {
  const folder = await temporaryFolder(t);
  await chmod(folder, 0o755);
  const redis = new Redis(folder, port ?? await freePort(), lines, isSentinel);
  atEnd(t, () => redis.process?.kill('SIGKILL'));
  await redis.start();
  return redis;
}

// A client that others use for their adapters; it is closed with the test.
export async function redisClient(t, redis) {
  const client = createClient({ url: redis.url }).on('error', () => {});
  await client.connect();
  t.after(() => client.isReady ? client.close() : client.destroy());
  return client;
}
