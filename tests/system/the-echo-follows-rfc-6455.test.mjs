// The cases that public RFC 6455 suites try, as raw frames at the conformance server's /echo.
import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';
import { startConformance } from './conformance.mjs';
import { eventually, once } from './harness.mjs';

const mask = Buffer.from([0x12, 0x34, 0x56, 0x78]);

function frame(opcode, payload = '', { fin = true, rsv = 0 } = {}) {
  const data = Buffer.from(payload);
  const head = [(fin ? 0x80 : 0) | (rsv << 4) | opcode];
  if (data.length < 126) head.push(0x80 | data.length);
  else if (data.length < 65536) head.push(0x80 | 126, data.length >> 8, data.length & 255);
  else head.push(0x80 | 127, 0, 0, 0, 0, ...[24, 16, 8, 0].map((shift) => (data.length >>> shift) & 255));
  const masked = Buffer.allocUnsafe(data.length);
  for (let i = 0; i < data.length; i++) masked[i] = data[i] ^ mask[i % 4];
  return Buffer.concat([Buffer.from(head), mask, masked]);
}

// The frames in a buffer: [opcode, payload] each; what is incomplete is left out.
function frames(bytes) {
  const found = [];
  for (let at = 0; at + 2 <= bytes.length; ) {
    let length = bytes[at + 1] & 127;
    let head = 2;
    if (length === 126) [length, head] = [bytes.readUInt16BE(at + 2), 4];
    else if (length === 127) [length, head] = [Number(bytes.readBigUInt64BE(at + 2)), 10];
    if (at + head + length > bytes.length) break;
    assert.equal(bytes[at] & 0x70, 0);
    found.push([bytes[at] & 15, bytes.subarray(at + head, at + head + length)]);
    at += head + length;
  }
  return found;
}

async function open(port) {
  const socket = net.connect(port, '127.0.0.1');
  const parts = [];
  socket.setNoDelay(true);
  socket.on('error', () => {});
  socket.on('data', (part) => parts.push(part));
  socket.on('close', () => (socket.gone = true));
  await once(socket, 'connect');
  socket.write('GET /echo HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n');
  await eventually('101', () => parts.length > 0 && Buffer.concat(parts).includes('\r\n\r\n'));
  assert.match(parts.splice(0).toString(), /^HTTP\/1\.1 101 /);
  socket.frames = () => frames(Buffer.concat(parts));
  socket.expect = (count) => eventually(`${count} frames`, () => {
    const all = socket.frames();
    return all.length >= count && all;
  });
  // The code of the close frame that ends it all; frames before it are `before`.
  socket.ends = async (code, before = 0) => {
    const all = await socket.expect(before + 1);
    const [opcode, payload] = all[before];
    assert.equal(opcode, 8, `a close frame after ${before} frames`);
    assert.equal(payload.length >= 2 ? payload.readUInt16BE(0) : 1005, code);
    await eventually('the connection ends', () => socket.gone);
    return all;
  };
  return socket;
}

test('RFC 6455 at /echo', async (t) => {
  const { port } = await startConformance(t);
  const attempt = (what, run) => t.test(what, async () => {
    const socket = await open(port);
    await run(socket);
    socket.destroy();
  });
  const echoes = async (socket, opcode, payload) => {
    const [[got, data]] = await socket.expect(1);
    assert.equal(got, opcode);
    assert.ok(data.equals(Buffer.from(payload)));
  };

  for (const size of [0, 1, 125, 126, 127, 128, 65535, 65536, 1 << 20])
    for (const opcode of [1, 2])
      await attempt(`a message of ${size} bytes, opcode ${opcode}`, async (socket) => {
        const payload = Buffer.alloc(size, '*');
        socket.write(frame(opcode, payload));
        await echoes(socket, opcode, payload);
      });

  await attempt('a message byte by byte', async (socket) => {
    for (const byte of frame(1, 'olá 😀')) socket.write(Buffer.from([byte]));
    await echoes(socket, 1, 'olá 😀');
  });
  await attempt('in fragments, empty ones too, with a ping between', async (socket) => {
    socket.write(Buffer.concat([frame(1, '', { fin: false }), frame(0, 'a', { fin: false }), frame(9, 'p'),
      frame(0, '', { fin: false }), frame(0, 'b')]));
    const [[ping, payload], [text, data]] = await socket.expect(2);
    assert.deepEqual([ping, payload.toString(), text, data.toString()], [10, 'p', 1, 'ab']);
  });
  for (const payload of ['', 'x', Buffer.alloc(125, 0xfe)])
    await attempt(`a ping of ${payload.length} bytes`, async (socket) => {
      socket.write(frame(9, payload));
      await echoes(socket, 10, payload);
    });
  await attempt('ten pings, each its pong in order; pongs that nobody asked for', async (socket) => {
    for (let i = 0; i < 10; i++) socket.write(Buffer.concat([frame(10, 'unasked'), frame(9, `p${i}`)]));
    const all = await socket.expect(10);
    assert.deepEqual(all.map(([opcode, data]) => `${opcode}${data}`), Array.from({ length: 10 }, (_, i) => `10p${i}`));
  });

  const protocol = {
    'a ping of 126 bytes': [frame(9, Buffer.alloc(126))],
    'a fragmented ping': [frame(9, 'a', { fin: false })],
    'a continuation of nothing': [frame(0, 'a')],
    'a message inside a message': [frame(1, 'a', { fin: false }), frame(1, 'b')],
    'an unmasked frame': [Buffer.from([0x81, 1, 97])],
    'a length longer than need be': [Buffer.from([0x81, 0xfe, 0, 1, 1, 2, 3, 4, 97])],
    'a length with its top bit': [Buffer.from([0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4])],
    'a close of one byte': [frame(8, 'x')],
  };
  for (const rsv of [1, 2, 4, 7]) protocol[`reserved bits ${rsv}`] = [frame(1, 'a', { rsv })];
  for (const opcode of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) protocol[`opcode ${opcode}`] = [frame(opcode, 'a')];
  for (const code of [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65535])
    protocol[`close code ${code}`] = [frame(8, Buffer.from([code >> 8, code & 255]))];
  for (const [what, bytes] of Object.entries(protocol))
    await attempt(`1002: ${what}`, async (socket) => {
      socket.write(Buffer.concat(bytes));
      await socket.ends(1002);
    });
  await attempt('1002 comes after what was good before it', async (socket) => {
    socket.write(Buffer.concat([frame(1, 'good'), frame(3, 'bad'), frame(1, 'never')]));
    const all = await socket.ends(1002, 1);
    assert.equal(all[0][1].toString(), 'good');
  });

  for (const hex of ['ff', 'c0af', 'eda080', 'edbfbf', 'f4908080', 'f8888080', '80', 'e2', 'cebae1bdb9cf83cebcceb5eda080656469746564'])
    await attempt(`1007: text ${hex}`, async (socket) => {
      socket.write(frame(1, Buffer.from(hex, 'hex')));
      await socket.ends(1007);
    });
  await attempt('1007 as soon as it cannot become valid, in the middle of a frame', async (socket) => {
    const whole = frame(1, Buffer.concat([Buffer.from('abc'), Buffer.from([0xff]), Buffer.alloc(1000, 'x')]));
    socket.write(whole.subarray(0, 20));
    await socket.ends(1007);
  });
  await attempt('a character may be cut by fragments', async (socket) => {
    const bytes = Buffer.from('😀');
    socket.write(Buffer.concat([frame(1, bytes.subarray(0, 2), { fin: false }), frame(0, bytes.subarray(2))]));
    await echoes(socket, 1, '😀');
  });
  await attempt('1007: a close reason that is no text', async (socket) => {
    socket.write(frame(8, Buffer.from([3, 232, 0xff])));
    await socket.ends(1007);
  });

  for (const code of [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999])
    await attempt(`close ${code} is answered alike`, async (socket) => {
      socket.write(frame(8, Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.alloc(123, 'r')])));
      await socket.ends(code);
    });
  await attempt('an empty close is answered, and nothing after it', async (socket) => {
    socket.write(Buffer.concat([frame(8), frame(1, 'late'), frame(9, 'late')]));
    const all = await socket.ends(1005);
    assert.equal(all.length, 1);
  });
  await attempt('16 MiB in fragments of 64 KiB, and one byte more', async (socket) => {
    const piece = Buffer.alloc(65536, 'z');
    for (let i = 0; i < 256; i++) socket.write(frame(i ? 0 : 2, piece, { fin: i === 255 }));
    const [[, data]] = await socket.expect(1);
    assert.equal(data.length, 16 << 20);
    for (let i = 0; i < 257; i++) socket.write(frame(i ? 0 : 2, i === 256 ? 'x' : piece, { fin: i === 256 }));
    await socket.ends(1009, 1);
  });
});
