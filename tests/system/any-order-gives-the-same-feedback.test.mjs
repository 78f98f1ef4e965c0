import assert from 'node:assert/strict';
import { test } from 'node:test';
import { io } from 'socket.io-client';
import { eventually, once, startServer } from './harness.mjs';
import { closeTrack, openTrack, streamAudio } from './egress.mjs';

// The host waits under the room's name; the webhook tells the meeting's id; two people say nothing, which is told
// after two seconds (here) and again each two.
const steps = {
  async join({ server, room, t, heard }) {
    const socket = io(server.url, { transports: ['websocket'], forceNew: true });
    t.after(() => socket.disconnect());
    socket.on('feedback', (event) => heard.push(event));
    await once(socket, 'connect');
    const joined = once(socket, 'user-joined');
    socket.emit('join-room', `feedback:${room}`);
    await joined;
  },
  async webhook({ server, room }) {
    const answer = await server.post('/livekit/webhook', { event: 'room_started', room: { sid: `RM_${room}`, name: room } });
    assert.equal(answer.status, 204);
  },
  async audio({ server, room, t, withId }) {
    for (const participant of ['bob', 'eva']) {
      const query = { roomName: room, participant, trackId: `TR_${participant}` };
      if (withId) query.meetingId = `RM_${room}`;
      const socket = await openTrack(server, query);
      const stream = streamAudio(socket, Buffer.alloc(96000));
      t.after(async () => {
        stream.stop();
        await closeTrack(socket);
      });
    }
  },
};

const orders = [
  ['join', 'webhook', 'audio'],
  ['join', 'audio', 'webhook'],
  ['webhook', 'join', 'audio'],
  ['webhook', 'audio', 'join'],
  ['audio', 'join', 'webhook'],
  ['audio', 'webhook', 'join'],
];

test('any order of join, webhook and audio gives the same feedback', async (t) => {
  const server = await startServer(t, {
    env: { RULE_SILENCIO_PROLONGADO_GROUP_S: '2', RULE_SILENCIO_PROLONGADO_REMIND_S: '2',
      RULE_SILENCIO_PROLONGADO_DEAD_MIC_S: '600' },
  });
  for (const withId of [true, false]) {
    for (const order of orders) {
      const room = `${order.join('-')}${withId ? '-id' : ''}`;
      await t.test(`${order.join(', ')}${withId ? ', the id in the URL' : ''}`, async (t) => {
        const heard = [];
        for (const step of order) await steps[step]({ server, room, t, heard, withId });
        await eventually('two events', () => heard.length >= 2);
        heard.forEach((event, i) => {
          assert.equal(event.type, 'silencio_prolongado');
          assert.equal(event.participantId, 'group');
          assert.equal(event.meetingId, `RM_${room}`);
          assert.equal(event.seq, i + 1);
        });
        assert.equal(new Set(heard.map(({ id }) => id)).size, heard.length);
        await eventually('as many are counted', async () => {
          const { body } = await server.get(`/feedback/metrics/RM_${room}`);
          return body.counts.silencio_prolongado === heard.length;
        });
      });
    }
  }
});
