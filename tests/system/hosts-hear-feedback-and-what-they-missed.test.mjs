import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, once, startServer } from './harness.mjs';
import { deadMicrophone, livekit, openClient, quickRules, sequence, startRoom } from './meeting.mjs';

const env = { ...livekit, ...quickRules };
const ascending = (first, last) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

test('feedback reaches hosts under both names, with every field, and again on request', async (t) => {
  const server = await startServer(t, { env });
  const early = await openClient(t, server);
  early.emit('join-room', 'feedback:daily');
  await once(early, 'user-joined');
  for (const participant of ['bob', 'eva', 'rui']) await deadMicrophone(t, server, { participant });
  await eventually('the early host hears of a meeting that has no session yet', () => early.feedback.length > 0);
  await startRoom(server, 'RM_x', 'daily');
  await eventually('the meeting has its id', () => early.feedback.some((event) => event.meetingId === 'RM_x'));

  const late = await openClient(t, server);
  late.emit('join-room', 'feedback:RM_x');
  await once(late, 'user-joined');
  await eventually('the late host hears too', () => late.feedback.length >= 3);
  const event = late.feedback[0];
  assert.deepEqual(Object.keys(event).sort(), ['id', 'message', 'meetingId', 'metadata', 'participantId',
    ...('participantName' in event ? ['participantName'] : []), 'seq', 'severity', 'tips', 'ts', 'type', 'window'].sort());
  assert.equal(event.type, 'silencio_prolongado');
  assert.ok(event.window.end - event.window.start > 0);
  assert.deepEqual(sequence(early.feedback), ascending(1, early.feedback.length), 'each once, in order');

  await t.test('after: replays in order, then goes on live, without a gap or a repetition', async () => {
    for (const room of ['feedback:RM_x', 'feedback:daily']) {
      const back = await openClient(t, server);
      back.emit('join-room', { room, after: 2 });
      await once(back, 'user-joined');
      const replayed = back.feedback.length;
      assert.ok(replayed > 0, 'before the join is told');
      await eventually('live ones follow', () => back.feedback.length > replayed + 1);
      assert.deepEqual(sequence(back.feedback), ascending(3, 2 + back.feedback.length));
    }
  });

  await t.test('each in his own language', async () => {
    const english = await openClient(t, server);
    english.emit('join-room', { room: 'feedback:RM_x', after: 0, locale: 'en' });
    await once(english, 'user-joined');
    const [first] = english.feedback;
    assert.equal(first.id, early.feedback[0].id);
    assert.notEqual(first.message, early.feedback[0].message);
    const count = english.feedback.length;
    await eventually('live', () => english.feedback.length > count);
    const live = english.feedback.at(-1);
    const same = await eventually('early has it', () => early.feedback.find((e) => e.id === live.id));
    assert.notEqual(live.message, same.message);
  });

  await t.test('an array of both names hears each event once', async () => {
    const both = await openClient(t, server);
    both.emit('join-room', ['feedback:RM_x', 'feedback:daily']);
    await once(both, 'user-joined');
    await eventually('feedback', () => both.feedback.length >= 3);
    const seen = sequence(both.feedback);
    assert.deepEqual(seen, ascending(seen[0], seen[0] + seen.length - 1));
  });

  await t.test('numbers every other second for those who asked, and for nobody else', async () => {
    const curious = await openClient(t, server);
    let wrong = 0;
    late.on('stats', () => wrong++);
    const heard = once(curious, 'stats');
    curious.emit('join-room', { room: 'feedback:daily', stats: true });
    const [stats] = [await heard].flat();
    assert.equal(stats.meetingId, 'RM_x');
    assert.deepEqual(stats.participants.map((p) => p.participantId).sort(), ['bob', 'eva', 'rui']);
    assert.equal(wrong, 0);
  });

  await t.test('metrics count the delivery and its latency', async () => {
    const { body } = await server.get('/feedback/metrics/RM_x');
    assert.ok(body.samples > 0);
    assert.ok(body.latencyAvgMs >= 0 && body.latencyAvgMs < 30000, `latencyAvgMs ${body.latencyAvgMs}`);
  });
});

test('what memory has lost comes from the store', async (t) => {
  const folder = await (await import('./harness.mjs')).temporaryFolder(t);
  const first = await startServer(null, { env, folder });
  const host = await openClient(t, first);
  host.emit('join-room', 'feedback:RM_s');
  await startRoom(first, 'RM_s', 'daily');
  const microphones = [];
  for (const participant of ['bob', 'eva']) microphones.push(await deadMicrophone(t, first, { participant }));
  await eventually('feedback', () => host.feedback.length >= 4);
  microphones.forEach((microphone) => microphone.close());
  host.close();
  const before = host.feedback;
  await first.stop();

  const second = await startServer(t, { env, folder });
  const back = await openClient(t, second);
  back.emit('join-room', { room: 'feedback:RM_s', after: 1 });
  await once(back, 'user-joined');
  const known = before.slice(1);
  assert.deepEqual(sequence(back.feedback).slice(0, known.length), sequence(known));
  assert.deepEqual(back.feedback[0], known[0], 'a stored event looks like a live one');
});
