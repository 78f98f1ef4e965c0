// A server whose storage lies on a disk of its own, and tracks that are recorded on it.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { closeTrack, openTrack, recordings, roomNoise, streamAudio } from './egress.mjs';
import { atEnd, eventually, once, startServer } from './harness.mjs';
import { deadMicrophone, livekit, openClient, startRoom } from './meeting.mjs';

// `mount` mounts a file system on `storage`. Only the server sees it: `inside` reaches it through /proc.
export async function startOnOwnDisk(t, { folder, mount, env }) {
  await mkdir(join(folder, 'storage'));
  const server = await startServer(t, { folder, wrap: ['unshare', '-m', 'sh', '-c', `${mount} && exec "$0" "$@"`],
    env: { ...livekit, EGRESS_AUTH: 'off', FEEDBACK_ACCESS: 'open', ...env } });
  const inside = Object.create(server, { folder: { value: `/proc/${server.child.pid}/root${folder}` } });
  return { server, inside };
}

// A host who hears feedback all the time.
export async function startHost(t, server) {
  await startRoom(server, 'RM_1', 'daily');
  const host = await openClient(t, server);
  host.emit('join-room', 'feedback:RM_1');
  await once(host, 'user-joined');
  await deadMicrophone(t, server);
  return host;
}

export async function startTrack(t, server, roomName, number) {
  const trackId = `TR_${number}`;
  const socket = await openTrack(server, { roomName, participant: `p${number}`, trackId, sampleRate: 48000 });
  const stream = streamAudio(socket, roomNoise(48000, number));
  atEnd(t, () => (stream.stop(), socket.terminate()));
  return { file: `_${trackId}.wav`, socket, stream };
}

// `count` tracks of a room, all of them recorded.
export async function startTracks(t, { server, inside }, roomName, count) {
  const tracks = [];
  for (let i = 0; i < count; i++) tracks.push(await startTrack(t, server, roomName, i));
  await eventually('all are recorded', async () =>
    (await recordings(inside)).filter(({ file }) => /_TR_\d+\.wav/.test(file)).length === count, { within: 30000 });
  return tracks;
}

export async function endTracks(tracks) {
  for (const track of tracks) {
    track.stream.stop();
    track.sent = track.stream.sentMs() / 1000;
    await closeTrack(track.socket);
  }
}
