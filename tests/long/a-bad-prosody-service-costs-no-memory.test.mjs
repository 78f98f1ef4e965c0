// Whatever the prosody service does, resident memory stays flat and recordings stay whole. Wants the release
// binary: a sanitizer keeps freed memory for itself.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { finishedWav, openTrack } from '../system/egress.mjs';
import { eventually, startServer } from '../system/harness.mjs';
import { FakeHumeV0, FakeHumeV1 } from '../fakes/hume.mjs';

const TRACKS = 100;
const SECONDS = Number(process.env.HUME_SECONDS ?? 300);
const RECORDED = 10; // of them
const RATE = 16000, MESSAGE_MS = 100, BYTES = (RATE * 2 * MESSAGE_MS) / 1000; // little work: the service is the matter

const residentKb = (server) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.child.pid}/status`, 'utf8'))[1]);

function tone(frames) {
  const pcm = Buffer.alloc(frames * 2);
  for (let i = 0; i < frames; i++) pcm.writeInt16LE(Math.round(Math.sin(i / 7) * 8000) || 1, i * 2);
  return pcm;
}

// A machine that is too busy to send leaves gaps, which are recorded as silence. The tone has no zeros.
function withoutGaps(data) {
  const heard = Buffer.alloc(data.length);
  let n = 0;
  for (let at = 0; at < data.length; at += 2) {
    const sample = data.readInt16LE(at);
    if (sample !== 0) n = heard.writeInt16LE(sample, n);
  }
  return { heard: heard.subarray(0, n), silence: (data.length - n) / 32 };
}

for (const [name, Fake] of [['v0', FakeHumeV0], ['v1', FakeHumeV1]])
  for (const mood of ['mute', 'hole', 'deaf', 'drop', 'slow', 'refuse'])
    test(`${name} in the mood "${mood}": ${TRACKS} tracks, ${SECONDS} s`, async (t) => {
      const hume = await new Fake({ mood }).start();
      t.after(() => hume.stop());
      const server = await startServer(t, { env: { HUME_API_KEY: 'k3y', HUME_WS_URL: hume.url, HUME_SKIP_SILENCE: 'off',
        AUDIO_RECORD_FORMAT: 'off' } });
      const pcm = tone(RATE * 2);
      const sockets = [];
      for (let i = 0; i < TRACKS; i++)
        sockets.push(await openTrack(server, { roomName: `r${i % 10}`, participant: `p${i}`, trackId: `T${i}`,
          meetingId: `M${i % 10}`, sampleRate: RATE, ...(i < RECORDED && { recordFormat: 'wav' }) }, { light: true }));
      const silent = residentKb(server);
      const began = Date.now();
      const sent = [];
      const timer = setInterval(() => {
        for (let due = Math.floor((Date.now() - began) / MESSAGE_MS); sent.length < due; ) {
          const at = (sent.length * BYTES) % (pcm.length - BYTES);
          sent.push(pcm.subarray(at, at + BYTES));
          for (const socket of sockets) socket.send(sent.at(-1));
        }
      }, MESSAGE_MS);
      t.after(() => clearInterval(timer));
      await delay(1000);
      const first = residentKb(server);
      const levels = [];
      while (Date.now() - began < SECONDS * 1000) {
        await delay(1000);
        levels.push(residentKb(server));
      }
      clearInterval(timer);
      // All tracks flush at the same moment here: blocks on their way make a peak, and are no growth.
      const last = levels.slice(-30).sort((a, b) => a - b)[Math.min(levels.length, 30) >> 1];
      const grown = last - first;
      t.diagnostic(`${name} ${mood}: resident before audio ${silent} KB, after 1 s ${first} KB, ` +
        `in the last half minute ${last} KB, at most ${Math.max(...levels)} KB`);
      for (const socket of sockets) socket.close();
      const expected = Buffer.concat(sent);
      assert.ok(grown < 10 * 1024, `grew by ${grown} KB`);
      for (let i = 0; i < RECORDED; i++) {
        const gaps = await eventually('the recording is finished', async () => {
          const { heard, silence } = withoutGaps((await finishedWav(server, `T${i}`)).data);
          assert.equal(heard.length, expected.length);
          assert.ok(heard.equals(expected), 'the recording is not what was sent');
          return `${silence} ms`;
        }, { within: 60000 });
        if (gaps !== '0 ms') t.diagnostic(`T${i}: ${gaps} of silence where this machine sent nothing`);
      }
      if (mood === 'refuse') assert.ok(hume.handshakes < 20, `${hume.handshakes} handshakes`);
    });
