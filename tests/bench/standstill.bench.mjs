// Sixty stereo tracks while the server stands still for eight seconds: what a track costs in memory while it catches up.
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { delay, openTrack } from '../system/egress.mjs';
import { startServer } from '../system/harness.mjs';

const TRACKS = 60, STANDSTILL_MS = 8000, LIMIT_KIB = 100;
const messageMs = 20, bytes = 192 * messageMs;

test('memory after a standstill', async (t) => {
  const server = await startServer(t);
  const residentKib = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.child.pid}/status`, 'utf8'))[1]);
  const sockets = [];
  for (let i = 0; i < TRACKS; i++)
    sockets.push(await openTrack(server, { roomName: `room${i % 6}`, participant: `p${i}`, trackId: `TR_${i}`, sampleRate: 48000,
      channels: 2 }, { light: true }));
  const pcm = Buffer.alloc(bytes);
  for (let i = 0; i < bytes / 2; i++) pcm.writeInt16LE(((i * 7919) % 20000) - 10000, i * 2);
  const began = performance.now();
  let sentMs = 0;
  const timer = setInterval(() => {
    for (; sentMs < performance.now() - began; sentMs += messageMs) for (const socket of sockets) socket.send(pcm);
  }, 10);
  t.after(() => {
    clearInterval(timer);
    for (const socket of sockets) socket.terminate();
  });
  await delay(4000);
  const before = residentKib();
  server.child.kill('SIGSTOP');
  await delay(STANDSTILL_MS);
  server.child.kill('SIGCONT');
  let most = 0;
  for (let i = 0; i < 500; i++, await delay(5)) most = Math.max(most, residentKib());
  const each = (most - before) / TRACKS;
  console.log(`a track: ${each.toFixed(0)} KiB more at most (of ${LIMIT_KIB})`);
  if (each > LIMIT_KIB) throw new Error(`${each} KiB a track`);
});
