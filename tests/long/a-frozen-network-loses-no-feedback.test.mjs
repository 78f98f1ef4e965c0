// A cable is pulled for 90 seconds: neither side sees an end, only silence.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually, once, startServer } from '../system/harness.mjs';
import { deadMicrophone, livekit, openClient, quickRules, sequence, startRoom } from '../system/meeting.mjs';
import { startProxy } from '../system/proxy.mjs';

for (const transports of [['websocket'], ['polling'], ['polling', 'websocket']]) {
  test(`90 s of silence by ${transports.join(' and ')}`, async (t) => {
    const server = await startServer(t, { env: { ...livekit, ...quickRules } });
    const proxy = await startProxy(t, server.port);
    await startRoom(server, 'RM_x', 'daily');
    const host = await openClient(t, { url: proxy.url }, { transports, auth: { recovery: true } });
    const steady = await openClient(t, server);
    for (const socket of [host, steady]) {
      socket.emit('join-room', 'feedback:RM_x');
      await once(socket, 'user-joined');
    }
    for (const participant of ['bob', 'eva']) await deadMicrophone(t, server, { participant });
    await eventually('feedback', () => host.feedback.length > 2, { within: 10000 });

    const { id } = host;
    const gone = once(host, 'disconnect', { within: 80000 });
    proxy.freeze();
    await delay(90000);
    await gone;
    proxy.thaw();
    proxy.cut();
    await once(host, 'connect', { within: 30000 });
    assert.equal(host.recovered, true);
    assert.equal(host.id, id);
    const before = host.feedback.length;
    await eventually('live feedback', () => host.feedback.length > before + 2, { within: 10000 });
    const seen = sequence(host.feedback);
    assert.deepEqual(seen, Array.from({ length: seen.length }, (_, i) => seen[0] + i), 'all, in order, once');
    assert.ok(seen.length > 100, `${seen.length} events`);
    assert.deepEqual(host.feedback.map((e) => e.id),
      steady.feedback.filter((e) => e.seq >= seen[0]).slice(0, seen.length).map((e) => e.id));
  });
}
