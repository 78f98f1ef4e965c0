// Values that a JSON parser of C types refuses: the document is read all the same, and the value is replaced.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeLivekit } from '../fakes/livekit.mjs';
import { audioTracks, startWorld } from '../fakes/world.mjs';
import { eventually, startServer } from './harness.mjs';

const odd = { 'U+0000': 'A\u0000na', 'half a surrogate pair': 'A\ud800na' };

for (const [what, name] of Object.entries(odd)) {
  test(`a participant whose name has ${what} is recorded like anybody`, async (t) => {
    const { livekit, server } = await startWorld(t);
    const { room } = await livekit.begin('daily', 'ana', { participant: { name, metadata: '{"role":"host"}' } });
    await eventually('it is heard', async () => (await audioTracks(server)) === 1);
    const { body } = await server.get(`/feedback/debug/${room.sid}`);
    assert.deepEqual(body.participants.map(({ participantId }) => participantId), ['ana']);
  });

  test(`a room where somebody's name has ${what} is swept like any other`, async (t) => {
    const { livekit, server } = await startWorld(t, { env: { RECONCILE_SECONDS: '1', RECONCILE_ROOMS: 'all' } });
    const room = livekit.room('daily');
    livekit.track(livekit.participant(room, 'ana', { name }));
    livekit.track(livekit.participant(room, 'bruno'));
    await eventually('both are heard', async () => (await audioTracks(server)) === 2);
  });
}

async function postWebhook(server, body) {
  const authorization = await FakeLivekit.sign(body);
  return fetch(`${server.url}/livekit/webhook`, { method: 'POST', headers: { 'content-type': 'application/webhook+json', authorization }, body });
}

for (const [what, odd] of Object.entries({ 'an integer beyond 64 bits': '18446744073709551616', 'a number beyond a double': '1e400' }))
  test(`a webhook with ${what} is taken`, async (t) => {
    const { livekit, server } = await startWorld(t);
    const room = livekit.room('daily');
    const track = livekit.track(livekit.participant(room, 'ana'));
    const event = livekit.event('track_published', room, { participant: { sid: 'PA_1', identity: 'ana' }, track });
    const answer = await postWebhook(server, JSON.stringify(event).replace('{', `{"more":${odd},`));
    assert.equal(answer.status, 204);
    await eventually('it is heard', async () => (await audioTracks(server)) === 1);
  });

test('a byte order mark before JSON is left out', async (t) => {
  const server = await startServer(t);
  const body = '\ufeff' + JSON.stringify({ email: 'ana@example.com', password: 'long-enough-1', name: 'Ana\u0000', organizationName: 'Acme' });
  const answer = await server.post('/auth/register', body);
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
});
