import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';
import { eventually, once, PATIENCE_MS, startServer } from './harness.mjs';
import { audio, closeTrack, finishedWav, openTrack, streamAudio } from './egress.mjs';

const handshake = (query) =>
  `GET /egress-audio?${query} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

// Sends everything at once; resolves with all bytes that came back when the server has closed.
function throwBytes(server, ...parts) {
  return new Promise((done, fail) => {
    const socket = net.connect(server.port, '127.0.0.1', () => socket.write(Buffer.concat(parts.map((p) => Buffer.from(p)))));
    const chunks = [];
    socket.setTimeout(PATIENCE_MS, () => fail(new Error('the server did not close')));
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', fail);
    socket.on('end', () => socket.end());
    socket.on('close', () => done(Buffer.concat(chunks)));
  });
}

function closeCode(answer) {
  const end = answer.indexOf('\r\n\r\n');
  assert.match(answer.toString('latin1', 0, end), /^HTTP\/1\.1 101 /);
  const frame = answer.subarray(end + 4);
  assert.equal(frame[0], 0x88);
  return frame.readUInt16BE(2);
}

test("a bad frame in the handshake's own segment costs nobody else a byte", async (t) => {
  const server = await startServer(t);
  const good = await openTrack(server, { roomName: 'sala', participant: 'good', trackId: 'TR_good' });
  const pcm = audio(48000);
  const stream = streamAudio(good, pcm);
  t.after(() => stream.stop());

  const bad = [
    ['unmasked', [0x82, 0x04, 1, 2, 3, 4], 1002],
    ['reserved bit', [0xc2, 0x80, 1, 2, 3, 4], 1002],
    ['unknown opcode', [0x83, 0x80, 1, 2, 3, 4], 1002],
    ['continuation of nothing', [0x80, 0x80, 1, 2, 3, 4], 1002],
    ['long length for little', [0x82, 0xfe, 0x00, 0x05, 1, 2, 3, 4, 5, 6, 7, 8, 9], 1002],
    ['text that is no UTF-8', [0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28], 1007],
    ['oversize', [0x82, 0xff, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 1, 2, 3, 4], 1009],
  ];
  for (const [name, bytes, code] of bad) {
    await t.test(name, async () => {
      const throwOne = () => throwBytes(server, handshake(`roomName=sala&trackId=TR_bad`), bytes);
      const answers = await Promise.all([throwOne(), throwOne(), throwOne()]);
      assert.deepEqual(answers.map(closeCode), [code, code, code]);
    });
  }
  await t.test('half a handshake, garbage, a peer that just goes', async () => {
    const half = net.connect(server.port, '127.0.0.1');
    await once(half, 'connect');
    half.write('GET /egress-audio?roomName=sala HT');
    half.destroy();
    await throwBytes(server, Buffer.from([0, 1, 2, 0xff, 0x0d, 0x0a, 0x0d, 0x0a]));
    const gone = net.connect(server.port, '127.0.0.1');
    await once(gone, 'connect');
    gone.write(handshake('roomName=sala&trackId=TR_gone'));
    await once(gone, 'data');
    gone.resetAndDestroy?.() ?? gone.destroy();
  });

  stream.stop();
  await closeTrack(good);
  const wav = await finishedWav(server, 'TR_good', { bytes: stream.sent().length });
  assert.ok(wav.data.equals(stream.sent()));
  await eventually('only the bad ones are gone', async () => (await server.get('/health')).status === 200);
});
