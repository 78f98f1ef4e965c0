import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accounts, bearer, register } from '../system/accounts.mjs';
import { audio, closeTrack, delay, openTrack } from '../system/egress.mjs';
import { eventually, run, startServer } from '../system/harness.mjs';
import { livekit, startRoom } from '../system/meeting.mjs';

test('a ticket opens its recording for a minute', async (t) => {
  const server = await startServer(t, { env: { ...livekit, ...accounts, EGRESS_AUTH: 'off' } });
  const owner = await register(server, 'ana', { organizationName: 'Acme' });
  assert.equal((await run(['org', 'link', 'acme'], { cwd: server.folder, env: { PROSA_ENV: 'test' } })).code, 0);
  await startRoom(server, 'RM_1', 'daily', '{"organization":"acme"}');
  const track = await openTrack(server, { roomName: 'daily', participant: 'bob', trackId: 'TR_1', sampleRate: 48000 });
  track.send(audio(48000));
  await closeTrack(track);
  const recording = await eventually('the recording is finished', async () => {
    const { body } = await server.get('/sessions/RM_1', bearer(owner));
    return body.recordings?.[0]?.endedAt && body.recordings[0];
  });
  const { body } = await server.post(`/recordings/${recording.id}/ticket`, {}, bearer(owner));
  const given = Date.now();
  const status = async () => (await fetch(server.url + body.url)).status;
  await delay(50000);
  if (Date.now() - given < 58000) assert.equal(await status(), 200);
  await eventually('it has lapsed', async () => (await status()) === 401, { within: 30000, every: 200 });
  assert.ok(Date.now() - given >= 59000);
});
