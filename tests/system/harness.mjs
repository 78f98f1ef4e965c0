// Starts the real binary for a test on a free port with storage of its own, and takes everything down again.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { api } from './api.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const binary = process.env.PROSA_BINARY ?? join(root, 'build/debug/prosa');

// For what a sanitizer would make meaningless: memory and time.
export const releaseBinary = process.env.PROSA_BINARY ?? join(root, 'build/release/prosa');

// How long a test waits for what must come: on a busy machine everything takes its time.
export const PATIENCE_MS = 60000;

// Polls `check` until it returns something truthy; fails with `what` after the deadline.
export async function eventually(what, check, { within = PATIENCE_MS, every = 20 } = {}) {
  const deadline = Date.now() + within;
  let last;
  for (;;) {
    try {
      const value = await check();
      if (value) return value;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline)
      throw new Error(`${what}: not within ${within} ms${last ? ` (${last.message})` : ''}`);
    await delay(every);
  }
}

// One promise for the next event of an emitter, with a deadline.
export function once(emitter, event, { within = PATIENCE_MS } = {}) {
  return new Promise((done, fail) => {
    const timer = setTimeout(() => {
      emitter.off?.(event, listener);
      fail(new Error(`no "${event}" within ${within} ms`));
    }, within);
    timer.unref();
    const listener = (...args) => {
      clearTimeout(timer);
      done(args.length > 1 ? args : args[0]);
    };
    emitter.once(event, listener);
  });
}

// Undoes things at the end of a test in reverse order, as node's own `after` does not: a folder goes after the server in it.
// Node leaves out the hooks behind one that fails, and what they would have ended keeps the file from its end; so what else is
// given to `after` is undone here as well, whatever fails before it.
const undoing = new WeakMap();
export function atEnd(t, undo) {
  if (!t) return;
  if (!undoing.has(t)) {
    undoing.set(t, []);
    t.after(async () => {
      const failures = [];
      for (const step of undoing.get(t).reverse()) await Promise.resolve().then(() => step()).catch((e) => failures.push(e));
      if (failures.length) throw failures[0];
    });
    t.after = (step) => atEnd(t, step);
  }
  undoing.get(t).push(undo);
}

// A port for a server that has to know its own address before it starts. Out of the range that the kernel gives away, so
// that nobody takes it meanwhile; tests/fixtures/postgres has the range above it.
export async function freePort() {
  for (;;) {
    const port = randomInt(12000, 20000);
    const server = createServer();
    const isFree = await new Promise((done) =>
      server.once('error', () => done(false)).listen(port, '127.0.0.1', () => done(true)));
    if (!isFree) continue;
    await new Promise((done) => server.close(done));
    return port;
  }
}

// The worst that this machine did lately to a timer and to a request that asks for nothing: what a test may forgive.
export function watchLag(t, server) {
  const lag = { ms: 0, stop: () => (lag.isOver = true) };
  const watch = async () => {
    while (!lag.isOver) {
      const began = performance.now();
      await delay(20);
      await server.get('/health').catch(() => {});
      lag.ms = Math.max(lag.ms, performance.now() - began - 20);
    }
  };
  watch();
  atEnd(t, lag.stop);
  return lag;
}

export async function temporaryFolder(t) {
  const folder = await mkdtemp(join(tmpdir(), 'prosa-test-'));
  atEnd(t, () => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

// What no server may say in its log, its metrics or an error: the secrets it was given, and the passwords and tokens that
// went over the wire. Every server of the suite is searched for them when it stops.
const secretSettings = ['JWT_ACCESS_SECRET', 'JWT_ACCESS_SECRET_PREVIOUS', 'JWT_REFRESH_SECRET', 'LIVEKIT_API_SECRET',
  'EGRESS_URL_SECRET', 'HUME_API_KEY', 'METRICS_TOKEN', 'WEBHOOK_SECRET', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'];
const secretFields = ['password', 'currentPassword', 'newPassword', 'refreshToken', 'accessToken', 'token'];

class Secrets {
  constructor(env = {}) {
    this.all = new Map();
    for (const name of secretSettings) this.add(name, env[name]);
    for (const pair of (env.LIVEKIT_KEYS ?? '').split(',')) this.add('LIVEKIT_KEYS', pair.split(':')[1]?.trim());
    this.add('DATABASE_URL', /\/\/([^/@]+:[^/@]+@)/.exec(env.DATABASE_URL)?.[1]);
  }

  // Of a JWT the signature is the secret. What is short may be an ordinary word.
  add(name, value) {
    const secret = typeof value === 'string' && value.split('.').length === 3 ? value.split('.')[2] : value;
    if (typeof secret === 'string' && secret.length >= 10) this.all.set(secret, name);
  }

  addFrom(body) {
    for (const field of secretFields) this.add(field, body?.[field]);
  }

  check(where, text) {
    for (const [secret, name] of this.all) {
      const at = text.indexOf(secret);
      if (at >= 0) throw new Error(`${name} is in ${where}: ${text.slice(Math.max(0, at - 200), at)}[here]`);
    }
  }
}

const parsed = (text) => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

// Runs the binary to its end: { code, signal, stdout, stderr }.
export function run(args, { env = {}, cwd, input, file = binary, uid, gid } = {}) {
  return new Promise((done, fail) => {
    const child = spawn(file, args, { cwd, env: cleanEnvironment(env), stdio: 'pipe', uid, gid });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr']) child[name].on('data', (part) => (output[name] += part));
    child.on('error', fail);
    child.on('close', (code, signal) => {
      try {
        new Secrets(env).check(`the output of ${args[0]}`, output.stdout + output.stderr);
        done({ code, signal, ...output });
      } catch (error) {
        fail(error);
      }
    });
    child.stdin.end(input);
  });
}

// What the machine's own environment must not leak into a test.
function cleanEnvironment(env) {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'ASAN_OPTIONS', 'UBSAN_OPTIONS', 'TSAN_OPTIONS'];
  const clean = Object.fromEntries(kept.filter((k) => process.env[k]).map((k) => [k, process.env[k]]));
  return { ...clean, ...env };
}

class Server {
  constructor(folder, env, wrap = [], file = binary) {
    this.command = [...wrap, file, 'serve'];
    this.folder = folder;
    this.env = env;
    this.log = '';
    this.secrets = new Secrets(env);
    this.metricsText = '';
    this.errors = new Set();
  }

  async start() {
    const [file, ...args] = this.command;
    this.child = spawn(file, args, {
      cwd: this.folder,
      env: cleanEnvironment({ PORT: '0', PROSA_HOST: '127.0.0.1', PROSA_ENV: 'test', DRAIN_MS: '60000', DATABASE_STALL_MS: '2000',
        ...this.env }),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.ended = new Promise((done) =>
      this.child.on('close', (code, signal) => {
        this.exit = { code, signal };
        done(this.exit);
      }),
    );
    for (const stream of [this.child.stdout, this.child.stderr])
      stream.on('data', (part) => (this.log += part));
    // The line "listening" carries the port that the kernel gave.
    const port = () => /listening.*\bport[=":]+(\d+)/.exec(this.log)?.[1];
    await eventually('the server listens', () => this.exit || port());
    if (this.exit) throw new Error(`the server ended: ${JSON.stringify(this.exit)}\n${this.log}`);
    this.port = Number(port());
    this.url = `http://127.0.0.1:${this.port}`;
    this.ws = `ws://127.0.0.1:${this.port}`;
    return this;
  }

  // A thread of its own writes the log, so a line may come after the answer to what caused it. Waits for so many matches, and
  // fails when there are more; without a number, one or more will do.
  async logged(pattern, times) {
    const all = new RegExp(pattern, pattern.flags.replace('g', '') + 'g');
    const found = await eventually(`the log says ${pattern}`, () => {
      const matches = this.log.match(all) ?? [];
      return matches.length >= (times ?? 1) && matches;
    });
    assert.ok(found.length === times || times === undefined, `${found.length} times in the log: ${pattern}`);
    return found;
  }

  // SIGTERM and a look at how it left: a crash or a leak found by a sanitizer fails the test.
  async stop({ signal = 'SIGTERM' } = {}) {
    if (!this.exit) this.child.kill(signal);
    const exit = await Promise.race([this.ended, delay(PATIENCE_MS, 'late', { ref: false })]);
    if (exit === 'late') {
      this.child.kill('SIGKILL');
      throw new Error(`the server did not leave after ${signal}\n${this.log}`);
    }
    if (signal === 'SIGTERM' && exit.code !== 0 && !this.wasKilled)
      throw new Error(`the server left with ${JSON.stringify(exit)}\n${this.log}`);
    this.secrets.check('the log', this.log);
    this.secrets.check('the metrics', this.metricsText);
    for (const text of this.errors) this.secrets.check('an error', text);
    return exit;
  }

  async kill() {
    this.wasKilled = true;
    return this.stop({ signal: 'SIGKILL' });
  }

  async get(path, options) {
    const response = await fetch(this.url + path, options);
    const text = await response.text();
    const body = parsed(text);
    this.secrets.addFrom(parsed(options?.body));
    this.secrets.addFrom(body);
    if (path === '/metrics') this.metricsText = text;
    // A 404 repeats the target as it was sent, to the one who sent it.
    if (response.status >= 400 && !text.includes('Cannot ') && this.errors.size < 1000) this.errors.add(text);
    const answer = { status: response.status, headers: response.headers, body };
    api().checkAnswer(options?.method ?? 'GET', path, answer);
    return answer;
  }

  async post(path, body, options = {}) {
    return this.get(path, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      ...options,
      headers: { 'content-type': 'application/json', ...options.headers },
    });
  }

  // A value of /metrics, summed over the label sets that match.
  async metric(name, labels = {}) {
    const { body } = await this.get('/metrics');
    let sum = 0;
    for (const line of String(body).split('\n')) {
      const match = /^([a-zA-Z_:][\w:]*)(\{[^}]*\})? ([-+\d.eE]+|NaN|\+Inf)/.exec(line);
      if (!match || match[1] !== name) continue;
      const fits = Object.entries(labels).every(([k, v]) => match[2]?.includes(`${k}="${v}"`));
      if (fits) sum += Number(match[3]);
    }
    return sum;
  }
}

// A running server that is stopped when the test ends. `folder` starts it again on older storage; `wrap` is a
// command that executes it, `file` another binary.
export async function startServer(t, { env = {}, folder, wrap, file } = {}) {
  const server = new Server(folder ?? (await temporaryFolder(t)), env, wrap, file);
  atEnd(t, () => server.stop());
  return server.start();
}
