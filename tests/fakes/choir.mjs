// Microphones in a process of their own: gets { urls } by IPC, streams each in real time, and on 'stop' ends them and answers with the
// number of messages that each has sent. Message k of track i is `part(i, k)`; every fifth track is digital silence.
import WebSocket from 'ws';
import { pathToFileURL } from 'node:url';
import { roomNoise } from '../system/egress.mjs';

export const RATE = 16000, MESSAGE_MS = 50;
const SAMPLES = (RATE * MESSAGE_MS) / 1000, PARTS = 64;
const noise = new Map();

export function part(track, k) {
  if (track % 5 === 0) return Buffer.alloc(SAMPLES * 2);
  if (!noise.has(track)) noise.set(track, roomNoise(SAMPLES * PARTS, track));
  return noise.get(track).subarray((k % PARTS) * SAMPLES * 2, (k % PARTS + 1) * SAMPLES * 2);
}

async function open(url) {
  const socket = new WebSocket(url, { perMessageDeflate: false, generateMask: (mask) => mask.fill(0) });
  await new Promise((done, fail) => socket.once('open', done).once('error', fail));
  return socket;
}

async function sing({ urls }) {
  const sockets = await Promise.all(urls.map(open));
  const began = performance.now(), sent = sockets.map(() => 0);
  let broken = 0, timer;
  sockets.forEach((socket) => socket.on('close', () => broken++));
  const step = () => {
    const due = Math.floor((performance.now() - began) / MESSAGE_MS);
    sockets.forEach((socket, i) => {
      for (; sent[i] < due && socket.readyState === WebSocket.OPEN; sent[i]++) socket.send(part(i, sent[i]));
    });
  };
  timer = setInterval(step, 10);
  process.send('singing');
  process.once('message', async () => {
    clearInterval(timer);
    const lost = broken;
    await Promise.all(sockets.map((socket) => new Promise((done) => {
      socket.once('close', done);
      socket.close();
      if (socket.readyState === WebSocket.CLOSED) done();
    })));
    process.send({ sent, lost });
    process.disconnect();
  });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) process.once('message', sing);
