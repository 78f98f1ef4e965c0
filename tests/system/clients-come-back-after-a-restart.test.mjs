import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePort, once, PATIENCE_MS, startServer } from './harness.mjs';
import { connected, openClient } from './meeting.mjs';

for (const transports of [['websocket'], ['polling'], ['polling', 'websocket']]) {
  test(`a server that leaves is a lost connection, not a dismissal: ${transports.join(' and ')}`, async (t) => {
    const first = await startServer(null, { env: { PORT: String(await freePort()) } });
    const socket = await openClient(t, first, { transports });
    const gone = once(socket, 'disconnect');
    const [reason] = await Promise.all([gone.then((args) => [args].flat()[0]), first.stop()]);
    assert.notEqual(reason, 'io server disconnect', 'after which a client would not come back');
    await startServer(t, { env: { PORT: String(first.port) } });
    await connected(socket);
    assert.equal(socket.recovered, false);
    assert.equal(await socket.timeout(PATIENCE_MS).emitWithAck('message', 'here'), 'Message received');
  });
}
