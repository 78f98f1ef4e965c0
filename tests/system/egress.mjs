// Audio and video as LiveKit Egress sends them, and what became of them on disk.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import WebSocket from 'ws';
import { eventually, once } from './harness.mjs';

export function egressUrl(server, query, path = '/egress-audio') {
  return `${server.ws}${path}?${typeof query === 'string' ? query : new URLSearchParams(query)}`;
}

// `light`: masked with zeros, which costs no time; for crowds.
export async function openTrack(server, query, { path, headers, light } = {}) {
  const socket = new WebSocket(egressUrl(server, query, path), { headers, perMessageDeflate: false,
    ...(light && { generateMask: (mask) => mask.fill(0) }) });
  await once(socket, 'open');
  return socket;
}

// As Egress ends: a Close frame without a code. Resolves when the server has closed its side too.
export async function closeTrack(socket) {
  const closed = once(socket, 'close');
  socket.close();
  return closed;
}

// The handshake's refusal: { status, body }.
export function refusedTrack(server, query, path) {
  return new Promise((done, fail) => {
    const socket = new WebSocket(egressUrl(server, query, path));
    socket.on('open', () => fail(new Error('the handshake was accepted')));
    socket.on('error', () => {});
    socket.on('unexpected-response', (_, response) => {
      let text = '';
      response.on('data', (part) => (text += part));
      response.on('end', () => done({ status: response.statusCode, headers: response.headers, body: JSON.parse(text) }));
    });
  });
}

// `bytes` of audio that tells every sample from its neighbours.
export function audio(samples, seed = 1) {
  const pcm = Buffer.alloc(samples * 2);
  for (let i = 0; i < samples; i++) pcm.writeInt16LE(((i * 7919 + seed * 104729) % 65521) - 32760, i * 2);
  return pcm;
}

// Faint noise: an open microphone in a quiet room.
export function roomNoise(samples, seed = 1) {
  const pcm = Buffer.alloc(samples * 2);
  let state = 2463534242 + seed;
  for (let i = 0; i < samples; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    pcm.writeInt16LE((state >>> 27) - 16, i * 2);
  }
  return pcm;
}

// Sends 20 ms messages in real time until stopped: 48 kHz mono, `pcm` again and again.
export function streamAudio(socket, pcm) {
  const bytes = 1920;
  const started = Date.now();
  const messages = [];
  const timer = setInterval(() => {
    const due = Math.floor((Date.now() - started) / 20);
    while (messages.length < due && socket.readyState === WebSocket.OPEN) {
      const at = (messages.length * bytes) % (pcm.length - (pcm.length % bytes));
      messages.push(pcm.subarray(at, at + bytes));
      socket.send(messages.at(-1));
    }
  }, 10);
  return { stop: () => clearInterval(timer), sent: () => Buffer.concat(messages), sentMs: () => messages.length * 20 };
}

// Every file of a kind beneath the storage, with its folder.
export async function recordings(server, { kind = 'audio', ending = '.wav' } = {}) {
  const root = join(server.folder, 'storage/egress', kind);
  const found = [];
  for (const folder of await readdir(root).catch(() => []))
    for (const file of await readdir(join(root, folder)))
      if (file.endsWith(ending)) found.push({ folder, file, path: join(root, folder, file) });
  return found;
}

// Strict: exactly the canonical 44 bytes, sizes that agree with the file.
export async function readWav(path) {
  const file = await readFile(path);
  const u32 = (at) => file.readUInt32LE(at);
  assert.equal(file.toString('latin1', 0, 4), 'RIFF');
  assert.equal(file.toString('latin1', 8, 16), 'WAVEfmt ');
  assert.equal(u32(16), 16);
  assert.equal(file.readUInt16LE(20), 1);
  assert.equal(file.toString('latin1', 36, 40), 'data');
  assert.equal(u32(40), file.length - 44, `${path}: data size`);
  assert.equal(u32(4), file.length - 8, `${path}: RIFF size`);
  const channels = file.readUInt16LE(22);
  const rate = u32(24);
  assert.equal(u32(28), rate * channels * 2);
  return { channels, rate, data: file.subarray(44), seconds: (file.length - 44) / (rate * channels * 2) };
}

// The only recording of a track, once it is finished: its header says everything.
export async function finishedWav(server, track, { bytes } = {}) {
  return eventually(`the recording of ${track} is finished`, async () => {
    const mine = (await recordings(server)).filter(({ file }) => file.endsWith(`_${track}.wav`));
    assert.equal(mine.length, 1);
    const wav = await readWav(mine[0].path);
    if (bytes !== undefined) assert.equal(wav.data.length, bytes);
    return { ...mine[0], ...wav };
  });
}

// The smallest recording that a server may have left: 16 kHz mono, without a sidecar.
export function tinyWav() {
  const file = Buffer.alloc(44 + 320);
  file.write('RIFF', 0, 'latin1');
  file.writeUInt32LE(file.length - 8, 4);
  file.write('WAVEfmt ', 8, 'latin1');
  [16, 0x00010001, 16000, 32000, 0x00100002].forEach((value, i) => file.writeUInt32LE(value, 16 + i * 4));
  file.write('data', 36, 'latin1');
  file.writeUInt32LE(320, 40);
  return file;
}

export { delay };
