// A microphone without a recording is named to the host and in /ready, with its reason.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startWorld } from '../fakes/world.mjs';
import { eventually, once } from './harness.mjs';
import { openClient } from './meeting.mjs';

const degraded = async (server) => (await server.get('/ready')).body.degraded;

async function openHost(t, server, room) {
  const host = await openClient(t, server);
  host.emit('join-room', `feedback:${room}`);
  await once(host, 'user-joined');
  return host;
}

async function debug(server, id) {
  return (await server.get(`/feedback/debug/${id}`)).body.unrecorded;
}

test('a microphone that has not been recorded for ten seconds is told, once, and until it is', async (t) => {
  const { livekit, server } = await startWorld(t);
  livekit.refuse = [503, 'unavailable', 'no response from servers'];
  const began = Date.now();
  const { room, track } = await livekit.begin('daily', 'ana', { participant: { name: 'Ana' } });
  const host = await openHost(t, server, 'daily');
  await eventually('the host is told', () => host.feedback.length > 0);
  assert.ok(Date.now() - began >= 9500, `${Date.now() - began} ms`);
  const [event] = host.feedback;
  assert.equal(event.type, 'silencio_prolongado');
  assert.equal(event.metadata.reason, 'not_recorded');
  assert.equal(event.participantId, 'ana');
  assert.equal(event.participantName, 'Ana');
  assert.match(event.message, /Ana/);
  assert.ok((await degraded(server)).includes('microphones not recorded'));
  assert.deepEqual(await debug(server, room.sid), [{ participantId: 'ana', trackId: track.sid, reason: 'not_recorded',
    problem: '503 unavailable: no response from servers' }]);
  livekit.refuse = undefined;
  await eventually('all is well', async () => (await degraded(server)).length === 0);
  assert.equal(await debug(server, room.sid), undefined);
  assert.equal(host.feedback.filter(({ metadata }) => metadata.reason === 'not_recorded').length, 1);
});

test('it is told again as the settings say', async (t) => {
  const { livekit, server } = await startWorld(t, { env: { RULE_SILENCIO_PROLONGADO_REMIND_S: '1',
    RULE_SILENCIO_PROLONGADO_REMIND_AGAIN_S: '2' } });
  livekit.refuse = [503, 'unavailable', 'no response from servers'];
  await livekit.begin('daily', 'ana');
  const host = await openHost(t, server, 'daily');
  await eventually('it is told three times', () => host.feedback.length >= 3);
  const [first, second, third] = host.feedback.map(({ ts }) => ts);
  assert.ok(second - first >= 950 && third - second >= 1950, `${second - first} and ${third - second} ms`);
});

test('how soon and how often is set, as for other silences', async (t) => {
  const { livekit, server } = await startWorld(t, { env: { RULE_SILENCIO_PROLONGADO_NOT_RECORDED_S: '2',
    RULE_SILENCIO_PROLONGADO_REMIND_S: '2', RULE_SILENCIO_PROLONGADO_REMIND_AGAIN_S: '4' } });
  livekit.refuse = [503, 'unavailable', 'no response from servers'];
  await livekit.begin('daily', 'ana');
  const host = await openHost(t, server, 'daily');
  await eventually('the host is told three times', () => host.feedback.length >= 3);
  const [first, second, third] = host.feedback;
  const between = [second.ts - first.ts, third.ts - second.ts];
  assert.ok(between[0] >= 1900 && between[0] < 30000 && between[1] >= 3900, `${between} ms`);
  assert.ok(first.window.end - first.window.start >= 1900 && first.window.end - first.window.start < 9000);
  assert.equal(first.metadata.reason, 'not_recorded');
});

test('a room that is encrypted end to end is named once', async (t) => {
  const { livekit, server } = await startWorld(t);
  const { room, track } = await livekit.begin('daily', 'ana', { track: { encryption: 'GCM' } });
  const bruno = livekit.participant(room, 'bruno');
  await livekit.publish(room, bruno, livekit.track(bruno, { encryption: 'CUSTOM' }));
  assert.deepEqual(await degraded(server), ['encrypted audio']);
  assert.equal((await debug(server, 'daily')).length, 2);
  assert.deepEqual((await debug(server, room.sid)).find(({ trackId }) => trackId === track.sid),
    { participantId: 'ana', trackId: track.sid, reason: 'encrypted' });
  const host = await openHost(t, server, 'daily');
  await eventually('the host is told', () => host.feedback.length > 0);
  const [event] = host.feedback;
  assert.deepEqual([event.type, event.participantId, event.metadata.reason], ['silencio_prolongado', 'group', 'encrypted']);
  await new Promise((done) => setTimeout(done, 1500));
  assert.equal(host.feedback.length, 1);
  await server.logged(/^.*encrypted.*$/m, 1);
  await livekit.webhook(livekit.event('room_finished', room));
  await eventually('all is well', async () => (await degraded(server)).length === 0);
});
