// MEDIA_SOURCE=join over each way that LiveKit can be set up for: ICE-lite, where Prosa decides on the path, and TCP alone.
import test from 'node:test';
import { eventually } from '../system/harness.mjs';
import { Publisher, startRealWorld } from './real.mjs';

async function isHeard(t, rtc) {
  const { real, server } = await startRealWorld(t, { rtc, env: { MEDIA_SOURCE: 'join', RECONCILE_SECONDS: '1' } });
  const ana = await Publisher.join(t, real, 'sala', 'ana', { metadata: '{"role":"host"}' });
  await ana.publish();
  await eventually('packets come', async () => (await server.metric('prosa_packets_total')) > 100);
}

test('an ICE-lite server', (t) => isHeard(t, { use_ice_lite: true }));
test('a server by TCP alone', (t) => isHeard(t, { force_tcp: true, allow_tcp_fallback: true }));
