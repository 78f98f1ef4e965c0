// The fake prosody service on a thread of its own, so that a busy test does not delay what arrives here.
import { parentPort, workerData, Worker, isMainThread } from 'node:worker_threads';
import { watchClock } from '../system/undisturbed.mjs';
import { audioOf, FakeHumeV0, FakeHumeV1 } from './hume.mjs';

// { url, handshakes(), heard(), late(), report() } of a fake in a worker; `generation` is v0 or v1, the rest is for the fake.
export async function startHumeWorker(t, generation, options = {}) {
  const worker = new Worker(new URL(import.meta.url), { workerData: { generation, options } });
  t.after(() => worker.terminate());
  const waiting = [];
  worker.on('message', (answer) => waiting.shift()(answer));
  const ask = (question) =>
    new Promise((done) => {
      waiting.push(done);
      worker.postMessage(question);
    });
  return {
    url: await ask('url'),
    handshakes: () => ask('handshakes'),
    heard: () => ask('heard'), // bytes of audio, for each session
    late: () => ask('late'), // how late the thread was at most, in ms
    report: () => ask('report'), // { errors, limited, sessions: [{ audio, pieces: [{ at, bytes }] }] }
  };
}

if (!isMainThread) {
  const fake = await new { v0: FakeHumeV0, v1: FakeHumeV1 }[workerData.generation](workerData.options).start();
  const clock = watchClock();
  const answers = {
    late: clock,
    url: () => fake.url,
    handshakes: () => fake.handshakes,
    heard: () => fake.sessions.map((session) => session.audio.reduce((sum, piece) => sum + piece.length, 0)),
    report: () => ({
      errors: fake.errors,
      limited: fake.sessions.reduce((sum, session) => sum + (session.limited ?? 0), 0),
      sessions: fake.sessions.map((session) => ({
        audio: audioOf(session),
        pieces: session.audio.map((piece, i) => ({ at: session.arrivals[i], bytes: piece.length })),
      })),
    }),
  };
  parentPort.on('message', (question) => parentPort.postMessage(answers[question]()));
}
