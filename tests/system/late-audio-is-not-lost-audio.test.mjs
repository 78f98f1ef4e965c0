// A recording lasts as long as what was sent and not sent: late audio leaves no silence, and the pauses of a sender are time. No
// event is made of a standstill of our own.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { closeTrack, delay, finishedWav, openTrack } from './egress.mjs';
import { eventually, startServer, watchLag } from './harness.mjs';
import { join, livekit, livekitToken, openClient, startRoom } from './meeting.mjs';

const rate = 48000;

// `ms` milliseconds of a tone that never is zero, from sample `at` on.
function tone(at, ms, channels) {
  const pcm = Buffer.alloc(ms * (rate / 1000) * channels * 2);
  for (let i = 0; i < pcm.length / 2; i++)
    pcm.writeInt16LE(Math.round(9000 * Math.sin((2 * Math.PI * 437 * (at + Math.floor(i / channels))) / rate)) || 1, i * 2);
  return pcm;
}

// Sends by a plan: how many milliseconds of audio are on the wire at each moment.
class Sender {
  constructor(socket, channels) {
    Object.assign(this, { socket, channels, sentMs: 0 });
  }
  // What is due leaves at once: a busy machine would make a trickle of it, which means something else.
  send(ms) {
    const messages = [];
    for (; this.sentMs + 10 <= ms; this.sentMs += 10) messages.push(tone(this.sentMs * (rate / 1000), 10, this.channels));
    this.socket._socket.cork();
    for (const message of messages) this.socket.send(message);
    this.socket._socket.uncork();
  }
  async play(untilMs, plan) {
    const began = performance.now();
    for (let now = 0; now < untilMs; await delay(10)) {
      now = Math.min(performance.now() - began, untilMs);
      this.send(plan(now));
    }
  }
}

// The header agrees with a growing file as well, now and then: it is looked at when its sidecar has an end.
async function finished(server, track) {
  const { path } = await finishedWav(server, track);
  const sidecar = await eventually('the sidecar is finished', async () => {
    const info = JSON.parse(await readFile(path.replace(/\.wav$/, '.json')));
    return info.end && info;
  });
  return { sidecar, wav: await finishedWav(server, track) };
}

async function record(t, { ms, plan, channels = 1, wantedMs, within }) {
  const server = await startServer(t);
  const socket = await openTrack(server, { roomName: 'room', participant: 'p', trackId: 'TR_1', sampleRate: rate, channels });
  const lag = watchLag(t, server);
  const sender = new Sender(socket, channels);
  await sender.play(ms, plan);
  await closeTrack(socket);
  lag.stop();
  const { wav, sidecar } = await finished(server, 'TR_1');
  assert.ok(Math.abs(sidecar.durationMs - (wantedMs ?? sender.sentMs)) <= within + (wantedMs ? 2 * lag.ms : 0),
    `${sidecar.durationMs} ms recorded, ${sender.sentMs} sent: ${JSON.stringify(sidecar.gaps)}`);
  return { wav, sidecar, sender };
}

// Each sample of the tone is there once, in order; the rest is silence.
function assertWhole({ wav, sender }, channels = 1) {
  const heard = new Int16Array(wav.data.buffer.slice(wav.data.byteOffset, wav.data.byteOffset + wav.data.length)).filter((v) => v);
  const sent = tone(0, sender.sentMs, channels);
  const once = wav.channels < channels ? tone(0, sender.sentMs, 1) : sent; // equal channels are recorded as one
  assert.equal(Buffer.compare(Buffer.from(heard.buffer, 0, heard.length * 2), once), 0, 'the audio is what was sent');
}

test('one packet in a hole, then all the rest at once', async (t) => {
  const plan = (now) => (now < 1000 ? now : now < 2000 ? 1000 : now < 2460 ? 1010 : 2450);
  const it = await record(t, { ms: 3500, plan, within: 20 });
  assert.deepEqual(it.sidecar.gaps, []);
  assertWhole(it);
});

for (const [stallMs, catchUp] of [[3000, 3], [5000, 11]])
  test(`the network stands still for ${stallMs} ms, and its backlog comes ${catchUp} times as fast`, async (t) => {
    const plan = (now) => (now < 4000 ? now : Math.min(now, 4000 + Math.max(0, now - 4000 - stallMs) * catchUp));
    const it = await record(t, { ms: stallMs + 9000, plan, channels: 2, within: 20 });
    assert.deepEqual(it.sidecar.gaps, []);
    assertWhole(it, 2);
  });

test('a timer that is late, up to half a second', async (t) => {
  const lates = [30, 410, 0, 220, 450, 90, 300, 10, 440, 180, 60, 390];
  const plan = (now) => {
    const second = Math.floor(now / 1000);
    return second < 1 ? 0 : (now - second * 1000 >= lates[second % lates.length] ? second : second - 1) * 1000;
  };
  const it = await record(t, { ms: 12500, plan, within: 20 });
  assert.deepEqual(it.sidecar.gaps, []);
  assertWhole(it);
});

test('a sender that leaves pauses out: they are time', async (t) => {
  const plan = (now) => Math.floor(now / 350) * 200 + Math.min(now % 350, 200);
  const it = await record(t, { ms: 12100, plan, wantedMs: 12100, within: 300 });
  assertWhole(it);
});

test('a server that stood still has lost nothing, and tells nothing', async (t) => {
  const server = await startServer(t, { env: { ...livekit } });
  await startRoom(server, 'RM_1', 'daily');
  const host = await openClient(t, server, { auth: { token: livekitToken() } });
  await join(host, 'feedback:daily');
  const sockets = [];
  for (const [participant, channels] of [['bob', 1], ['eva', 2]])
    sockets.push([channels, await openTrack(server, { roomName: 'daily', participant, trackId: `TR_${participant}`, sampleRate: rate,
      channels, source: 'MICROPHONE' })]);
  const senders = sockets.map(([channels, socket]) => new Sender(socket, channels));
  const standstill = async () => {
    await delay(3000);
    server.child.kill('SIGSTOP');
    await delay(12000);
    server.child.kill('SIGCONT');
  };
  await Promise.all([standstill(), ...senders.map((sender) => sender.play(19000, (now) => now))]);
  for (const [, socket] of sockets) await closeTrack(socket);
  for (const [i, track] of ['TR_bob', 'TR_eva'].entries()) {
    const { wav } = await finished(server, track);
    assert.equal(wav.seconds, senders[i].sentMs / 1000);
    assertWhole({ wav, sender: senders[i] }, senders[i].channels);
  }
  assert.deepEqual(host.feedback.filter(({ type }) => type === 'silencio_prolongado'), []);
});
