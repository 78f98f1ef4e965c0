// What is heard through LiveKit Egress was spoken some seconds before: sidecars and events say how many, beside when it arrived.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { FakeEgress, RATE, tone } from '../fakes/egress.mjs';
import { egressUrl, finishedWav, openTrack, closeTrack, audio } from './egress.mjs';
import { eventually, startServer } from './harness.mjs';
import { join, livekit, livekitToken, openClient, quickRules, startRoom } from './meeting.mjs';

const LATE_MS = 2160;

const finishedSidecar = async (server, track) => {
  const { path } = await finishedWav(server, track);
  return eventually('the sidecar is finished', async () => {
    const info = JSON.parse(await readFile(path.replace(/\.wav$/, '.json')));
    return info.end && info;
  });
};

test('what comes through an egress was spoken before: the sidecar and the events say when', async (t) => {
  const server = await startServer(t, { env: { ...livekit, ...quickRules } });
  await startRoom(server, 'RM_1', 'daily');
  const host = await openClient(t, server, { auth: { token: livekitToken() } });
  await join(host, 'feedback:daily');
  const sound = tone({ amplitude: 0.1 });
  const source = (first, frames) => (first < 3 * RATE ? sound(first, frames) : Buffer.alloc(frames * 4));
  const url = egressUrl(server, { roomName: 'daily', participant: 'bob', trackId: 'TR_1', sampleRate: '48000', channels: '2', dtx: 'off' });
  const egress = new FakeEgress(url, { source, real: { lateMs: LATE_MS } });
  await egress.opened;
  const told = (ok) => eventually('a dead microphone is told', () => host.feedback.find((event) => event.participantId === 'bob' && ok(event.metadata.delayMs)));
  const before = await told((ms) => ms === 2500); // as EGRESS_DELAY_MS says: nothing but zeros have come
  assert.equal(before.metadata.reason, 'dead_mic');
  const after = await told((ms) => ms !== 2500);
  // A busy machine makes it later, for all that is heard.
  assert.ok(after.metadata.delayMs > LATE_MS - 300 && after.metadata.delayMs < LATE_MS + 2500, JSON.stringify(after));
  assert.deepEqual(Object.keys(after.window), ['start', 'end']);
  await egress.end();

  const sidecar = await finishedSidecar(server, 'TR_1');
  assert.equal(sidecar.delayFrom, 'measured');
  assert.equal(sidecar.delayMs, after.metadata.delayMs);
  assert.equal(Date.parse(sidecar.startedAt) - Date.parse(sidecar.spokenAt), sidecar.delayMs);
});

test('until it is measured the setting is told, and of other senders nothing', async (t) => {
  const server = await startServer(t, { env: { EGRESS_DELAY_MS: '3100' } });
  const quiet = await openTrack(server, 'roomName=sala&participant=ana&trackId=TR_1&sampleRate=48000&channels=2',
    { headers: { 'Content-Type': 'audio/x-raw' } });
  quiet.send(Buffer.alloc(19200));
  await closeTrack(quiet);
  const said = await finishedSidecar(server, 'TR_1');
  assert.deepEqual([said.delayMs, said.delayFrom], [3100, 'setting']);
  const other = await openTrack(server, 'roomName=sala&participant=eva&trackId=TR_2&sampleRate=48000&channels=1');
  other.send(audio(4800));
  await closeTrack(other);
  assert.equal((await finishedSidecar(server, 'TR_2')).delayMs, undefined);
});
