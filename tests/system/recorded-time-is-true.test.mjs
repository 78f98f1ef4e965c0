// A tone tells by its phase where every sample lies: late audio that catches up leaves no gap, audio that never came leaves
// one of its length, muting stands still, and all of it adds up to the wall.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { closeTrack, delay, finishedWav, openTrack } from './egress.mjs';
import { eventually, startServer, watchLag } from './harness.mjs';

const rate = 48000, frame = 960, hz = 437;
const sampleAt = (i) => Math.round(9000 * Math.sin((2 * Math.PI * hz * i) / rate)) || 1; // never silence

class Sender {
  constructor(socket, speed = 1) {
    Object.assign(this, { socket, speed, at: 0, started: Date.now(), lost: 0, heldUpMs: 0 });
    this.firstStarted = this.started;
  }
  message() {
    const pcm = Buffer.alloc(frame * 2);
    for (let i = 0; i < frame; i++) pcm.writeInt16LE(sampleAt(this.at + i), i * 2);
    this.at += frame;
    return pcm;
  }
  due = () => ((Date.now() - this.started) / 1000) * rate * this.speed;
  // In real time until `ms` have passed.
  async play(ms) {
    let last = Date.now();
    for (const end = last + ms; Date.now() < end; await delay(10)) {
      this.heldUpMs = Math.max(this.heldUpMs, Date.now() - last - 10); // this process waits for a CPU as well
      last = Date.now();
      while (this.at + frame <= this.due()) this.socket.send(this.message());
    }
  }
  // Nothing is sent, and what was due is never sent.
  async lose(ms) {
    const from = this.at;
    await delay(ms);
    this.at = Math.floor(this.due() / frame) * frame;
    this.lost = this.at - from;
    return from;
  }
}

// Fails unless every sample lies where it was sent, but for the gaps, which are silent.
function assertTone(wav, gaps, ofFrame) {
  const samples = new Int16Array(wav.data.buffer.slice(wav.data.byteOffset, wav.data.byteOffset + wav.data.length));
  for (let i = 0; i < samples.length; i++) {
    const inGap = gaps.some((gap) => i >= gap.atFrame && i < gap.atFrame + gap.frames);
    const of = ofFrame(i);
    if (samples[i] !== (inGap ? 0 : sampleAt(of))) assert.fail(`sample ${i} is ${samples[i]}, of ${of}`);
  }
  return samples.length;
}

const finishedSidecar = (wav) =>
  eventually('the sidecar is finished', async () => {
    const info = JSON.parse(await readFile(wav.path.replace(/\.wav$/, '.json')));
    return info.end && info;
  });

test('time in a recording', async (t) => {
  const server = await startServer(t);
  const socket = await openTrack(server, { roomName: 'room', participant: 'p', trackId: 'TR_1', sampleRate: rate });
  const lag = watchLag(t, server);
  const sender = new Sender(socket);
  await sender.play(1000);
  await delay(700); // held up on the way; play sends what is due in one burst
  await sender.play(1500);
  const gapAt = await sender.lose(1200);
  await sender.play(1500);
  socket.send('{"muted":true}');
  await delay(800);
  socket.send('{"muted":false}');
  const before = sender.at;
  sender.started = Date.now() - (before / rate) * 1000; // the tone goes on where it stopped
  await sender.play(1000);
  const wallMs = Date.now();
  const sent = sender.at;
  await closeTrack(socket);
  lag.stop();
  const late = 2 * (lag.ms + sender.heldUpMs); // what a busy machine adds to any of the times below
  // The header agrees with a growing file as well, now and then: it is looked at when its sidecar has an end.
  const sidecar = await finishedSidecar(await finishedWav(server, 'TR_1'));
  const wav = await finishedWav(server, 'TR_1');

  assert.equal(sidecar.gapCount, 1, JSON.stringify(sidecar.gaps));
  const [gap] = sidecar.gaps;
  assert.equal(gap.atFrame, gapAt, 'the gap lies where the stream stopped');
  assert.ok(Math.abs(gap.frames - sender.lost) < ((100 + late) * rate) / 1000, `${gap.frames} frames for ${sender.lost}`);
  const length = assertTone(wav, sidecar.gaps, (i) => (i < gap.atFrame ? i : i - gap.frames + sender.lost));
  assert.equal(length, sent - sender.lost + gap.frames);
  assert.equal(sidecar.pauseCount, 1);
  assert.ok(sidecar.pausedMs > 700 - late && sidecar.pausedMs < 1300 + late, `paused ${sidecar.pausedMs} ms`);
  const spanMs = wallMs - Date.parse(sidecar.startedAt);
  assert.ok(Math.abs(sidecar.durationMs + sidecar.pausedMs - spanMs) < 250 + late,
    `${sidecar.durationMs} + ${sidecar.pausedMs} of ${spanMs} ms`);
});

for (const [name, speed] of [['slower', 0.9], ['faster', 1.1]])
  test(`a sender that is ${name} than time: no gap, no sample lost or moved, and the drift is told`, async (t) => {
    const server = await startServer(t);
    const socket = await openTrack(server, { roomName: 'room', participant: 'p', trackId: 'TR_1', sampleRate: rate });
    const lag = watchLag(t, server);
    const sender = new Sender(socket, speed);
    await sender.play(5000);
    const wallMs = Date.now();
    await closeTrack(socket);
    lag.stop();
    const late = 2 * (lag.ms + sender.heldUpMs);
    const sidecar = await finishedSidecar(await finishedWav(server, 'TR_1'));
    const wav = await finishedWav(server, 'TR_1');
    const { gaps } = sidecar;
    // What a busy machine holds up may look like a loss, but never like more than it was.
    // In the first two seconds nobody can tell a slow sender from one that was held up for less than a tick.
    for (const gap of gaps)
      assert.ok(gap.frames < ((late + (gap.atFrame < 2 * rate ? 100 : 0)) * rate) / 1000, `${JSON.stringify(gaps)}, held up ${late / 2} ms`);
    const before = (i) => gaps.reduce((sum, gap) => sum + (i >= gap.atFrame + gap.frames ? gap.frames : 0), 0);
    const length = assertTone(wav, gaps, (i) => i - before(i));
    assert.equal(length, sender.at + sidecar.gapFrames);
    const apart = wallMs - sender.firstStarted - (sender.at / rate) * 1000;
    assert.ok(Math.abs(apart) > 300 - late, `sound and time are ${apart} ms apart`);
    // The recording begins where the sound was least late in its first two seconds, so part of that is in its beginning.
    const drift = wallMs - Date.parse(sidecar.startedAt) - sidecar.durationMs;
    assert.ok(Math.abs(sidecar.driftMs - drift) < 250 + late, `${sidecar.driftMs} ms told, ${drift} ms it was`);
    assert.equal(await server.metric('prosa_audio_drift_seconds_max'), Math.abs(sidecar.driftMs) / 1000);
  });

// As Egress begins under load: one message, a pause, and then all that was spoken since.
test('what begins late is not recorded as later than it was spoken', async (t) => {
  const server = await startServer(t, { env: { MUTE_TAIL_MS: '0' } });
  const socket = await openTrack(server, { roomName: 'room', participant: 'p', trackId: 'TR_late', sampleRate: rate });
  const sender = new Sender(socket);
  await delay(400);
  socket.send(sender.message());
  await delay(200);
  await sender.play(3000);
  socket.send('{"muted":true}');
  await delay(500);
  const unmuted = Date.now();
  socket.send('{"muted":false}');
  for (let i = 0; i < 10; i++) socket.send(sender.message()); // 200 ms that were on their way
  Object.assign(sender, { started: unmuted - 200 - ((sender.at - 10 * frame) / rate) * 1000 });
  await sender.play(3000);
  await closeTrack(socket);
  const info = await finishedSidecar(await finishedWav(server, 'TR_late'));
  const began = Date.parse(info.startedAt), resumed = Date.parse(info.pauses[0].to);
  // Of two seconds the read that was least late counts, so a busy machine is forgiven little.
  const late = [began - sender.firstStarted, resumed - (unmuted - 200)];
  assert.ok(Math.abs(late[0]) <= 150 && Math.abs(late[1]) <= 120, `it begins ${late[0]} ms late, and goes on ${late[1]} ms late`);
});
