// GET /meetings/:meetingId/mix: a tone for each participant, mixed or alone, faster with its pitch kept, piece by piece without a seam.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { FakeEgress, tone } from '../fakes/egress.mjs';
import { finishedWav, recordings } from './egress.mjs';
import { eventually, startServer } from './harness.mjs';
import { livekit } from './meeting.mjs';

const RATE = 24000;

// The samples behind a strict header.
function samplesOf(bytes) {
  const wav = Buffer.from(bytes);
  assert.equal(wav.toString('latin1', 0, 4) + wav.toString('latin1', 8, 16), 'RIFFWAVEfmt ');
  assert.deepEqual([wav.readUInt16LE(22), wav.readUInt32LE(24), wav.readUInt16LE(34)], [1, RATE, 16]);
  assert.equal(wav.readUInt32LE(40), wav.length - 44);
  return new Int16Array(wav.buffer.slice(wav.byteOffset + 44, wav.byteOffset + wav.length));
}

// The amplitude of a frequency.
function amplitude(samples, hz) {
  let re = 0, im = 0;
  for (let i = 0; i < samples.length; i++) {
    re += samples[i] * Math.cos((2 * Math.PI * hz * i) / RATE);
    im += samples[i] * Math.sin((2 * Math.PI * hz * i) / RATE);
  }
  return (2 * Math.hypot(re, im)) / samples.length;
}

test('what was recorded is mixed', async (t) => {
  const server = await startServer(t, { env: { ...livekit, FEEDBACK_ACCESS: 'open', EGRESS_AUTH: 'off' } });
  const tracks = [['ana', 440], ['bob', 880]];
  const senders = [];
  for (const [participant, hz] of tracks) {
    const egress = new FakeEgress(`${server.ws}/egress-audio?roomName=daily&participant=${participant}&trackId=TR_${participant}&channels=2`,
      { source: tone({ hz, amplitude: 0.25 }) });
    await egress.opened;
    senders.push(egress);
  }
  await eventually('four seconds were sent', () => senders.every((egress) => egress.frames > 4 * 48000));
  let at = Date.now() - 2500; // both sound here
  const ask = async (query) => {
    const response = await fetch(`${server.url}/meetings/daily/mix?${new URLSearchParams(query)}`);
    return { response, samples: response.ok ? samplesOf(await response.arrayBuffer()) : await response.json() };
  };

  await t.test('a recording that goes on ends where it is', async () => {
    const { response, samples } = await eventually('there is sound', async () => {
      const answer = await ask({ from: at, to: at + 50000 });
      return answer.response.ok && answer;
    });
    const until = Number(response.headers.get('x-prosa-until'));
    assert.ok(until > at && until < at + 50000);
    assert.equal(samples.length, (until - at) * 24);
  });

  for (const egress of senders) {
    egress.pause();
    egress.socket.close();
  }
  const starts = [];
  for (const [participant] of tracks) {
    const { path } = await finishedWav(server, `TR_${participant}`);
    const { startedAt } = await eventually('it has its last sidecar', async () => {
      const sidecar = JSON.parse(await readFile(path.replace(/wav$/, 'json')));
      return sidecar.endedAt && sidecar;
    });
    starts.push(Date.parse(startedAt));
  }
  at = Math.max(...starts) + 1000; // by the recordings' own times
  const mix = async (query = {}) => {
    const { response, samples } = await ask({ from: at, to: at + 1000, ...query });
    assert.equal(response.status, 200, JSON.stringify(samples));
    return samples;
  };

  await t.test('both together, or one alone', async () => {
    const both = await mix();
    assert.equal(both.length, RATE);
    for (const [, hz] of tracks) assert.ok(Math.abs(amplitude(both, hz) / 8192 - 1) < 0.25, `${hz} Hz: ${amplitude(both, hz)}`);
    const ana = await mix({ tracks: 'ana' });
    assert.ok(amplitude(ana, 440) > 6000 && amplitude(ana, 880) < 20, 'nothing of the other leaks');
    assert.ok(amplitude(await mix({ tracks: 'nobody' }), 440) < 1);
    assert.ok(amplitude(await mix({ tracks: 'bob,ana' }), 880) > 6000);
  });

  await t.test('faster, with its pitch kept', async () => {
    for (const rate of ['1.25', '1.5', '2']) {
      const fast = await mix({ tracks: 'ana', rate });
      assert.equal(fast.length, Math.floor(RATE / Number(rate)));
      assert.ok(amplitude(fast, 440) > 5500, `440 Hz at ${rate}: ${amplitude(fast, 440)}`);
    }
  });

  await t.test('two pieces fit without a seam', async () => {
    const whole = await mix();
    const pieces = [...(await mix({ to: at + 500 })), ...(await mix({ from: at + 500 }))];
    assert.equal(pieces.length, whole.length);
    assert.ok(pieces.every((sample, i) => Math.abs(sample - whole[i]) <= 1));
  });

  await t.test('before and after there is silence', async () => {
    assert.ok((await mix({ from: at - 60000, to: at - 50000 })).every((sample) => sample === 0));
    assert.ok((await mix({ from: at + 60000, to: at + 61000 })).every((sample) => sample === 0));
  });

  await t.test('what cannot be', async () => {
    for (const bad of [{ from: 'x' }, { to: at }, { to: at + 60001 }, { rate: '3' }, { rate: '0.5' }, { format: 'mp3' }])
      assert.equal((await ask({ from: at, to: at + 1000, ...bad })).response.status, 400, JSON.stringify(bad));
    assert.equal((await fetch(`${server.url}/meetings/none/mix?from=1&to=2`)).status, 404);
    const head = await fetch(`${server.url}/meetings/daily/mix?from=${at}&to=${at + 1000}`, { method: 'HEAD' });
    assert.deepEqual([head.status, head.headers.get('content-length')], [200, String(44 + RATE * 2)]);
  });
});

test('sound needs the same right as the report', async (t) => {
  const server = await startServer(t, { env: { ...livekit, FEEDBACK_ACCESS: 'host', EGRESS_AUTH: 'off' } });
  assert.equal((await fetch(`${server.url}/meetings/daily/mix?from=1&to=2`)).status, 401);
});

test('recordings in any format are mixed, at their places', async (t) => {
  const server = await startServer(t, { env: { ...livekit, FEEDBACK_ACCESS: 'open', EGRESS_AUTH: 'off' } });
  const formats = [['wav', 440], ['flac', 880], ['opus', 1320]];
  const senders = [];
  for (const [format, hz] of formats) {
    const egress = new FakeEgress(`${server.ws}/egress-audio?roomName=daily&participant=${format}&trackId=TR_${format}&channels=2` +
      `&recordFormat=${format}`, { source: tone({ hz, amplitude: 0.25 }) });
    await egress.opened;
    senders.push(egress);
  }
  await eventually('five seconds were sent', () => senders.every((egress) => egress.frames > 5 * 48000));
  for (const egress of senders) {
    egress.pause();
    egress.socket.close();
  }
  let at = 0;
  for (const [format] of formats) {
    const sidecar = await eventually(`the ${format} has its sidecar`, async () => {
      const [mine] = (await recordings(server, { ending: `_TR_${format}.json` }));
      const { startedAt, endedAt } = JSON.parse(await readFile(mine.path));
      return endedAt && startedAt;
    });
    at = Math.max(at, Date.parse(sidecar) + 2000);
  }
  for (const [format, hz] of formats) {
    const response = await fetch(`${server.url}/meetings/daily/mix?from=${at}&to=${at + 1000}&tracks=${format}`);
    const samples = samplesOf(await response.arrayBuffer());
    assert.ok(Math.abs(amplitude(samples, hz) / 8192 - 1) < 0.25, `${format}: ${amplitude(samples, hz)}`);
    // The same second by two requests: seeking finds the same place.
    const half = await (await fetch(`${server.url}/meetings/daily/mix?from=${at + 500}&to=${at + 1000}&tracks=${format}`)).arrayBuffer();
    const second = samplesOf(half), first = samples.subarray(RATE / 2);
    const error = Math.max(...first.map((sample, i) => Math.abs(sample - second[i])));
    assert.ok(error < 200, `${format}: ${error} between two requests`);
  }
  // The whole meeting as one file: five seconds and more of Ogg Opus, to its last page.
  const whole = await fetch(`${server.url}/meetings/daily/mix?format=opus`);
  assert.equal(whole.headers.get('content-type'), 'audio/ogg');
  const ogg = Buffer.from(await whole.arrayBuffer());
  const last = ogg.lastIndexOf('OggS');
  assert.equal(ogg.toString('latin1', 28, 36), 'OpusHead');
  assert.equal(ogg[last + 5] & 4, 4, 'it is whole');
  const seconds = Number(ogg.readBigInt64LE(last + 6)) / 48000;
  assert.ok(seconds > 4.5 && seconds < 60, `${seconds} s`);
  const all = samplesOf(await (await fetch(`${server.url}/meetings/daily/mix?from=${at}&to=${at + 1000}`)).arrayBuffer());
  for (const [format, hz] of formats) assert.ok(amplitude(all, hz) > 5000, `${format} in the mix: ${amplitude(all, hz)}`);
});
