// What a client may send in a second is bounded before anything of it is parsed; nobody else waits for it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PATIENCE_MS, startServer } from './harness.mjs';
import { openClient } from './meeting.mjs';

const MIB = 1 << 20;

for (const transports of [['websocket'], ['polling']]) {
  test(`12 MiB at 2 MiB a second by ${transports}`, async (t) => {
    const server = await startServer(t, { env: { SOCKET_BYTES_PER_SECOND: '2MiB', SOCKET_RECOVERY: 'off' } });
    const [loud, calm] = [await openClient(t, server, { transports }), await openClient(t, server)];
    const ack = (socket) => socket.timeout(PATIENCE_MS).emitWithAck('message', 'all is read');
    // Two seconds beyond what may come at once, which is four seconds' worth.
    const words = 'x'.repeat(750_000);
    const began = performance.now();
    for (let sent = 0; sent < 12 * MIB; sent += words.length) loud.emit('unknown', words);
    const done = ack(loud).then(() => performance.now() - began);
    for (let i = 0; i < 3; i++) await ack(calm);
    assert.ok((await done) >= 1700, `${await done} ms`);
    assert.equal(loud.connected, true);
  });
}
