// Five meetings through real sockets in real time give the events of `prosa analyze`, within 300 ms.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { io as connect } from 'socket.io-client';
import { binary, once, run, startServer, temporaryFolder } from '../system/harness.mjs';
import { closeTrack, openTrack } from '../system/egress.mjs';

const frame = 1920; // 20 ms at 48 kHz mono
const header = 44;
const chosen = [1, 3, 4, 6, 7]; // quiet, loud, two at once, silence, a dead microphone
const tolerance = 300;

const within = (spans, seconds) => (spans ?? []).some(([from, to]) => seconds >= from && seconds < to);

// Sends what is due by the clock, mutes and gaps as the meeting says.
async function play(socket, { wav, muted, networkGaps }, started) {
  let isMuted = false;
  const frames = Math.floor((wav.length - header) / frame);
  for (let n = 0; n < frames; ) {
    const due = Math.min(frames, Math.floor((performance.now() - started) / 20));
    for (; n < due; n++) {
      if (within(muted, n / 50) !== isMuted) {
        isMuted = !isMuted;
        socket.send(JSON.stringify({ muted: isMuted }));
      }
      if (!isMuted && !within(networkGaps, n / 50))
        socket.send(wav.subarray(header + n * frame, header + (n + 1) * frame));
    }
    await delay(5);
  }
}

async function liveEvents(t, server, name, meeting) {
  const host = connect(server.url, { transports: ['websocket'], forceNew: true });
  t.after(() => host.close());
  await once(host, 'connect');
  const events = [];
  host.on('feedback', (event) => events.push(event));
  host.emit('join-room', `feedback:${name}`);
  const sockets = [];
  for (const { id } of meeting.participants)
    sockets.push(await openTrack(server, { roomName: name, participant: id, trackId: `TR_${id}` }));
  const [started, startedAt] = [performance.now(), Date.now()];
  await Promise.all(sockets.map((socket, i) => play(socket, meeting.participants[i], started)));
  await delay(1000);
  await Promise.all(sockets.map(closeTrack));
  return events.map((event) => ({ ...event, ts: event.ts - startedAt }));
}

// Steps of 100 ms fall differently: what is critical at once in one run may be a warning a step before in the other.
const same = (a, b) =>
  a.type === b.type && a.participantId === b.participantId && Math.abs(a.ts - b.ts) <= tolerance;

const line = (event) => `${event.ts} ${event.type} ${event.severity} ${event.participantId}`;

test('live meetings are judged as analyze judges them', { timeout: 300000 }, async (t) => {
  const folder = await temporaryFolder(t);
  const recorded = spawnSync(join(binary, '../tests/unit/app/record_meetings'), [folder], { encoding: 'utf8' });
  assert.equal(recorded.status, 0, recorded.stderr);
  const server = await startServer(t, { env: { FEEDBACK_ACCESS: 'open' } });
  const results = await Promise.all(chosen.map(async (number) => {
    const path = join(folder, String(number), 'meeting.json');
    const analyzed = await run(['analyze', path], { env: { PROSA_ENV: 'test' }, cwd: folder });
    assert.equal(analyzed.code, 0, analyzed.stderr);
    const expected = analyzed.stdout.split('\n').filter(Boolean).map((text) => JSON.parse(text));
    const meeting = JSON.parse(await readFile(path, 'utf8'));
    for (const participant of meeting.participants)
      participant.wav = await readFile(join(folder, String(number), participant.wav));
    return { expected, meeting, number };
  }));
  let total = 0;
  const unmatched = [];
  await Promise.all(results.map(async ({ expected, meeting, number }) => {
    const live = await liveEvents(t, server, `meeting-${number}`, meeting);
    total += expected.length + live.length;
    for (const event of expected)
      if (!live.some((other) => same(event, other))) unmatched.push(`${meeting.name}: only analyze: ${line(event)}`);
    for (const event of live)
      if (!expected.some((other) => same(event, other))) unmatched.push(`${meeting.name}: only live: ${line(event)}`);
  }));
  assert.ok(total >= 10, `only ${total} events to compare`);
  assert.ok(unmatched.length <= 0.02 * total, unmatched.join('\n'));
});
