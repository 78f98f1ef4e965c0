// The fake Egress against what was recorded of a real one (livekit/egress 1.9): the tests that use it prove no more than it does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocketServer } from 'ws';
import { FakeEgress, RATE, tone } from '../fakes/egress.mjs';
import { once } from './harness.mjs';

// A server that notes what comes: [ms since the connection opened, bytes or text].
async function listen(t) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  t.after(() => server.close());
  await once(server, 'listening');
  const came = { messages: [], texts: [] };
  came.closed = new Promise((done) =>
    server.once('connection', (socket) => {
      const began = performance.now();
      socket.on('message', (data, isBinary) => {
        const at = performance.now() - began;
        if (isBinary) came.messages.push({ at, data });
        else came.texts.push({ at, ...JSON.parse(data) });
      });
      socket.on('close', done);
    }),
  );
  came.url = `ws://127.0.0.1:${server.address().port}/egress-audio`;
  came.pcm = () => {
    const all = Buffer.concat(came.messages.map(({ data }) => data));
    return { frames: all.length / 4, left: (i) => all.readInt16LE(i * 4), right: (i) => all.readInt16LE(i * 4 + 2) };
  };
  return came;
}

test('its sound is late, its channels differ a little, mutes are told out of step, the last message is short', async (t) => {
  const came = await listen(t);
  const egress = new FakeEgress(came.url, { source: tone({ amplitude: 0.5 }), real: true });
  await egress.opened;
  await delay(3000);
  const mutedAt = egress.frames;
  egress.mute(true);
  await delay(3000);
  const unmutedAt = egress.frames;
  egress.mute(false);
  await delay(500);
  egress.end();
  assert.equal(await came.closed, 1005);

  const { frames, left, right } = came.pcm();
  const late = 2.16 * RATE;
  for (let i = 0; i < late; i++) assert.ok(left(i) === 0 && right(i) === 0);
  let differing = 0;
  for (let i = late; i < late + mutedAt; i++) {
    assert.ok(Math.abs(left(i) - right(i)) <= 2);
    differing += left(i) !== right(i);
  }
  assert.ok(differing > 0 && differing < mutedAt / 1000, `${differing} of ${mutedAt}`);
  let loudest = 0;
  for (let i = late + mutedAt + 480; i < late + unmutedAt - 480; i++) loudest = Math.max(loudest, Math.abs(left(i)), Math.abs(right(i)));
  assert.ok(loudest > 0 && loudest <= 75, `comfort noise of ${loudest}`);
  assert.equal(frames - (late + unmutedAt) > 0.4 * RATE, true, 'what was on its way came');

  assert.deepEqual(came.texts.map(({ muted }) => muted), [true, false]);
  const ms = (frame) => (frame * 1000) / RATE;
  const [mute, unmute] = came.texts;
  assert.ok(mute.at - ms(mutedAt) > 1400 && mute.at < ms(mutedAt + late), 'told while speech is on its way');
  assert.ok(unmute.at < ms(unmutedAt + late) - 1000, 'told before its sound');
  assert.equal(came.messages[0].data.length, 1920);
  assert.ok(came.messages.at(-1).data.length < 1920);
});

test('one that is killed says nothing', async (t) => {
  const came = await listen(t);
  const egress = new FakeEgress(came.url, { source: tone(), real: true });
  await egress.opened;
  egress.kill();
  assert.equal(await came.closed, 1006);
});

test('as ever it sends at once, and equal channels, where nobody asks for more', async (t) => {
  const came = await listen(t);
  const egress = new FakeEgress(came.url, { source: tone() });
  await egress.opened;
  egress.mute(true);
  await delay(300);
  await egress.end();
  assert.equal(await came.closed, 1005);
  const { frames, left, right } = came.pcm();
  for (let i = 0; i < frames; i++) assert.equal(left(i), right(i));
  assert.ok(frames > 0 && left(100) !== 0);
  assert.equal(came.texts.length, 1);
});
