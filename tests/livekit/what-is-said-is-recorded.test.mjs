// What people say in a room that Prosa joined is in its recordings, sample by sample: at the time when it was said, through mutes,
// further microphones and a bad network. tests/long has the larger table.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { eventually } from '../system/harness.mjs';
import { CannedPublisher, opusPackets, pcmuPackets } from './canned.mjs';
import { compare, recordingsOf } from './ledger.mjs';
import { Publisher, startRealWorld } from './real.mjs';
import { RATE, speech } from './speech.mjs';
import { Line, Stage, stereoOf } from './stage.mjs';

const run = promisify(execFile);
const SPREAD_MS = 1, APART_MS = 10, LOST_MS = 1500; // what is lost at first, on a quiet machine, is measured by tests/long
const SWITCH_MS = 40; // another clock begins where its first packets arrive
const ways = { ana: {}, bruno: { dtx: false, red: false }, carla: { red: false } };

async function meet(t, options = {}) {
  const world = await startRealWorld(t, { ...options, env: { MEDIA_SOURCE: 'join' } });
  const stage = new Stage(t);
  const people = await Promise.all(Object.keys(ways).map((name) => Publisher.join(t, world.real, 'sala', name)));
  return { ...world, stage, people };
}

// Each is said and recorded to its end: their rows, in the same order.
async function rowsOf(server, lines) {
  await eventually('all is finished', async () =>
    (await recordingsOf(server, 'sala')).filter(({ end }) => end).length === lines.length);
  const recordings = await recordingsOf(server, 'sala');
  assert.equal(await server.metric('prosa_packets_unused_total', { cause: 'malformed' }), 0);
  return Promise.all(lines.map(async (line) => {
    const about = recordings.find(({ file }) => file.includes(line.sid));
    await run('oggz-validate', [about.path]);
    assert.deepEqual([about.format, about.channels], ['opus', line.channels]);
    const row = await compare(line, about);
    assert.ok(Math.abs(row.seconds - about.durationMs / 1000) < 0.01, `${row.seconds} s, ${about.durationMs} ms`);
    return { ...row, about, name: `${line.person.identity} ${line.name}` };
  }));
}

function check(rows, { lostMs: mostLost = LOST_MS, isCanned = false } = {}) {
  const told = rows.map(({ about, places, ...row }) => JSON.stringify(row)).join('\n');
  for (const { found, lostMs, spreadMs, worstMs, offsetSpreadMs } of rows) {
    assert.ok(found >= 5, told);
    assert.ok((isCanned ? worstMs : spreadMs) < SPREAD_MS, told);
    assert.ok(offsetSpreadMs < APART_MS, told); // over a pause, too
    assert.ok(lostMs < mostLost, told); // a client may send silence before what is said
  }
  const offsets = rows.map(({ offsetMs }) => offsetMs);
  assert.ok(Math.max(...offsets) - Math.min(...offsets) < APART_MS, told);
}

describe('speech', { concurrency: true }, () => {
  test('microphones are recorded as they were spoken into', async (t) => {
    const { real, server, stage, people: [ana, bruno, carla] } = await meet(t);
    const [one, two, three, more, other] = await Promise.all([[0, 9], [1, 4], [2, 9], [3, 4], [4, 4]].map((args) => speech(...args)));
    const publish = (person, said, options) => stage.publish(new Line(person, said, { ...ways[person.identity], ...options }));
    const [first, second, third] = await Promise.all([publish(ana, one), publish(bruno, two), publish(carla, three)]);

    await eventually('three seconds are said', () => first.given > 300);
    const [{ meeting }] = await recordingsOf(server, 'sala');
    const { packets } = (await server.get(`/feedback/debug/${meeting}`)).body;
    assert.deepEqual(packets.map(({ participantId }) => participantId).sort(), ['ana', 'bruno', 'carla']);
    for (const { received, bad, muted, encrypted, waitMs } of packets) {
      assert.ok(received > 30, `${received} packets`);
      assert.deepEqual([bad, muted, encrypted], [0, false, false]);
      assert.ok(waitMs >= 60 && waitMs <= 200, `${waitMs} ms`);
    }

    await real.rooms.mutePublishedTrack('sala', 'ana', first.sid, true);
    const muted = first.given / 100;
    const paused = async () => (await recordingsOf(server, 'sala')).find(({ file }) => file.includes(first.sid)).pauses;
    await eventually('the recording pauses', async () => (await paused()).length === 1);
    await second.unpublish();
    const again = await publish(bruno, more);
    const spare = await publish(carla, other, { name: 'spare' });
    await real.rooms.mutePublishedTrack('sala', 'ana', first.sid, false);
    const unmuted = first.given / 100;
    await eventually('the recording resumes', async () => (await paused())[0].to !== null);

    const lines = [first, second, third, again, spare];
    await eventually('all is said', () => lines.every((line) => line.isOver));
    await Promise.all(lines.filter((line) => line !== second).map((line) => line.unpublish()));
    const rows = await rowsOf(server, lines);
    check(rows);
    const [row] = rows;
    assert.equal(row.about.pauseCount, 1);
    assert.ok(row.places.every(({ said }) => said < muted + 0.5 || said > unmuted - 0.5), `muted from ${muted} to ${unmuted}`);
    assert.ok(row.places.some(({ said }) => said < muted) && row.lastSaid > unmuted, `heard up to ${row.lastSaid}`);
    for (const { about } of rows) assert.equal(about.gapCount, 0, about.file);
  });

  test('other codecs, stereo, gaps of DTX and another microphone are recorded as they were sent', async (t) => {
    const { real, server } = await startRealWorld(t, { env: { MEDIA_SOURCE: 'join' } });
    const publisher = await CannedPublisher.start(t, real, 'sala');
    const [one, two, left, right, other] = await Promise.all([[0, 6], [1, 6], [2, 6], [3, 6], [4, 2]].map((args) => speech(...args)));
    two.fill(0, 2 * RATE, 4.5 * RATE);
    const both = stereoOf(left, right);
    const packets = await Promise.all([pcmuPackets(one), opusPackets(two, { dtx: true }), opusPackets(both, { channels: 2 }), opusPackets(other)]);
    const [phone, quiet, screen] = await Promise.all([
      publisher.publish('ana', 'phone', { mime: 'audio/PCMU', rate: 8000 }),
      publisher.publish('bruno', 'quiet', { dtx: true }),
      publisher.publish('carla', 'screen', { stereo: true, source: 4 }),
    ]);
    await eventually('the room is joined', async () => (await server.metric('prosa_rooms', { way: 'media' })) === 1);
    await Promise.all([
      publisher.play(phone, one, packets[0]),
      publisher.play(quiet, two, packets[1]),
      publisher.play(screen, both, packets[2]),
    ]);
    const before = { ...quiet }; // what is said first; then that person takes another microphone, whose clock is another
    await publisher.play(quiet, other, packets[3], { ticks: 1234567890 });
    await eventually('all has come', async () => (await server.metric('prosa_packets_total')) >= 300 + 150 + 300 + 100);
    for (const line of [phone, quiet, screen]) publisher.leave(line);
    const rows = await rowsOf(server, [phone, before, screen]);
    const [, dtx, stereo] = rows;
    check(rows, { isCanned: true });
    assert.ok(!dtx.places.some(({ said }) => said > 2 && said < 4), 'silence is silence');
    assert.deepEqual(dtx.about.gaps.filter(({ atFrame }) => atFrame < 5.5 * RATE), [], 'gaps of DTX are no loss');
    const after = await compare(quiet, dtx.about);
    check([{ ...after, lostMs: 0, name: 'another microphone' }], { isCanned: true });
    assert.ok(Math.abs(after.offsetMs - dtx.offsetMs) < SWITCH_MS, `${after.offsetMs} ms`);
    for (const [channel, said] of [[0, left], [1, right]]) {
      const side = await compare(screen, stereo.about, { said, channel });
      check([{ ...side, name: `channel ${channel}` }, stereo], { isCanned: true });
    }
  });

  test('of a bad network nothing is lost but what it lost for good', async (t) => {
    const { server, door, stage, people } = await meet(t, { network: { seed: 17, loss: 0.05, doom: 0.01, jitterMs: 40 } });
    const lines = await Promise.all(people.map(async (person, i) =>
      stage.publish(new Line(person, await speech(i, 7), ways[person.identity]))));
    await eventually('all is said', () => lines.every((line) => line.isOver));
    const unrecorded = () => server.metric('prosa_packets_unrecorded_total');
    const { relay } = door;
    Object.assign(relay, { loss: 0, doom: 0, jitterMs: 0 });
    await eventually('what the network lost is missing', async () => (await unrecorded()) === relay.account.lost);
    const { packets, lost, lostOnce } = relay.account;
    assert.ok(packets > 800 && lost > 0 && lostOnce > 20, JSON.stringify(relay.account));
    assert.ok((await server.metric('prosa_packets_recovered_total')) >= lostOnce);
    await Promise.all(lines.map((line) => line.unpublish()));
    check(await rowsOf(server, lines), { lostMs: 3 * LOST_MS }); // the handshake may have to be repeated
  });
});
