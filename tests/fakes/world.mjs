// A LiveKit and a Prosa that know each other's addresses.
import { freePort, startServer } from '../system/harness.mjs';
import { FakeLivekit } from './livekit.mjs';

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
