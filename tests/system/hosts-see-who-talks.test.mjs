// Talk statistics reach those hosts who asked for them, and nobody else.
import assert from 'node:assert/strict';
import test from 'node:test';
import { once, startServer } from './harness.mjs';
import { deadMicrophone, openClient } from './meeting.mjs';

test('a host who joins with stats sees who talks, again and again', async (t) => {
  const server = await startServer(t, { env: { FEEDBACK_ACCESS: 'open' } });
  const [asking, other] = [await openClient(t, server), await openClient(t, server)];
  other.on('stats', () => assert.fail('stats for somebody who did not ask'));
  asking.emit('join-room', { room: 'feedback:daily', stats: true });
  other.emit('join-room', 'feedback:daily');
  await deadMicrophone(t, server, { participant: 'bob' });
  await deadMicrophone(t, server, { participant: 'eva' });
  let stats = await once(asking, 'stats');
  while (stats.participants.length < 2 || stats.participants.some(({ samples }) => samples === 0))
    stats = await once(asking, 'stats');
  stats = await once(asking, 'stats');
  assert.equal(stats.meetingId, 'daily');
  assert.deepEqual(stats.participants.map((p) => p.participantId).sort(), ['bob', 'eva']);
  for (const { samples, talkSeconds, talkShare, turns, isMuted } of stats.participants) {
    assert.ok(samples > 0);
    assert.deepEqual([talkSeconds, talkShare, turns, isMuted], [0, 0, 0, false]);
  }
  const { body } = await server.get('/feedback/debug/daily');
  assert.deepEqual(Object.keys(body.participants[0]), Object.keys(stats.participants[0]));
});
