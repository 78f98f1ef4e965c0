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

export class FakeEgress {
  constructor(url, { source = null, headers = { 'Content-Type': 'audio/x-raw' } } = {}) {
    this.url = url;
    this.source = source;
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

  mute(muted) {
    this.socket.send(JSON.stringify({ muted }));
  }

  // A close frame without a code, and no waiting for the answer.
  async end() {
    this.pause();
    if (this.socket.readyState === WebSocket.OPEN) {
      await new Promise((sent) => this.socket._socket.write(Buffer.from([0x88, 0x80, 0, 0, 0, 0]), sent));
      this.socket._socket.end();
    }
    return this.closed;
  }

  reset() {
    this.pause();
    this.socket._socket?.resetAndDestroy();
  }
}
