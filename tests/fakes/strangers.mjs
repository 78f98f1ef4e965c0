// Strangers: clients without a token that take whatever they can get, over plain sockets.
import { randomBytes } from 'node:crypto';
import net from 'node:net';

// A connection that notes what it hears (its first 64 KiB) and when it ends. It never throws: to be refused is its life.
export class Stranger {
  constructor(server, { localAddress = '127.0.0.1', isReading = true } = {}) {
    this.heard = '';
    this.socket = net.connect({ port: server.port, host: '127.0.0.1', localAddress });
    this.opened = new Promise((done) => this.socket.once('connect', () => done(true)).once('close', () => done(false)));
    this.ended = new Promise((done) => this.socket.once('close', () => done(true)));
    this.ended.then(() => (this.isOver = true));
    this.socket.on('error', () => {});
    if (isReading) this.read();
  }

  read() {
    this.socket.on('data', (part) => {
      if (this.heard.length < 65536) this.heard += part.toString('latin1');
    });
    return this;
  }

  say(bytes) {
    if (!this.isOver) this.socket.write(bytes);
    return this;
  }

  // Resolves to whether it has heard this before it ended.
  async hears(text) {
    while (!this.heard.includes(text) && !this.isOver)
      await Promise.race([this.ended, new Promise((done) => this.socket.once('data', done))]);
    return this.heard.includes(text);
  }

  end() {
    this.socket.destroy();
  }
}

export const HANDSHAKE = 'GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: h\r\n\r\n';

// All but the last byte of a body.
export function bodyWithoutEnd(path, bytes) {
  return Buffer.concat([
    Buffer.from(`POST ${path} HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: ${bytes}\r\n\r\n`),
    Buffer.alloc(bytes - 1, 0x20),
  ]);
}

export const upgrade = (path) =>
  `GET ${path} HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n` +
  `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`;

// A masked frame; the mask is zero.
export function frame(payload, { opcode = 1, fin = true } = {}) {
  const body = Buffer.from(payload);
  const head = body.length < 126 ? Buffer.from([0, 0x80 | body.length])
    : body.length < 65536 ? Buffer.from([0, 0xfe, 0, 0]) : Buffer.from([0, 0xff, 0, 0, 0, 0, 0, 0, 0, 0]);
  head[0] = (fin ? 0x80 : 0) | opcode;
  if (head.length === 4) head.writeUInt16BE(body.length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(body.length), 2);
  return Buffer.concat([head, Buffer.alloc(4), body]);
}

// A WebSocket of Engine.IO; `connect`: it says CONNECT.
export async function openWebSocket(server, { connect = false, ...options } = {}) {
  const stranger = new Stranger(server, options);
  stranger.say(upgrade('/socket.io/?EIO=4&transport=websocket'));
  await stranger.hears('"sid"');
  if (connect) {
    stranger.say(frame('40'));
    await stranger.hears('40{"sid"');
  }
  return stranger;
}

// A polling session that has said CONNECT, and nobody polls: its id, or nothing when it was refused.
export async function openPolling(server, options) {
  const stranger = new Stranger(server, options).say(HANDSHAKE);
  await stranger.hears('pingInterval');
  const sid = /"sid":"([^"]+)"/.exec(stranger.heard)?.[1];
  if (sid) stranger.say(post(sid, '40'));
  return { stranger, sid };
}

export const post = (sid, packets) =>
  `POST /socket.io/?EIO=4&transport=polling&sid=${sid} HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\n` +
  `Content-Length: ${Buffer.byteLength(packets)}\r\n\r\n${packets}`;
