// The moment at which a recording is least known: it has bytes and a row, and its header was never refreshed. Whose it is must be
// on disk already, and no row may wait for an end that nobody will tell.
import assert from 'node:assert/strict';
import { readFile, stat, truncate, utimes } from 'node:fs/promises';
import { test } from 'node:test';
import { accounts, bearer, register } from './accounts.mjs';
import { audio, openTrack, recordings } from './egress.mjs';
import { eventually, run, startServer, temporaryFolder } from './harness.mjs';
import { livekit, startRoom, webhook } from './meeting.mjs';

const env = { ...livekit, ...accounts, EGRESS_AUTH: 'off', AUDIO_HEADER_SECONDS: '60',
  JWT_ACCESS_SECRET: 'an-access-secret-that-outlives-a-crash' };
const TRACKS = 8;
const HEADER_BYTES = 44;
const metadata = JSON.stringify({ organization: 'acme' });

// Names that cannot be told from the file's.
const room = { sid: 'RM_1', name: 'daily_stand up' };
const tracks = Array.from({ length: TRACKS }, (_, i) =>
  ({ roomName: room.name, participant: `bob_${i}/ü`, trackId: `TR_${i}`, sampleRate: '48000' }));
const nameOf = (trackId) => `Bob "${trackId}" de Só`;
const joinAll = (server) => Promise.all(tracks.map(({ participant, trackId }) =>
  webhook(server, 'participant_joined', { room, participant: { sid: `PA_${trackId}`, identity: participant, name: nameOf(trackId) } })));

async function startRecording(t, folder, beforeTracks) {
  const server = await startServer(t, { env, folder });
  const owner = await register(server, 'ana', { organizationName: 'Acme' });
  const link = await run(['org', 'link', 'acme'], { cwd: folder, env: { PROSA_ENV: 'test' } });
  assert.equal(link.code, 0, link.stderr);
  await startRoom(server, room.sid, room.name, metadata);
  await beforeTracks?.(server);
  const sockets = await Promise.all(tracks.map((query) => openTrack(server, query)));
  const sent = audio(48000);
  for (const socket of sockets) {
    socket.on('error', () => {});
    for (let at = 0; at < sent.length; at += 1920) socket.send(sent.subarray(at, at + 1920));
  }
  t.after(() => sockets.forEach((socket) => socket.terminate()));
  return { server, owner };
}

const haveBytes = (server) => eventually('every track has its first bytes on disk', async () => {
  const files = await recordings(server);
  const sizes = await Promise.all(files.map(async ({ path }) => (await stat(path)).size));
  return files.length === TRACKS && sizes.every((size) => size > HEADER_BYTES) && files;
}, { every: 1 });

const sidecarOf = async ({ path }) => JSON.parse(await readFile(path.replace(/\.wav$/, '.json'), 'utf8'));
const rowsOf = async (server, owner) => (await server.get('/sessions/RM_1', bearer(owner))).body.recordings ?? [];
const identity = ({ id, participantId, participantName, trackId, startedAt }) =>
  ({ id, participantId, participantName, trackId, startedAt });
const byTrack = (a, b) => a.trackId.localeCompare(b.trackId);

// After the start: every recording once, ended, as it was called.
async function assertWhole(server, owner, before) {
  const rows = await eventually('every row has an end', async () => {
    const found = await rowsOf(server, owner);
    return found.length >= TRACKS && found.every((row) => row.endedAt) && found;
  });
  assert.deepEqual(rows.map(identity).sort(byTrack), before.map(identity).sort(byTrack));
  return rows;
}

test('killed at the first bytes, each recording keeps its id and names', async (t) => {
  const folder = await temporaryFolder(t);
  const { server: first, owner } = await startRecording(t, folder, joinAll);
  const files = await haveBytes(first);
  await first.kill();
  const before = await Promise.all(files.map(async (file) => {
    const said = await sidecarOf(file);
    assert.equal(said.end, null);
    return { id: said.recording, participantId: said.participant, participantName: said.name, trackId: said.track,
      startedAt: said.startedAt };
  }));
  const names = ({ trackId, participantId, participantName }) => [trackId, participantId, participantName];
  assert.deepEqual(before.sort(byTrack).map(names),
    tracks.map(({ trackId, participant }) => [trackId, participant, nameOf(trackId)]));

  const second = await startServer(t, { env, folder });
  const rows = await assertWhole(second, owner, before);
  assert.ok(rows.every(({ endReason, bytes }) => endReason === 'crash' && bytes > 0));
});

test('killed when the rows are there, none stays open', async (t) => {
  const folder = await temporaryFolder(t);
  const { server: first, owner } = await startRecording(t, folder);
  const files = await haveBytes(first);
  await joinAll(first); // names that come when the files are there
  const before = await eventually('every track has its row, with its name', async () => {
    const rows = await rowsOf(first, owner);
    return rows.length === TRACKS && rows.every((row) => row.participantName === nameOf(row.trackId)) && rows;
  });
  assert.ok(before.every((row) => !row.endedAt));
  await first.kill();
  // One is found as a process leaves it that dies between creating the file and its first byte.
  const { path } = files.find(({ file }) => file.endsWith('_TR_3.wav'));
  await truncate(path);
  await utimes(path, 0, 0);

  const second = await startServer(t, { env, folder });
  const rows = await assertWhole(second, owner, before);
  for (const { trackId, endReason, bytes } of rows)
    assert.deepEqual([endReason, bytes > 0], trackId === 'TR_3' ? ['empty', false] : ['crash', true], trackId);
  await assert.rejects(stat(path), { code: 'ENOENT' });
});
