// The page of the real binary, before an API that a test writes the answers of: what docs/live.md and docs/report.md define, with
// meetings of any size and at any speed.
import { createServer } from 'node:http';
import { startServer } from '../system/harness.mjs';

const sound = (hz, ms, rate = 24000) => {
  const samples = Math.round((rate * ms) / 1000), wav = Buffer.alloc(44 + samples * 2);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(36 + samples * 2, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(rate, 24);
  wav.writeUInt32LE(rate * 2, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(samples * 2, 40);
  for (let i = 0; i < samples; i++) wav.writeInt16LE(Math.round(8000 * Math.sin((2 * Math.PI * hz * i) / rate)), 44 + i * 2);
  return wav;
};

// How a server is that has been busy for an hour.
function operators() {
  const line = (value) => Array.from({ length: 360 }, (_, i) => Math.max(0, Math.round(value(i))));
  return { version: '0.1.0', now: Date.now(), uptimeSeconds: 391000, degraded: [], doors: ['plain HTTP (TLS_CERT_FILE)'], shards: 4, meetings: 23, audioTracks: 148, videoTracks: 6, pausedMeetings: 0,
    disk: { freeBytes: 812e9, trackHours: 2349, queuedBytes: 40000, lostBytes: 0 },
    hour: { stepSeconds: 10, tracks: line((i) => 90 + i / 6 + 14 * Math.sin(i / 30)), lateTicks: line((i) => (i % 97 === 0 ? 9 : 1 + (i % 3))), queueBytes: line((i) => 30000 + 9000 * Math.sin(i / 9) + (i > 200 && i < 215 ? 400000 : 0)), drops: line((i) => (i === 211 ? 4 : 0)) } };
}

export class FakePage {
  #streams = new Set();
  verdicts = [];
  mixes = [];
  requests = [];
  sessions = [];
  reports = new Map();
  // Answers every request to the stream with this status, while it is set.
  broken = 0;
  snapshot = null;
  tokens = new Map();
  /** Who is measured by a tone: identity -> Hz. */
  tones = new Map();

  constructor(server) {
    this.server = server;
    this.http = createServer((request, response) => this.#answer(request, response).catch((error) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(String(error));
    }));
  }

  async listen(t, port = 0) {
    await new Promise((done) => this.http.listen(port, '127.0.0.1', done));
    this.url = `http://127.0.0.1:${this.http.address().port}`;
    t.after(() => {
      this.http.closeAllConnections();
      return new Promise((done) => this.http.close(done));
    });
    return this;
  }

  get streams() {
    return this.#streams.size;
  }

  // To everybody who listens. Feedback has its number as id.
  send(name, data) {
    const text = `${name === 'feedback' ? `id: ${data.seq}\n` : ''}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
    for (const stream of this.#streams) stream.write(text);
  }

  cut() {
    for (const stream of this.#streams) stream.destroy();
  }

  async #answer(request, response) {
    const { pathname, searchParams } = new URL(request.url, this.url), parts = pathname.slice(1).split('/').map(decodeURIComponent);
    this.requests.push({ method: request.method, url: request.url, authorization: request.headers.authorization });
    let body = '';
    for await (const part of request) body += part;
    const json = (status, value) => {
      response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
      response.end(value === undefined ? '' : JSON.stringify(value));
    };
    if (parts[0] === 'app' || pathname === '/page/about' || parts[0] === 'auth' || pathname === '/') return this.#forward(request, response, body);
    if (parts[0] === 'operators') return json(200, operators());
    if (parts[0] === 'sessions') return json(200, this.#list(searchParams));
    if (parts[2] === 'live') return this.#live(response);
    if (parts[2] === 'verdicts') return this.#verdict(request.method, parts[3], body, json);
    if (parts[2] === 'participants' && request.method === 'DELETE') {
      const report = this.reports.get(parts[1]);
      report.people = report.people.filter((person) => person.participantId !== parts[3]);
      return json(204);
    }
    if (parts[2] === 'report') return this.reports.has(parts[1]) ? json(200, this.reports.get(parts[1])) : json(404, { message: 'Meeting not found', statusCode: 404 });
    if (parts[2] === 'mix') return this.#mix(response, searchParams);
    if (pathname === '/page/rights' && request.method === 'POST') return this.#right(JSON.parse(body).token, json);
    if (parts[1] === 'rights' && request.method === 'DELETE') return json(204);
    json(404, { message: `Cannot ${request.method} ${pathname}`, statusCode: 404 });
  }

  async #forward(request, response, body) {
    const answer = await fetch(this.server.url + request.url, { method: request.method, headers: { ...request.headers, host: new URL(this.server.url).host, connection: 'close' },
      body: body || undefined, redirect: 'manual' });
    const headers = Object.fromEntries([...answer.headers].filter(([name]) => !['content-encoding', 'content-length', 'connection', 'keep-alive', 'transfer-encoding'].includes(name)));
    response.writeHead(answer.status, headers);
    response.end(Buffer.from(await answer.arrayBuffer()));
  }

  #list(query) {
    const status = query.get('status'), text = query.get('room') ?? '', from = Number(query.get('cursor') ?? 0), limit = Number(query.get('limit') ?? 50);
    const found = this.sessions.filter((one) => (!status || one.status === status) && one.roomName.includes(text));
    return { items: found.slice(from, from + limit), nextCursor: found.length > from + limit ? String(from + limit) : null };
  }

  #live(response) {
    if (this.broken) {
      response.writeHead(this.broken, { 'content-type': 'text/html' });
      return response.end('<html>bad gateway</html>');
    }
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store, no-transform' });
    const snapshot = this.snapshot();
    response.write(`retry: 300\n\nid: ${snapshot.seq}\nevent: snapshot\ndata: ${JSON.stringify(snapshot)}\n\n`);
    this.#streams.add(response);
    response.on('close', () => this.#streams.delete(response));
  }

  #verdict(method, id, body, json) {
    if (method === 'GET') return json(200, { items: this.verdicts });
    if (method === 'DELETE') {
      this.verdicts = this.verdicts.filter((one) => one.id !== id);
      return json(204);
    }
    const stored = { ...JSON.parse(body), id: `v${this.verdicts.length + 1}-${Date.now()}`, ts: Date.now() + 1000, by: 'host' };
    this.verdicts.push(stored);
    json(201, stored);
  }

  #mix(response, query) {
    const from = Number(query.get('from')), to = Number(query.get('to')), tracks = query.get('tracks')?.split(',') ?? [], rate = Number(query.get('rate') ?? 1);
    this.mixes.push({ from, to, tracks, rate });
    response.writeHead(200, { 'content-type': 'audio/wav', 'x-prosa-until': String(to) });
    response.end(sound(this.tones.get(tracks[0]) ?? 440, Math.min(60000, to - from) / rate));
  }

  #right(token, json) {
    const right = this.tokens.get(token);
    if (!right) return json(401, { message: 'Unauthorized', statusCode: 401 });
    json(201, right);
  }
}

export async function startPage(t, { env = {} } = {}) {
  const server = await startServer(t, { env: { FEEDBACK_ACCESS: 'open', ...env } });
  return new FakePage(server).listen(t);
}
