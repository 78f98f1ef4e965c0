// LiveKit Egress as a WebSocket client: 48 kHz stereo s16le in messages of 10 ms, `muted` as text, pings that say
// `ping`, and an end without a code followed at once by the end of the connection.
import WebSocket from 'ws';

export const RATE = 48000;
export const MESSAGE_BYTES = 1920;

// A tone on both channels; `frames` sample frames from number `first` on.
export function tone({ hz = 440, amplitude = 0.25 } = {}) {
  return (first, frames) => {
    const pcm = Buffer.alloc(frames * 4);
    for (let i = 0; i < frames; i++) {
      const value = Math.round(Math.sin((2 * Math.PI * hz * (first + i)) / RATE) * amplitude * 32767);
      pcm.writeInt16LE(value, i * 4);
      pcm.writeInt16LE(value, i * 4 + 2);
    }
    return pcm;
  };
}

export const silence = () => (first, frames) => Buffer.alloc(frames * 4);

// What a real Egress (1.9) does to the sound of a mono microphone: it comes late, behind zeros; of two equal channels the second
// differs by 1 or 2 now and then; where the participant is muted there is comfort noise, one channel of it often silent.
class RealSound {
  constructor(source, lateMs) {
    this.source = source;
    this.late = (lateMs * RATE) / 1000;
    this.mutes = [[0, false]]; // [source frame, muted from there on], ascending
    this.state = 2463534242;
  }

  random(below) {
    this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.state / 2 ** 32) * below);
  }

  mute(frame, muted) {
    this.mutes.push([frame, muted]);
  }

  isMuted(frame) {
    return this.mutes.findLast(([from]) => from <= frame)[1];
  }

  read(first, frames) {
    const silent = Math.min(frames, Math.max(0, this.late - first));
    const from = first + silent - this.late;
    const zeros = Buffer.alloc(silent * 4);
    if (silent === frames) return zeros;
    const pcm = this.isMuted(from) ? Buffer.alloc((frames - silent) * 4) : Buffer.from(this.source(from, frames - silent));
    for (let at = 0; at < pcm.length; at += 4) {
      if (this.isMuted(from)) this.comfort(pcm, at, from);
      else if (this.random(5000) === 0) this.dither(pcm, at);
    }
    return Buffer.concat([zeros, pcm]);
  }

  dither(pcm, at) {
    const value = pcm.readInt16LE(at + 2) + [-2, -1, 1, 2][this.random(4)];
    pcm.writeInt16LE(Math.max(-32768, Math.min(32767, value)), at + 2);
  }

  comfort(pcm, at, from) {
    pcm.writeInt16LE(this.random(76) - 37, at);
    if (Math.floor(from / RATE) % 2) pcm.writeInt16LE(this.random(76) - 37, at + 2);
  }
}

const REAL = { lateMs: 2160, mutedMs: 1500, unmutedMs: 50 };

export class FakeEgress {
  // `real`: sends as a real Egress does, in time, too: sound 2.1 s late, `muted` 1.5 s after the mute (0.7 s of speech are still
  // on their way) and 50 ms after the unmute (its sound is 2 s away), at the end what was on its way and a short message.
  // True, or an object with other delays.
  constructor(url, { source = null, headers = { 'Content-Type': 'audio/x-raw' }, real = false } = {}) {
    this.url = url;
    this.source = source;
    this.real = real ? { ...REAL, ...real } : null;
    if (this.real && source) {
      this.sound = new RealSound(source, this.real.lateMs);
      this.source = (first, frames) => this.sound.read(first, frames);
    }
    this.frames = 0; // sample frames sent
    this.cues = []; // [after so many frames, what is done then], in order
    this.socket = new WebSocket(url, { headers, perMessageDeflate: false });
    this.opened = new Promise((done, fail) => {
      this.socket.once('open', done);
      this.socket.once('unexpected-response', (request, response) => {
        let body = '';
        response.on('data', (part) => (body += part));
        response.on('end', () => {
          this.refusal = { status: response.statusCode, body };
          fail(Object.assign(new Error(`refused with ${response.statusCode}: ${body}`), this.refusal));
        });
      });
      this.socket.once('error', fail);
    });
    this.opened.catch(() => {});
    this.closed = new Promise((done) =>
      this.socket.once('close', (code, reason) => done({ code, reason: String(reason) })),
    );
    this.closed.then(() => this.pause());
    this.opened.then(() => this.source && this.play()).catch(() => {});
  }

  // Sends in real time, catching up after a late timer as the real one does.
  play() {
    this.began = Date.now() - (this.frames * 1000) / RATE;
    this.timer = setInterval(() => {
      const due = Math.floor(((Date.now() - this.began) * RATE) / 1000);
      while (this.frames + 480 <= due) this.send(480);
    }, 10);
    this.pings = setInterval(() => this.socket.ping('ping'), 30000);
  }

  pause() {
    clearTimeout(this.telling);
    clearInterval(this.timer);
    clearInterval(this.pings);
  }

  // At once, without a clock: `frames` sample frames in messages of 10 ms.
  send(frames) {
    while (frames > 0) {
      const count = Math.min(frames, 480);
      this.socket.send(this.source(this.frames, count));
      this.frames += count;
      frames -= count;
      while (this.cues.length && this.frames >= this.cues[0][0]) this.cues.shift()[1]();
    }
  }

  // The participant mutes or unmutes now.
  mute(muted) {
    const tell = () => this.socket.readyState === WebSocket.OPEN && this.socket.send(JSON.stringify({ muted }));
    if (!this.real) return void tell();
    this.sound?.mute(this.frames, muted);
    this.isMuted = muted;
    clearTimeout(this.telling);
    this.telling = setTimeout(tell, muted ? this.real.mutedMs : this.real.unmutedMs);
  }

  // A close frame without a code, and no waiting for the answer.
  async end() {
    if (this.real && !this.isEnding) await this.drain();
    this.pause();
    if (this.socket.readyState === WebSocket.OPEN) {
      await new Promise((sent) => this.socket._socket.write(Buffer.from([0x88, 0x80, 0, 0, 0, 0]), sent));
      this.socket._socket.end();
    }
    return this.closed;
  }

  // The track has ended: an end is no mute, so a muted one is told as unmuted; then comes what is on its way.
  async drain() {
    this.isEnding = true;
    if (this.isMuted) this.mute(false);
    await Promise.race([this.closed, new Promise((done) => setTimeout(done, this.real.lateMs))]);
    if (this.source && this.socket.readyState === WebSocket.OPEN) this.socket.send(this.source(this.frames, 100));
  }

  // Its process is killed: the connection ends without a close frame.
  kill() {
    this.pause();
    this.socket._socket?.destroy();
  }

  reset() {
    this.pause();
    this.socket._socket?.resetAndDestroy();
  }
}
