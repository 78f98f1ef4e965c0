// People who send packets that were made before (publisher/main.go): G.711, stereo, gaps of DTX and jumps of the timestamps, as the
// test has them.
import { execFile, spawn } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { atEnd, eventually } from '../system/harness.mjs';
import { RATE } from './speech.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const FRAME = RATE / 50; // every packet is 20 ms long
const FRAME_MS = 20;

async function encoded(samples, channels, args) {
  const child = promisify(execFile)('ffmpeg', ['-v', 'error', '-f', 's16le', '-ar', String(RATE), '-ac', String(channels), '-i', 'pipe:0',
    ...args, '-'], { encoding: 'buffer', maxBuffer: 1 << 28 });
  child.child.stdin.on('error', () => {});
  child.child.stdin.end(Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength));
  return (await child).stdout;
}

function packetsOfOgg(file) {
  const packets = [];
  let parts = [];
  for (let at = 0; at < file.length;) {
    const count = file[at + 26];
    let body = at + 27 + count;
    for (let i = 0; i < count; i++) {
      const size = file[at + 27 + i];
      parts.push(file.subarray(body, (body += size)));
      if (size < 255) packets.push(Buffer.concat(parts.splice(0)));
    }
    at = body;
  }
  return packets.slice(2); // without the head and the tags
}

// [ticks, payload] of everything that is said; with `dtx` what is silent is left out, but for a packet in 400 ms.
export async function opusPackets(samples, { channels = 1, dtx = false } = {}) {
  const file = await encoded(samples, channels, ['-c:a', 'libopus', '-b:a', channels === 1 ? '32k' : '64k', '-frame_duration', '20', '-f', 'ogg']);
  let silent = 0;
  return packetsOfOgg(file).flatMap((packet, i) => {
    const frame = samples.subarray(i * FRAME * channels, (i + 1) * FRAME * channels);
    silent = frame.every((x) => Math.abs(x) < 100) ? silent + 1 : 0;
    const isLeftOut = dtx && silent > 10 && silent % 20 !== 0;
    return isLeftOut ? [] : [[i * FRAME, packet.toString('base64')]];
  });
}

export async function pcmuPackets(samples) {
  const bytes = await encoded(samples, 1, ['-ar', '8000', '-ac', '1', '-f', 'mulaw']);
  return Array.from({ length: Math.floor(bytes.length / 160) }, (_, i) => [i * 160, bytes.subarray(i * 160, (i + 1) * 160).toString('base64')]);
}

export class CannedPublisher {
  static async start(t, real, room) {
    const { stdout } = await promisify(execFile)(resolve(here, 'build'), ['publisher'], { maxBuffer: 1 << 20 });
    const publisher = new CannedPublisher();
    Object.assign(publisher, { real, room, news: [], ears: '' });
    publisher.child = spawn(stdout.trim(), { stdio: ['pipe', 'pipe', 'pipe'] });
    publisher.child.stderr.on('data', (part) => (publisher.ears += part));
    publisher.child.stdin.on('error', () => {});
    createInterface({ input: publisher.child.stdout }).on('line', (line) => publisher.news.push(JSON.parse(line)));
    atEnd(t, () => publisher.child.kill());
    return publisher;
  }

  tell(command) {
    this.child.stdin.write(`${JSON.stringify(command)}\n`);
  }

  // The next news of that kind, once it has come.
  heard(is, about) {
    const fits = (news) => news.is === is && Object.entries(about).every(([key, value]) => news[key] === value);
    return eventually(`the publisher says "${is}" (${this.ears})`, () => {
      const at = this.news.findIndex(fits);
      return at >= 0 && this.news.splice(at, 1)[0];
    });
  }

  // A line as those of stage.mjs are, of a person who joins for it.
  async publish(person, track, { mime = 'audio/opus', rate = RATE, source = 2, stereo = false, dtx = false } = {}) {
    this.tell({ do: 'join', person, url: this.real.url.replace('http', 'ws'), token: await this.real.token(person, this.room) });
    await this.heard('joined', { person });
    this.tell({ do: 'publish', person, track, mime, rate, source, stereo, dtx });
    const { sid } = await this.heard('published', { track });
    return { person: { identity: person }, name: track, sid, channels: stereo ? 2 : 1 };
  }

  // Resolved when all of it has been sent; `ticks` and `seq`: how far the numbers jump before it. A packet is sent when its last
  // sample has been said.
  async play(line, said, packets, { ticks = 0, seq = 0 } = {}) {
    this.tell({ do: 'play', person: line.person.identity, track: line.name, packets, ticks, seq });
    const { ms } = await this.heard('began', { track: line.name });
    Object.assign(line, { said, began: ms - FRAME_MS });
    return this.heard('over', { track: line.name });
  }

  mute(line, muted) {
    this.tell({ do: 'mute', person: line.person.identity, track: line.name, muted });
  }

  leave(line) {
    this.tell({ do: 'leave', person: line.person.identity });
  }
}
