import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';
import { eventually, startServer, temporaryFolder } from './harness.mjs';
import { closeTrack, openTrack, recordings } from './egress.mjs';

const FRAMES = 30;

function makeVideo(folder, codec, name) {
  const path = join(folder, name);
  execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', `testsrc=size=96x80:rate=30`, '-frames:v', `${FRAMES}`, '-c:v', codec, '-g', '10', path]);
  return path;
}

function probe(path) {
  const text = execFileSync('ffprobe', ['-v', 'error', '-count_frames', '-show_streams', '-of', 'json', path]);
  const [stream] = JSON.parse(text).streams;
  return { codec: stream.codec_name, width: stream.width, height: stream.height, frames: Number(stream.nb_read_frames) };
}

// What players show, read from the header.
function duration(path) {
  const text = execFileSync('ffprobe', ['-v', 'error', '-show_format', '-of', 'json', path]);
  return Number(JSON.parse(text).format.duration);
}

// The frames of an IVF file, as a sender of bare frames would send them.
function ivfFrames(file) {
  const frames = [];
  for (let at = 32; at < file.length; ) {
    const size = file.readUInt32LE(at);
    frames.push(file.subarray(at + 12, at + 12 + size));
    at += 12 + size;
  }
  return frames;
}

async function record(server, codec, track, messages, everyMs = 0) {
  const socket = await openTrack(server, { roomName: 'sala', trackId: track, codec }, { path: '/egress-video' });
  for (const message of messages) {
    socket.send(message);
    if (everyMs) await delay(everyMs);
  }
  socket.send('{"muted":true}');
  await closeTrack(socket);
  return eventually(`${track} is finished`, async () => {
    const all = [...(await recordings(server, { kind: 'video', ending: '.ivf' })), ...(await recordings(server, { kind: 'video', ending: '.h264' }))];
    const mine = all.find(({ file }) => file.includes(`_${track}.`));
    assert.ok(mine);
    assert.ok(JSON.parse(await readFile(mine.path.replace(/\.\w+$/, '.json'))).end);
    return mine;
  });
}

test('video is recorded playable', async (t) => {
  const folder = await temporaryFolder(t);
  const server = await startServer(t);

  for (const [codec, encoder] of [['vp8', 'libvpx'], ['VP9', 'libvpx-vp9']]) {
    const source = await readFile(makeVideo(folder, encoder, `${codec}.ivf`));
    const frames = ivfFrames(source);
    await t.test(`${codec} frames become IVF with the true size and length`, async () => {
      const began = Date.now();
      const { path } = await record(server, codec, `TR_${codec}`, frames, 1000 / 30);
      const took = (Date.now() - began) / 1000;
      await eventually('the header is complete', () => duration(path) > 0.9 && duration(path) < took + 0.2);
      assert.deepEqual(ivfFrames(await readFile(path)), frames);
      assert.deepEqual(probe(path), { codec: codec.toLowerCase(), width: 96, height: 80, frames: FRAMES });
    });
    await t.test(`${codec} that is IVF already passes through`, async () => {
      const { path } = await record(server, codec, `TR_${codec}_ivf`, [source.subarray(0, 1), source.subarray(1, 50), source.subarray(50)]);
      assert.ok((await readFile(path)).equals(source));
    });
  }

  await t.test('H.264 with lengths gets start codes, and that is said', async () => {
    const source = await readFile(makeVideo(folder, 'libx264', 'lengths.h264'));
    const units = source.toString('latin1').split(/\0\0\0?\x01/).slice(1).map((unit) => Buffer.from(unit, 'latin1'));
    const length = ({ length }) => Buffer.from([length >> 24, length >> 16, length >> 8, length]);
    // Parameters and the picture they are for in one message, then a picture a message.
    const pictures = [];
    let head = [];
    for (const unit of units) {
      head.push(length(unit), unit);
      if ((unit[0] & 31) > 5) continue;
      pictures.push(Buffer.concat(head));
      head = [];
    }
    const { path } = await record(server, 'avc', 'TR_lengths', pictures);
    assert.equal(probe(path).frames, FRAMES);
    await server.logged(/AVCC/, 1);
  });

  for (const lengthBytes of [4, 2])
    await t.test(`an avcC record apart from its pictures, with lengths of ${lengthBytes} bytes`, async () => {
      const source = await readFile(makeVideo(folder, 'libx264', `record${lengthBytes}.h264`));
      const units = source.toString('latin1').split(/\0\0\0?\x01/).slice(1).map((unit) => Buffer.from(unit, 'latin1'));
      const behindLength = (unit, bytes) => {
        const length = Buffer.alloc(bytes);
        length.writeUIntBE(unit.length, 0, bytes);
        return Buffer.concat([length, unit]);
      };
      const sps = units.find((unit) => (unit[0] & 31) === 7), pps = units.find((unit) => (unit[0] & 31) === 8);
      const record1 = Buffer.concat([Buffer.from([1, sps[1], sps[2], sps[3], 0xfc | (lengthBytes - 1), 0xe1]), behindLength(sps, 2),
        Buffer.from([1]), behindLength(pps, 2)]);
      const pictures = units.filter((unit) => [1, 5].includes(unit[0] & 31)).map((unit) => behindLength(unit, lengthBytes));
      const { path } = await record(server, 'avc', `TR_record${lengthBytes}`, [record1, ...pictures]);
      assert.equal(probe(path).frames, FRAMES);
    });

  await t.test('H.264 of no known form is kept, and said to be that once', async () => {
    const messages = [Buffer.from('no H.264 that anybody knows'), Buffer.from('and no more of it either')];
    const { path } = await record(server, 'avc', 'TR_unknown', messages);
    assert.ok((await readFile(path)).equals(Buffer.concat(messages)));
    assert.equal(server.log.match(/neither start codes/g).length, 1);
    assert.deepEqual(JSON.parse(await readFile(path.replace(/\.h264$/, '.json'))).doubts, ['h264-unknown']);
  });

  await t.test('H.264 is written as sent', async () => {
    const source = await readFile(makeVideo(folder, 'libx264', 'h.h264'));
    const { path, file } = await record(server, 'avc', 'TR_h264', [source.subarray(0, 777), source.subarray(777)]);
    assert.ok(file.endsWith('.h264'));
    assert.ok((await readFile(path)).equals(source));
    assert.equal(probe(path).frames, FRAMES);
  });
});
