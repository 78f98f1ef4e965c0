import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, once, startServer } from './harness.mjs';
import { audio, closeTrack, finishedWav, openTrack, refusedTrack } from './egress.mjs';

// Webhooks, each of which is a line of half a kilobyte: more than a pipe and the queue hold.
async function fillLog(server) {
  let count = 0;
  const post = async () => {
    while (count < 4000) {
      const event = { event: 'x'.repeat(500), id: `E${count++}` };
      const { status } = await server.post('/livekit/webhook', event, { signal: AbortSignal.timeout(20000), headers: { 'user-agent': 'x'.repeat(500) } });
      assert.equal(status, 204);
    }
  };
  await Promise.all(Array.from({ length: 8 }, post));
}

for (const env of [{ LOG_LEVEL: 'debug' }, { ACCESS_LOG: 'clf' }]) test(`a log that nobody reads holds up neither audio nor the end: ${Object.keys(env)}`, async (t) => {
  const server = await startServer(t, { env });
  server.child.stderr.pause();
  await fillLog(server);
  const lost = await server.metric('prosa_log_lost_lines_total');
  assert.ok(lost > 0, 'more was logged than the queue holds');

  const track = await openTrack(server, { roomName: 'a', participant: 'ana', trackId: 't' });
  const pcm = audio(5 * 48000);
  for (let at = 0; at < pcm.length; at += 1920) track.send(pcm.subarray(at, at + 1920));
  await closeTrack(track);
  const { data } = await finishedWav(server, 't', { bytes: pcm.length });
  assert.ok(data.equals(pcm));

  const ended = once(server.child, 'exit');
  server.child.kill('SIGTERM');
  assert.deepEqual(await ended, [0, null]);
  server.child.stderr.resume();
});

test('a log that is read again says how much it lost', async (t) => {
  const server = await startServer(t, { env: { LOG_LEVEL: 'debug' } });
  server.child.stderr.pause();
  await fillLog(server);
  const lost = await server.metric('prosa_log_lost_lines_total');
  server.child.stderr.resume();
  await eventually('it is said', () => server.log.includes('lines were lost'));
  const told = [...server.log.matchAll(/log: lines were lost.* lines=(\d+)/g)].map((match) => Number(match[1]));
  assert.deepEqual(told, [lost]);
});

test('what a stranger causes at will is said once a minute, with its number', async (t) => {
  const server = await startServer(t, {
    env: { LIVEKIT_API_KEY: 'key', LIVEKIT_API_SECRET: 'a secret of LiveKit that is long enough', EGRESS_AUTH: 'signed',
      LIVEKIT_API_URL: 'http://127.0.0.1:9' },
  });
  for (let i = 0; i < 500; i++) assert.equal((await server.post('/livekit/webhook', { event: 'room_started' })).status, 401);
  for (let i = 0; i < 20; i++) assert.equal((await refusedTrack(server, 'roomName=a')).status, 401);
  assert.equal(await server.metric('prosa_log_repeats_total'), 499 + 19);
  await server.stop();
  const lines = server.log.split('\n');
  const refused = lines.filter((line) => line.includes('webhook: refused'));
  assert.equal(refused.length, 2, server.log);
  assert.match(refused[0], /cause=\S+ peer=127\.0\.0\.1$/);
  assert.match(refused[1], /cause=\S+ repeats=499$/);
  const tracks = lines.filter((line) => line.includes('connection refused'));
  assert.equal(tracks.length, 2, server.log);
  assert.match(tracks[1], /repeats=19$/);
});
