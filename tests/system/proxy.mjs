// A TCP proxy whose network can be cut (both sides see the end) or frozen (nobody sees anything, as when a cable is pulled).
import net from 'node:net';
import { once } from './harness.mjs';

export async function startProxy(t, port) {
  const pairs = new Set();
  let frozen = false;
  const server = net.createServer((client) => {
    if (frozen) {
      client.on('error', () => {});
      return void pairs.add({ client });
    }
    const upstream = net.connect(port, '127.0.0.1');
    const pair = { client, upstream };
    pairs.add(pair);
    const pipe = (from, to) => {
      from.on('data', (part) => !pair.frozen && to.write(part));
      from.on('close', () => !pair.frozen && to.destroy());
      from.on('error', () => {});
    };
    pipe(client, upstream);
    pipe(upstream, client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = {
    url: `http://127.0.0.1:${server.address().port}`,
    cut() {
      for (const { client, upstream } of pairs) {
        client.destroy();
        upstream?.destroy();
      }
      pairs.clear();
    },
    // What is open goes silent for ever; what connects later waits until thaw(), or works with `later`.
    freeze({ later = false } = {}) {
      for (const pair of pairs) pair.frozen = true;
      frozen = !later;
    },
    // The server still believes in its side; the client's is gone.
    loseClients() {
      for (const pair of pairs) {
        pair.frozen = true;
        pair.client.destroy();
      }
    },
    thaw() {
      frozen = false;
    },
  };
  t.after(() => {
    for (const pair of pairs) pair.frozen = false;
    proxy.cut();
    server.close();
  });
  return proxy;
}
