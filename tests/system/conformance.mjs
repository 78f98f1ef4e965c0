// Starts the conformance server and speaks to it byte by byte: what the protocol tests need.
import { spawn } from 'node:child_process';
import http from 'node:http';
import net from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import WebSocket from 'ws';
import { binary, eventually, once, PATIENCE_MS } from './harness.mjs';

export const RS = '\x1e';
const program =
  process.env.PROSA_CONFORMANCE ?? join(dirname(binary), 'tests/conformance/prosa-conformance');

export class Endpoint {
  constructor(port, path) {
    this.port = port;
    this.path = path;
  }

  // One HTTP request on a connection of its own: { status, headers, body }.
  request(method, query, { body, headers = {}, signal } = {}) {
    return new Promise((done, fail) => {
      const options = { host: '127.0.0.1', port: this.port, method, agent: false, signal,
        path: `${this.path}?${query}`, headers };
      const request = http.request(options, (response) => {
        const parts = [];
        response.on('data', (part) => parts.push(part));
        response.on('end', () =>
          done({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts).toString() }));
        response.on('error', fail);
      });
      request.on('error', fail);
      request.end(body);
    });
  }

  // Once its answer has come the server has taken note of everything that was sent before on other connections: each is
  // accepted and read in its turn.
  async settle() {
    for (let i = 0; i < 3; i++) await this.request('GET', 'EIO=4');
  }

  // A poll that the server holds: { answer }, a promise.
  async hold(sid, { signal } = {}) {
    const answer = this.poll(sid, { signal });
    answer.catch(() => {});
    await this.settle();
    return { answer };
  }

  async open() {
    const { body } = await this.request('GET', 'EIO=4&transport=polling');
    return JSON.parse(body.slice(1)).sid;
  }

  poll(sid, options) {
    return this.request('GET', `EIO=4&transport=polling&sid=${sid}`, options);
  }

  post(sid, body, options) {
    return this.request('POST', `EIO=4&transport=polling&sid=${sid}`, { body, ...options });
  }

  // A WebSocket that keeps what it hears; `next` takes the oldest.
  socket(query = 'EIO=4&transport=websocket') {
    const ws = new WebSocket(`ws://127.0.0.1:${this.port}${this.path}?${query}`);
    ws.heard = [];
    ws.on('message', (data, isBinary) => ws.heard.push(isBinary ? data : data.toString()));
    ws.on('error', () => {});
    ws.closed = new Promise((done) => ws.on('close', (code) => done(code)));
    ws.next = (what = 'a message') => eventually(what, () => ws.heard.length > 0 && [ws.heard.shift()])
      .then(([message]) => message);
    // The next message that is no ping.
    ws.nextEvent = async () => {
      for (;;) {
        const message = await ws.next();
        if (message !== '2') return message;
        ws.send('3');
      }
    };
    ws.opened = new Promise((done, fail) => {
      ws.on('open', done);
      ws.on('close', () => fail(new Error('closed before it opened')));
    });
    ws.opened.catch(() => {});
    return ws;
  }

  // A WebSocket session whose open packet has been read.
  async session(query) {
    const ws = this.socket(query);
    ws.handshake = await ws.next('the open packet');
    return ws;
  }

  // The raw bytes of a connection, for what no client library sends.
  async raw(bytes) {
    const socket = net.connect(this.port, '127.0.0.1');
    socket.text = '';
    socket.on('data', (part) => (socket.text += part.toString('latin1')));
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write(bytes);
    return socket;
  }
}

// No ping comes between, and sessions outlive any hiccup of this machine, but where a test is about that.
export async function startConformance(t, { pingIntervalMs = PATIENCE_MS, pingTimeoutMs = PATIENCE_MS } = {}) {
  const child = spawn(program, ['0', String(pingIntervalMs), String(pingTimeoutMs)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  let exit;
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (log += part));
  const ended = new Promise((done) => child.on('close', (code, signal) => done((exit = { code, signal }))));
  t.after(async () => {
    if (exit) throw new Error(`the conformance server ended by itself: ${JSON.stringify(exit)}\n${log}`);
    child.kill('SIGTERM');
    const left = await Promise.race([ended, delay(PATIENCE_MS, null, { ref: false })]);
    if (left?.code !== 0) {
      child.kill('SIGKILL');
      throw new Error(`the conformance server left with ${JSON.stringify(left)}\n${log}`);
    }
  });
  const port = await eventually('the conformance server listens', () => {
    if (exit) throw new Error(`it ended: ${log}`);
    return Number(/listening on port (\d+)/.exec(log)?.[1]);
  });
  return {
    port,
    engine: new Endpoint(port, '/engine.io/'),
    io: new Endpoint(port, '/socket.io/'),
    echo: new Endpoint(port, '/echo'),
  };
}
