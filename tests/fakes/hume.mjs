// A fake of the prosody service Hume, in both protocols (v0 and v1) and many moods.
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { WebSocketServer } from 'ws';

// The 48 names of v0, as sent.
const NAMES = `Admiration, Adoration, Aesthetic Appreciation, Amusement, Anger, Anxiety, Awe, Awkwardness, Boredom,
Calmness, Concentration, Confusion, Contemplation, Contempt, Contentment, Craving, Desire, Determination, Disappointment,
Disgust, Distress, Doubt, Ecstasy, Embarrassment, Empathic Pain, Entrancement, Envy, Excitement, Fear, Guilt, Horror,
Interest, Joy, Love, Nostalgia, Pain, Pride, Realization, Relief, Romance, Sadness, Satisfaction, Shame,
Surprise (negative), Surprise (positive), Sympathy, Tiredness, Triumph`.split(/,\s+/);

const NONSENSE = {
  garbage: 'not JSON {',
  deep: '['.repeat(100000),
  huge: JSON.stringify({ prosody: { x: 'y'.repeat(3e6) } }),
  quota: '{"error":"out of credits","code":"E0300","type":"error"}',
  binary: Buffer.from([0xff, 0, 1]),
};

// Moods: kind; slow (answers after 3 s); trickle (two handshakes a second); mute (never answers a handshake); hole (never answers
// after the handshake); deaf (does not even read); drop (closes after each message); refuse (`refusal`); and the answers of NONSENSE:
// garbage, deep, huge, binary, quota.
// forgets: keeps no audio, for long runs. tls: { key, cert }.
// scores: by name, or a function of a session's audio so far and of the millisecond that is measured.
class FakeHume {
  constructor({ mood = 'kind', key = 'k3y', scores = { Anger: 0.8 }, aheadMs = 2000, forgets = false, tls, refusal = 401 } = {}) {
    Object.assign(this, { mood, key, scores, aheadMs, forgets, tls, refusal });
    this.handshakes = 0;
    this.sessions = [];
    this.errors = [];
  }

  async start(path) {
    this.server = new WebSocketServer({
      server: this.tls ? createTlsServer(this.tls) : createServer(),
      perMessageDeflate: false,
      verifyClient: ({ req }, decide) => {
        this.handshakes++;
        if (this.mood === 'mute') return;
        const known = req.headers['x-hume-api-key'] === this.key && req.url === path;
        const answer = () => decide(known && this.mood !== 'refuse', known ? this.refusal : 401, '{"message":"refused"}');
        if (this.mood !== 'trickle') return answer();
        this.turnMs = Math.max(this.turnMs ?? 0, Date.now()) + 500;
        setTimeout(answer, this.turnMs - Date.now()).unref();
      },
    });
    this.server.on('connection', (socket) => this.welcome(socket));
    this.sockets = new Set();
    const { server } = this.server.options;
    server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    this.port = server.address().port;
    this.path = path;
    this.url = `${this.tls ? 'wss' : 'ws'}://127.0.0.1:${this.port}${path}`;
    return this;
  }

  welcome(socket) {
    const session = { socket, audio: [], arrivals: [], open: true };
    this.sessions.push(session);
    socket.on('error', () => {});
    socket.on('close', () => (session.open = false));
    if (this.mood === 'deaf') socket._socket.pause();
    else socket.on('message', (data, isBinary) => this.hear(session, data, isBinary));
    this.greet(session);
  }

  greet() {}

  keep(session, samples) {
    if (this.forgets) return;
    session.audio.push(samples);
    session.arrivals.push(Date.now());
  }

  scoresOf(session, atMs) {
    return typeof this.scores === 'function' ? this.scores(session.audio, atMs) : this.scores;
  }

  // What each mood answers; `kind` is what the service would say.
  answer(session, kind) {
    const { socket } = session;
    const nonsense = NONSENSE[this.mood];
    if (this.mood === 'hole' || this.mood === 'deaf') return;
    if (this.mood === 'drop') socket.close(1011);
    else if (nonsense) socket.send(nonsense);
    else if (this.mood === 'slow') setTimeout(() => session.open && socket.send(kind), 3000);
    else socket.send(kind);
  }

  // All samples of a session, s16le.
  static audioOf(session) {
    return Buffer.concat(session.audio);
  }

  async stop() {
    for (const { socket } of this.sessions) socket.terminate();
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await new Promise((done) => this.server.options.server.close(done));
  }
}

// v0: JSON with a base64 WAV, an answer to each.
export class FakeHumeV0 extends FakeHume {
  start() {
    return super.start('/v0/stream/models');
  }

  hear(session, data, isBinary) {
    const message = isBinary ? null : JSON.parse(data);
    if (!message || !message.models?.prosody || (session.audio.length === 0 && !session.hello && message.data))
      this.errors.push(`unexpected: ${String(data).slice(0, 80)}`);
    session.hello = true;
    if (!message?.data) return;
    const wav = Buffer.from(message.data, 'base64');
    const fits = wav.subarray(0, 4).equals(Buffer.from('RIFF')) && wav.readUInt16LE(22) === 1 &&
      wav.readUInt32LE(24) === 16000 && wav.readUInt32LE(40) === wav.length - 44;
    if (!fits) this.errors.push('not a WAV of 16 kHz mono');
    const samples = wav.subarray(44);
    this.keep(session, samples);
    const { payload_id } = message;
    const seconds = samples.length / 32000;
    if (seconds > 5)
      this.answer(session, JSON.stringify({ payload_id, error: 'Media file is too long', code: 'E0203' }));
    else if (samples.every((byte) => byte === 0))
      this.answer(session, JSON.stringify({ payload_id, warning: 'No speech detected.', code: 'W0105' }));
    else {
      const scores = this.scoresOf(session, session.audio.reduce((sum, piece) => sum + piece.length / 32, 0));
      this.answer(session, JSON.stringify({ payload_id, prosody: { predictions: [{ time: { begin: 0, end: seconds },
        emotions: NAMES.map((name) => ({ name, score: scores[name] ?? 0.01 })) }] } }));
    }
  }
}

// v1: binary frames at real-time pace; measurements while there is sound.
export class FakeHumeV1 extends FakeHume {
  start() {
    return super.start('/v1/expression/audio/realtime');
  }

  greet(session) {
    Object.assign(session, { began: null, acceptedMs: 0, spokenMs: 0 });
    if (this.mood !== 'hole' && this.mood !== 'deaf')
      session.socket.send(JSON.stringify({ type: 'session.created', session_id: `s${this.sessions.length}`,
        config: { measurement_timer_ms: 3000 }, extra: true }));
  }

  refuse(session, code) {
    session.socket.send(JSON.stringify({ type: 'error', code, message: 'as documented' }));
  }

  hear(session, data, isBinary) {
    if (!isBinary) {
      const { type } = JSON.parse(data);
      if (type === 'session.close') {
        session.socket.send(JSON.stringify({ type: 'session.closed', reason: 'client', audio_ms: session.acceptedMs }));
        session.socket.close(1000);
        session.saidGoodbye = true;
      } else {
        this.errors.push(`unexpected ${type}`);
        this.refuse(session, 'config_invalid');
        session.socket.close(1008);
      }
      return;
    }
    if (data.length === 0 || data.length % 2 || data.length > 320000) {
      this.errors.push(`frame of ${data.length} bytes`);
      return this.refuse(session, 'invalid_audio_frame');
    }
    session.began ??= Date.now();
    if (session.acceptedMs > Date.now() - session.began + this.aheadMs) {
      session.limited = (session.limited ?? 0) + 1;
      return this.refuse(session, 'rate_limited');
    }
    const ms = data.length / 32;
    session.acceptedMs += ms;
    this.keep(session, data);
    const isLoud = data.some((byte, i) => i % 2 && byte !== 0 && byte !== 255);
    session.spokenMs = isLoud ? session.spokenMs + ms : 0;
    const every = this.mood === 'kind' ? 1000 : 100;
    if (session.spokenMs >= every) {
      session.spokenMs = 0;
      session.socket.send(JSON.stringify({ type: 'utterance.start', unknown: 1 }));
      this.answer(session, JSON.stringify({ type: 'measurement.result', trigger: 'interval',
        audio_start_ms: session.acceptedMs - every, audio_end_ms: session.acceptedMs,
        expressions: Object.entries(this.scoresOf(session, session.acceptedMs)).map(([name, probability]) => ({ name: name.toLowerCase(), probability })),
        voice_attributes: [{ name: 'clear', probability: 0.96 }] }));
    }
  }
}

export const audioOf = FakeHume.audioOf;
