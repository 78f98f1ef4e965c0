// Networks that go away while a room is joined: what can be mended is mended in the same session, and what only looks alive is
// given up.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Action, FakeSfu, Reason } from '../fakes/sfu.mjs';
import { eventually, freePort, startServer } from '../system/harness.mjs';

const SERVER_PATIENCE_MS = 15500; // until LiveKit calls silent media lost

async function meet(t) {
  const sfu = await new FakeSfu().listen(t);
  const server = await startServer(t, {
    env: { ...sfu.environment(await freePort()), MEDIA_SOURCE: 'join', RECONCILE_SECONDS: '1' },
  });
  sfu.target = server.url;
  const meeting = await sfu.begin('sala', 'ana');
  const session = await sfu.joined();
  await session.play(meeting.track.sid);
  await packetsCome(server);
  return { sfu, server, session, ...meeting };
}

async function packetsCome(server) {
  const before = await server.metric('prosa_packets_total');
  await eventually('packets come', async () => (await server.metric('prosa_packets_total')) > before + 10);
}

const hasMedia = async (server) => (await server.metric('prosa_rooms', { way: 'media' })) === 1;

describe('outages', { concurrency: true }, () => {
  test('media that stay away for twelve seconds are a gap', async (t) => {
    const { sfu, server, session } = await meet(t);
    session.do('faults', { faults: ['deaf'] });
    await eventually('they are lost', async () => !(await hasMedia(server)));
    session.do('faults', { faults: [] });
    await eventually('they are back', () => hasMedia(server));
    await packetsCome(server);
    assert.equal(sfu.attempts.length, 1);
  });

  test('media that stay away for forty seconds come back in the same session', async (t) => {
    const { sfu, server, session } = await meet(t);
    session.do('faults', { faults: ['deaf'] });
    for (let i = 0; i < 2; i++) {
      await delay(SERVER_PATIENCE_MS);
      session.leave(Reason.TIMED_OUT, Action.RESUME);
    }
    await delay(40000 - 2 * SERVER_PATIENCE_MS);
    session.do('faults', { faults: [] });
    await eventually('they are back', () => hasMedia(server));
    await packetsCome(server);
    assert.equal(sfu.joins.length, 1);
    assert.ok((await server.metric('prosa_room_resumes_total')) >= 2);
  });

  test('signalling that stays away for a minute costs no packet', async (t) => {
    const { sfu, server, session } = await meet(t);
    sfu.status = 502;
    session.cut();
    const began = Date.now();
    while (Date.now() - began < 60000) {
      await packetsCome(server);
      await delay(1000);
    }
    sfu.status = 0;
    await eventually('it is resumed', async () => (await server.metric('prosa_room_resumes_total')) === 1);
    await packetsCome(server);
    assert.equal(sfu.joins.length, 1);
    assert.equal(await server.metric('prosa_packets_lost_total'), 0);
  });

  test('a resumed session whose media stay away is begun anew', async (t) => {
    const { sfu, server, session, track } = await meet(t);
    sfu.offersNothing = true; // as some servers do
    session.do('faults', { faults: ['deaf'] });
    await eventually('it is resumed for its media', async () => (await server.metric('prosa_room_resumes_total')) >= 1);
    assert.equal(sfu.attempts[1].query.get('reconnect_reason'), '3');
    sfu.offersNothing = false;
    const second = await sfu.joined(2);
    await second.play(track.sid);
    await packetsCome(server);
  });
});
