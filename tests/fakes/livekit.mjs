// LiveKit's server as Prosa meets it: Twirp over HTTP with its own token checks and errors, rooms, participants and tracks,
// egresses that dial their addresses, and webhooks signed by LiveKit's own SDK.
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { AccessToken, TokenVerifier } from 'livekit-server-sdk';
import { FakeEgress, tone } from './egress.mjs';

export const key = 'devkey';
export const secret = 'devsecret-devsecret-devsecret-0123';

const id = (prefix) => prefix + randomBytes(6).toString('hex');
const seconds = (ms = Date.now()) => String(Math.floor(ms / 1000));
const nanos = (ms = Date.now()) => `${ms}000000`;

class TwirpError extends Error {
  constructor(status, code, msg) {
    super(msg);
    Object.assign(this, { status, code });
  }
}

export class FakeLivekit {
  // `egress` makes the audio of a track: (trackId) => source, or null for a socket that stays silent. `real`: each egress sends as
  // a real one (FakeEgress).
  constructor({ egress = () => tone(), dialAfter = 20, real = false } = {}) {
    this.rooms = new Map();
    this.egresses = [];
    this.calls = [];
    this.mode = 'ok'; // or hang, html, 401, 429, 503, reset
    this.source = egress;
    this.dialAfter = dialAfter;
    this.real = real;
    this.verifier = new TokenVerifier(key, secret);
    this.hung = new Set();
    this.refuse = undefined; // [status, code, text]: the answer to each StartTrackEgress
    this.gate = undefined; // a promise that every answer waits for
    this.fail = () => undefined; // (method, body): [status, code, text] instead of an answer
    this.failure = undefined; // [status, details, error]: how each egress ends instead of dialling
    this.hold = () => false; // (trackId): whether StartTrackEgress hangs, as it does while no worker is free
    this.pageSize = Infinity; // of ListEgress
  }

  async listen(t, port = 0) {
    this.server = createServer((request, response) => this.serve(request, response));
    this.server.keepAliveTimeout = 60000;
    await new Promise((done) => this.server.listen(port, '127.0.0.1', done));
    this.port = this.server.address().port;
    this.url = `http://127.0.0.1:${this.port}`;
    t?.after(() => this.close());
    return this;
  }

  close() {
    for (const egress of this.egresses) egress.client?.reset();
    this.server.closeAllConnections();
    this.server.close();
  }

  // What Prosa is started with.
  environment(port) {
    return {
      LIVEKIT_API_URL: this.url,
      LIVEKIT_API_KEY: key,
      LIVEKIT_API_SECRET: secret,
      ...(port ? { EGRESS_WS_BASE: `ws://127.0.0.1:${port}`, PORT: String(port) } : {}),
    };
  }

  // ---- state ----

  room(name, fields = {}) {
    let room = this.rooms.get(name);
    if (!room) {
      room = { sid: id('RM_'), name, creationTime: seconds(), metadata: '', participants: new Map(), ...fields };
      this.rooms.set(name, room);
    }
    return room;
  }

  participant(room, identity, fields = {}) {
    const known = room.participants.get(identity);
    if (known) return known;
    const participant = { sid: id('PA_'), identity, state: 'ACTIVE', joinedAt: seconds(), tracks: [], ...fields };
    room.participants.set(identity, participant);
    return participant;
  }

  track(participant, fields = {}) {
    const track = { sid: id('TR_AM'), name: 'mic', source: 'MICROPHONE', mimeType: 'audio/opus', ...fields };
    participant.tracks.push(track);
    return track;
  }

  unpublish(room, trackId) {
    for (const participant of room.participants.values())
      participant.tracks = participant.tracks.filter((track) => track.sid !== trackId);
    for (const egress of this.running(trackId)) this.finish(egress, 'EGRESS_COMPLETE', 'End reason: Source closed');
  }

  running(trackId) {
    return this.egresses.filter(
      ({ info }) => (!trackId || info.track.track_id === trackId) && /STARTING|ACTIVE|ENDING/.test(info.status),
    );
  }

  finish(egress, status, details = '', error = '') {
    Object.assign(egress.info, { status, details, error, ended_at: nanos() });
    egress.client?.end();
    return this.webhook({ event: 'egress_ended', egressInfo: camel(egress.info), room: this.brief(egress.room) });
  }

  // ---- webhooks ----

  brief(room) {
    return { sid: room.sid, name: room.name };
  }

  full(room) {
    return { ...this.brief(room), creationTime: room.creationTime, metadata: room.metadata };
  }

  event(name, room, fields = {}) {
    const isTrack = name.startsWith('track_');
    return {
      event: name,
      room: isTrack ? this.brief(room) : this.full(room),
      id: id('EV_'),
      createdAt: seconds(),
      ...fields,
    };
  }

  // Signs as LiveKit does: a token over the hash of the body.
  static async sign(body, { apiKey = key, apiSecret = secret, ttl = 300 } = {}) {
    const token = new AccessToken(apiKey, apiSecret, { ttl });
    token.sha256 = createHash('sha256').update(body).digest('base64');
    return token.toJwt();
  }

  // Sends one event to `target`; resolves to the status of the answer.
  async webhook(event) {
    if (!this.target) return undefined;
    const body = JSON.stringify({ id: id('EV_'), createdAt: seconds(), ...event });
    const authorization = await FakeLivekit.sign(body);
    const began = performance.now();
    const response = await fetch(`${this.target}/livekit/webhook`, {
      method: 'POST',
      headers: { 'content-type': 'application/webhook+json', authorization },
      body,
    }).catch((error) => ({ status: 0, error }));
    return { status: response.status, ms: performance.now() - began };
  }

  // A room with one person and one microphone, told in order.
  async begin(name, identity, { track = {}, participant = {}, room = {} } = {}) {
    const made = this.room(name, room);
    const person = this.participant(made, identity, participant);
    const mic = this.track(person, track);
    await this.webhook(this.event('room_started', made));
    await this.webhook(this.event('participant_joined', made, { participant: described(person) }));
    await this.publish(made, person, mic);
    return { room: made, participant: person, track: mic };
  }

  publish(room, participant, track) {
    return this.webhook(
      this.event('track_published', room, {
        participant: { sid: participant.sid, identity: participant.identity },
        track,
      }),
    );
  }

  // ---- Twirp ----

  async serve(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const method = request.url.replace('/twirp/livekit.', '');
    const call = { method, at: Date.now(), body: undefined };
    this.calls.push(call);
    await this.gate;
    if (this.mode === 'hang') return void this.hung.add(response);
    if (this.mode === 'reset') return void request.socket.resetAndDestroy();
    if (this.mode === 'html') return void response.writeHead(502, { 'content-type': 'text/html' }).end('<html>bad gateway</html>');
    if (this.mode === '401') return void response.writeHead(401, { 'content-type': 'text/plain' }).end('invalid API key');
    try {
      call.body = JSON.parse(Buffer.concat(chunks));
      if (this.mode === '429') throw new TwirpError(429, 'resource_exhausted', 'too many requests');
      if (this.mode === '503') throw new TwirpError(503, 'unavailable', 'no response from servers');
      if (request.method !== 'POST' || request.headers['content-type'] !== 'application/json')
        throw new TwirpError(404, 'bad_route', 'unexpected Content-Type');
      const grants = await this.verify(request, response);
      if (!grants) return;
      const refusal = this.fail(method, call.body);
      if (refusal) throw new TwirpError(...refusal);
      if (method === 'Egress/StartTrackEgress' && this.hold(call.body.trackId)) return void this.hung.add(response);
      const answer = this.answer(method, call.body, grants);
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    } catch (error) {
      const { status = 500, code = 'internal', message } = error;
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ code, msg: message }));
    }
  }

  async verify(request, response) {
    const [scheme, token] = (request.headers.authorization ?? '').split(' ');
    try {
      if (scheme !== 'Bearer') throw new Error('no bearer');
      return (await this.verifier.verify(token)).video ?? {};
    } catch {
      response.writeHead(401, { 'content-type': 'text/plain' }).end('invalid authorization token');
      return undefined;
    }
  }

  need(allowed) {
    if (!allowed) throw new TwirpError(401, 'unauthenticated', 'permissions denied');
  }

  find(name) {
    const room = this.rooms.get(name);
    if (!room) throw new TwirpError(404, 'not_found', 'requested room does not exist');
    return room;
  }

  answer(method, body, grants) {
    switch (method) {
      case 'RoomService/ListRooms':
        this.need(grants.roomList);
        return { rooms: [...this.rooms.values()].map((room) => snake(this.full(room))) };
      case 'RoomService/ListParticipants':
        this.need(grants.roomAdmin && grants.room === body.room);
        return { participants: [...(this.rooms.get(body.room)?.participants.values() ?? [])].map(listed) };
      case 'RoomService/GetParticipant': {
        this.need(grants.roomAdmin && grants.room === body.room);
        const found = this.rooms.get(body.room)?.participants.get(body.identity);
        if (!found) throw new TwirpError(404, 'not_found', 'participant does not exist');
        return listed(found);
      }
      case 'Egress/ListEgress':
        this.need(grants.roomRecord);
        return this.page(this.egresses.filter(({ room }) => room.name === body.roomName), body.pageToken?.token);
      case 'Egress/StopEgress': {
        this.need(grants.roomRecord);
        const egress = this.egresses.find(({ info }) => info.egress_id === body.egressId);
        if (!egress) throw new TwirpError(404, 'not_found', 'egress does not exist');
        this.finish(egress, 'EGRESS_COMPLETE', 'End reason: StopEgress API');
        return egress.info;
      }
      case 'Egress/StartTrackEgress':
        this.need(grants.roomRecord);
        return this.start(this.find(body.roomName), body);
      default:
        throw new TwirpError(404, 'bad_route', `no handler for path ${method}`);
    }
  }

  page(egresses, token) {
    const from = token ? Number(Buffer.from(token, 'base64')) : 0;
    const items = egresses.slice(from, from + this.pageSize).map(({ info }) => info);
    const next = from + items.length;
    if (next >= egresses.length) return { items, next_page_token: null };
    return { items, next_page_token: { token: Buffer.from(String(next)).toString('base64') } };
  }

  start(room, { trackId, websocketUrl }) {
    if (this.refuse) throw new TwirpError(...this.refuse);
    if (!/^wss?:/.test(websocketUrl)) throw new TwirpError(400, 'invalid_argument', 'invalid url');
    const info = {
      egress_id: id('EG_'),
      room_id: room.sid,
      room_name: room.name,
      status: 'EGRESS_STARTING',
      started_at: nanos(),
      ended_at: '0',
      error: '',
      details: '',
      track: { room_name: room.name, track_id: trackId, websocket_url: websocketUrl },
    };
    const egress = { room, info };
    this.egresses.push(egress);
    setTimeout(() => this.dial(egress), this.dialAfter);
    return { ...info };
  }

  // The worker: dials, sends, and fails for good when its connection ends.
  dial(egress) {
    if (this.failure) return void this.finish(egress, ...this.failure);
    if (this.dialAfter < 0 || egress.info.status !== 'EGRESS_STARTING') return;
    const { track_id, websocket_url } = egress.info.track;
    egress.client = new FakeEgress(websocket_url, { source: this.source?.(track_id) ?? null, real: this.real });
    egress.client.opened.then(
      () => (egress.info.status = 'EGRESS_ACTIVE'),
      (error) => this.finish(egress, 'EGRESS_FAILED', '', error.message),
    );
    egress.client.closed.then(() => {
      if (/STARTING|ACTIVE/.test(egress.info.status)) this.finish(egress, 'EGRESS_FAILED', '', 'write error');
    });
  }
}

// As the API writes: snake_case, nested too.
function snake(value) {
  if (Array.isArray(value)) return value.map(snake);
  if (!value || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`), snake(inner)]),
  );
}

// As webhooks write: lowerCamelCase, without default values.
function camel(value) {
  if (Array.isArray(value)) return value.map(camel);
  if (!value || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== '' && inner !== '0' && inner !== 'EGRESS_STARTING')
      .map(([name, inner]) => [name.replace(/_([a-z])/g, (_, c) => c.toUpperCase()), camel(inner)]),
  );
}

// A participant in a webhook carries no tracks that matter.
export function described({ tracks, ...participant }) {
  return participant;
}

// As ListParticipants gives it: every default written out.
function listed(participant) {
  return snake({
    metadata: '',
    name: '',
    kind: 'STANDARD',
    ...participant,
    tracks: participant.tracks.map((track) => ({ type: 'AUDIO', muted: false, encryption: 'NONE', ...track })),
  });
}
