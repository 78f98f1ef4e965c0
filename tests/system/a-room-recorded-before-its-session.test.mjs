// Audio that comes and ends before anybody said which meeting its room holds: rows and sidecars get the meeting's id when it is
// known, and no start or stop in between loses that.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { accounts, bearer, register } from './accounts.mjs';
import { audio, closeTrack, openTrack, recordings } from './egress.mjs';
import { eventually, run, startServer, temporaryFolder } from './harness.mjs';
import { livekit, webhook } from './meeting.mjs';

const env = { ...livekit, ...accounts, EGRESS_AUTH: 'off' };
const metadata = '{"organization":"acme"}';

const sidecarOf = async (server, room) => {
  const found = (await recordings(server, { ending: '.json' })).filter(({ folder, file }) => folder === room && !file.startsWith('.'));
  assert.equal(found.length, 1);
  return { path: found[0].path, ...JSON.parse(await readFile(found[0].path, 'utf8')) };
};

// A second of audio in a room of which nothing is known; its sidecar when all is written.
async function record(server, room) {
  const rows = await server.metric('prosa_recording_rows_total');
  const track = await openTrack(server, { roomName: room, participant: 'bob', trackId: 'TR_1', sampleRate: 48000 });
  track.send(audio(48000));
  await closeTrack(track);
  return eventually('it is finished', async () => {
    const sidecar = await sidecarOf(server, room);
    return sidecar.end && (await server.metric('prosa_recording_rows_total')) >= rows + 2 && sidecar;
  });
}

test('a room that was recorded before its session', async (t) => {
  const folder = await temporaryFolder(t);
  let server = await startServer(t, { env, folder });
  const made = Math.floor(Date.now() / 1000);
  const begin = (sid, name) =>
    webhook(server, 'room_started', { room: { sid, name, metadata, creationTime: String(made) } });
  const owner = await register(server, 'ana', { organizationName: 'Acme' });
  const link = await run(['org', 'link', 'acme'], { cwd: folder, env: { PROSA_ENV: 'test' } });
  assert.equal(link.code, 0, link.stderr);
  const belongs = (room, sid, before) => eventually(`row and sidecar of ${room} say ${sid}`, async () => {
    const { body } = await server.get(`/sessions/${sid}`, bearer(owner));
    assert.deepEqual(body.recordings?.map(({ id }) => id), [before.recording]);
    const { path, meeting, ...rest } = await sidecarOf(server, room);
    assert.equal(meeting, sid);
    assert.deepEqual({ path, meeting: room, ...rest }, before);
    return true;
  });

  await t.test('the webhook comes later', async () => {
    const before = await record(server, 'daily');
    assert.equal(before.meeting, 'daily');
    await begin('RM_1', 'daily');
    await belongs('daily', 'RM_1', before);
  });

  await t.test('the webhook comes after a crash', async () => {
    const before = await record(server, 'weekly');
    await server.kill();
    server = await startServer(t, { env, folder });
    await begin('RM_2', 'weekly');
    await belongs('weekly', 'RM_2', before);
  });

  await t.test('the crash came between the row and the sidecar', async () => {
    const before = await record(server, 'monthly');
    await begin('RM_3', 'monthly');
    await belongs('monthly', 'RM_3', before);
    await server.kill();
    const { path } = before;
    const text = await readFile(path, 'utf8');
    assert.match(text, /"meeting":"RM_3"/);
    await writeFile(path, text.replace('"meeting":"RM_3"', '"meeting":"monthly"'));
    server = await startServer(t, { env, folder });
    await belongs('monthly', 'RM_3', before);
  });
});
