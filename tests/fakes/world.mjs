// A LiveKit and a Prosa that know each other's addresses.
import { createServer } from 'node:net';
import { startServer } from '../system/harness.mjs';
import { FakeLivekit } from './livekit.mjs';

// A port that is free now, because the server must know its own address before it starts.
export async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

export async function startWorld(t, { livekit: options, env = {} } = {}) {
  const livekit = await new FakeLivekit(options).listen(t);
  const server = await startServer(t, {
    env: { ...livekit.environment(await freePort()), EGRESS_AUTH: 'signed', ...env },
  });
  livekit.target = server.url;
  return { livekit, server };
}

export const starts = (livekit) => livekit.calls.filter(({ method }) => method === 'Egress/StartTrackEgress');

export const audioTracks = (server) => server.metric('prosa_tracks', { kind: 'audio' });
