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

async function open(port, options) {
  const socket = net.connect({ port, host: '127.0.0.1', ...options });
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
    assert.equal(all.length, before + 1, 'and nothing after it');
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
  // Frames in so many writes, each of them a packet of its own as far as the system lets it.
  const chop = async (socket, bytes, size) => {
    for (let at = 0; at < bytes.length; at += size)
      if (!socket.write(bytes.subarray(at, at + size))) await once(socket, 'drain');
  };
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
  await attempt('pings between fragments are answered before the message is whole', async (socket) => {
    socket.write(Buffer.concat([frame(1, 'a', { fin: false }), frame(0, 'b', { fin: false }), frame(9, 'first')]));
    await socket.expect(1);
    socket.write(Buffer.concat([frame(0, 'c', { fin: false }), frame(0, 'd', { fin: false }), frame(9, 'second'), frame(0, 'e')]));
    const all = await socket.expect(3);
    assert.deepEqual(all.map(([opcode, data]) => `${opcode} ${data}`), ['10 first', '10 second', '1 abcde']);
  });
  await attempt('a message cut into 51 fragments, each its own write', async (socket) => {
    const text = 'fragmented '.repeat(5000);
    for (let at = 0; at < text.length; at += 1100)
      socket.write(frame(at ? 0 : 1, text.slice(at, at + 1100), { fin: at + 1100 >= text.length }));
    await echoes(socket, 1, text);
  });
  for (const payload of ['', 'x', Buffer.from([0, 255, 254, 253, 252, 251, 0, 255]), Buffer.alloc(125, 0xfe)])
    for (const size of [1, 1000])
      await attempt(`a ping of ${payload.length} bytes in writes of ${size}`, async (socket) => {
        await chop(socket, frame(9, payload), size);
        await echoes(socket, 10, payload);
      });
  await attempt('ten pings, each its pong in order; pongs that nobody asked for', async (socket) => {
    for (let i = 0; i < 10; i++) socket.write(Buffer.concat([frame(10, 'unasked'), frame(9, `p${i}`)]));
    const all = await socket.expect(10);
    assert.deepEqual(all.map(([opcode, data]) => `${opcode}${data}`), Array.from({ length: 10 }, (_, i) => `10p${i}`));
  });

  await t.test('who is told 1002 and talks on is read for a moment, then dropped', async () => {
    const socket = await open(port, { allowHalfOpen: true });
    socket.write(frame(3));
    const [[opcode]] = await socket.expect(1);
    assert.equal(opcode, 8);
    await eventually('the connection is dropped', () => {
      if (!socket.gone) socket.write(frame(1, 'more'));
      return socket.gone;
    });
    assert.equal(socket.frames().length, 1);
  });

  const protocol = {
    'a ping of 126 bytes': [frame(9, Buffer.alloc(126))],
    'a fragmented ping': [frame(9, 'a', { fin: false })],
    'a fragmented pong': [frame(10, 'a', { fin: false })],
    'a pong of 126 bytes': [frame(10, Buffer.alloc(126))],
    'a continuation of nothing': [frame(0, 'a')],
    'a continuation of nothing that goes on': [frame(0, 'a', { fin: false }), frame(1, 'b')],
    'a message inside a message': [frame(1, 'a', { fin: false }), frame(1, 'b')],
    'a binary message inside a text': [frame(1, 'a', { fin: false }), frame(2, 'b')],
    'an unmasked frame': [Buffer.from([0x81, 1, 97])],
    'a length longer than need be': [Buffer.from([0x81, 0xfe, 0, 1, 1, 2, 3, 4, 97])],
    'a length with its top bit': [Buffer.from([0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4])],
    'a close of one byte': [frame(8, 'x')],
    'a close of 126 bytes': [frame(8, Buffer.concat([Buffer.from([3, 232]), Buffer.alloc(124, 'r')]))],
    'a reserved bit in a ping': [frame(9, 'a', { rsv: 4 })],
    'a reserved bit in a close': [frame(8, '', { rsv: 2 })],
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
  for (const size of [1, 1000])
    for (const bad of [frame(3, 'bad'), frame(11), frame(1, 'bad', { rsv: 2 }), frame(0, 'bad'), frame(0, '', { fin: false })])
      await attempt(`1002 for ${bad.toString('hex')} in writes of ${size}, after what was good, and no pong`, async (socket) => {
        await chop(socket, Buffer.concat([frame(1, 'go', { fin: false }), frame(0, 'od'), bad, frame(9), frame(1, 'never')]), size);
        const all = await socket.ends(1002, 1);
        assert.equal(all[0][1].toString(), 'good');
      });

  // What is UTF-8 and what is not, by ranges: first and last of each length, surrogates, overlong forms, cut characters.
  const good = ['24', 'c2a2', 'e282ac', 'f0a4ada2', '00', '7f', 'c280', 'dfbf', 'e0a080', 'ed9fbf', 'ee8080', 'efbfbd', 'efbfbe',
    'efbfbf', 'efbbbf', 'f0908080', 'f09fbfbe', 'f3bfbfbf', 'f48fbfbf', 'f48fbfbe', 'cebae1bdb9cf83cebcceb5', 'efb790', 'efb7af'];
  for (let plane = 1; plane <= 16; plane++)
    for (const last of [0xfffe, 0xffff]) good.push(Buffer.from(String.fromCodePoint(plane * 0x10000 + last)).toString('hex'));
  await attempt(`${good.length} texts that are UTF-8, whole and with each byte in a fragment of its own`, async (socket) => {
    for (const hex of good) {
      const bytes = Buffer.from(hex, 'hex');
      socket.write(frame(1, bytes));
      for (let at = 0; at < bytes.length; at++)
        socket.write(frame(at ? 0 : 1, bytes.subarray(at, at + 1), { fin: at === bytes.length - 1 }));
    }
    const all = await socket.expect(2 * good.length);
    assert.deepEqual(all.map(([, data]) => data.toString('hex')), good.flatMap((hex) => [hex, hex]));
  });
  const bad = ['ff', 'fe', 'fefeffff', '80', 'bf', '80bf80bf80bf', 'c020', 'df20', 'e020', 'ef20', 'f020', 'f720', 'fb20', 'fd20',
    'c0', 'df', 'e2', 'e080', 'efbf', 'f08080', 'f7bfbf', 'f48fbf', 'f8808080', 'fbbfbfbf', 'fc80808080', 'fdbfbfbfbf',
    'c080', 'c0af', 'c1bf', 'e08080', 'e080af', 'e09fbf', 'f0808080', 'f08080af', 'f08fbfbf', 'f880808080', 'f8808080af',
    'f887bfbfbf', 'f888808080', 'fbbfbfbfbf', 'fc8080808080', 'fc80808080af', 'fc83bfbfbfbf', 'fc8480808080', 'fdbfbfbfbfbf',
    'f4908080', 'f5808080', 'f7bfbfbf', 'eda080', 'edadbf', 'edae80', 'edafbf', 'edb080', 'edbe80', 'edbfbf', 'eda080edb080',
    'eda080edbfbf', 'edadbfedb080', 'edafbfedbfbf', 'cebae1bdb9cf83cebcceb5eda080656469746564', '68656c6c6fc0',
    Buffer.from(Array.from({ length: 64 }, (_, i) => 0x80 + i)).toString('hex')];
  for (const hex of bad)
    await attempt(`1007: text ${hex}, whole and byte by byte`, async (socket) => {
      const bytes = Buffer.from(hex, 'hex');
      const other = await open(port);
      socket.write(frame(1, bytes));
      for (let at = 0; at < bytes.length; at++)
        other.write(frame(at ? 0 : 1, bytes.subarray(at, at + 1), { fin: at === bytes.length - 1 }));
      await socket.ends(1007);
      await other.ends(1007);
    });
  // The pong shows that what stands before it has been read, and kept.
  for (const [part, cut] of [['f4', '908080'], ['f490', '8080'], ['ed', 'a080'], ['e0', '9f'], ['c3', '28'], ['', 'ff']])
    await attempt(`1007 before the message ends: ${part} ${cut}`, async (socket) => {
      socket.write(Buffer.concat([frame(1, 'κόσμε', { fin: false }), frame(9, 'so far')]));
      await echoes(socket, 10, 'so far');
      if (part === 'f490') {
        socket.write(frame(0, Buffer.from(part + cut, 'hex'), { fin: false }));
      } else {
        socket.write(Buffer.concat([frame(0, Buffer.from(part, 'hex'), { fin: false }), frame(9)]));
        await socket.expect(2);
        socket.write(frame(0, Buffer.from(cut, 'hex'), { fin: false }));
      }
      await socket.ends(1007, part === 'f490' ? 1 : 2);
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
  for (const [what, after] of [['a second close', frame(8, Buffer.from([3, 232]))], ['a ping', frame(9)], ['a text', frame(1, 'late')],
    ['the rest of a message', frame(0, 'late')]])
    await attempt(`after a close ${what} is not answered`, async (socket) => {
      socket.write(Buffer.concat([frame(1, 'first', { fin: what === 'a text' }), frame(8, Buffer.from([3, 232])), after]));
      const all = await socket.ends(1000, what === 'a text' ? 1 : 0);
      assert.ok(all.length <= 2);
    });
  await attempt('a close behind 256 KiB of text comes after its echo', async (socket) => {
    const text = Buffer.alloc(256 << 10, 'BAsd7&jh23');
    socket.write(Buffer.concat([frame(1, text), frame(1, 'Hello'), frame(8, Buffer.from([3, 232])), frame(9)]));
    const all = await socket.ends(1000, 2);
    assert.ok(all[0][1].equals(text) && all[1][1].equals(Buffer.from('Hello')));
  });

  for (const size of [256 << 10, 4 << 20, 16 << 20])
    for (const opcode of [1, 2])
      await attempt(`a message of ${size} bytes, opcode ${opcode}`, async (socket) => {
        const payload = Buffer.alloc(size, opcode === 1 ? 'é*😀' : 0xfe).subarray(0, size - size % 7);
        socket.write(frame(opcode, payload));
        await echoes(socket, opcode, payload);
      });
  for (const piece of [64, 1 << 10, 1 << 16, 1 << 20])
    await attempt(`4 MiB of text in fragments of ${piece} bytes`, async (socket) => {
      const payload = Buffer.alloc(4 << 20, '*'), parts = [];
      for (let at = 0; at < payload.length; at += piece)
        parts.push(frame(at ? 0 : 1, payload.subarray(at, at + piece), { fin: at + piece >= payload.length }));
      socket.write(Buffer.concat(parts));
      await echoes(socket, 1, payload);
    });
  for (const size of [64, 997])
    await attempt(`1 MiB in writes of ${size} bytes`, async (socket) => {
      const payload = Buffer.alloc(1 << 20, 0xfe);
      await chop(socket, frame(2, payload), size);
      await echoes(socket, 2, payload);
    });
  await attempt('1,000 messages, one after the other', async (socket) => {
    const sizes = [0, 16, 64, 256, 1024, 4096];
    for (let i = 0; i < 1000; i++) {
      socket.write(frame(1 + (i & 1), Buffer.alloc(sizes[i % 6], '*')));
      if (i % 10 === 9) await socket.expect(i + 1);
    }
    const all = await socket.expect(1000);
    assert.ok(all.every(([opcode, data], i) => opcode === 1 + (i & 1) && data.length === sizes[i % 6]));
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
