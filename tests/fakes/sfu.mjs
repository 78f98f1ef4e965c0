// LiveKit's server as a client of its rooms meets it: signalling over a WebSocket (here, by LiveKit's own messages), and media by
// rtc_remote, a program of the build. It can be made to do what a real one does not.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { dirname, join } from 'node:path';
import { SignalRequest, SignalResponse } from '@livekit/protocol';
import { WebSocketServer } from 'ws';
import { FakeLivekit } from './livekit.mjs';
import { atEnd, binary, eventually } from '../system/harness.mjs';

const id = (prefix) => prefix + randomBytes(6).toString('hex');

// LiveKit's numbers.
export const Action = { DISCONNECT: 0, RESUME: 1, RECONNECT: 2 };
export const Reason = { DUPLICATE: 2, SHUTDOWN: 3, REMOVED: 4, ROOM_DELETED: 5, MISMATCH: 6, ROOM_CLOSED: 10, TIMED_OUT: 14 };
const sources = { CAMERA: 1, MICROPHONE: 2, SCREEN_SHARE: 3, SCREEN_SHARE_AUDIO: 4 };
const kinds = { STANDARD: 0, INGRESS: 1, EGRESS: 2, SIP: 3, AGENT: 4 };

// A fake's participant as signalling describes it.
function described(person) {
  return {
    sid: person.sid,
    identity: person.identity,
    name: person.name ?? '',
    metadata: person.metadata ?? '',
    state: person.state === 'DISCONNECTED' ? 3 : 2,
    kind: kinds[person.kind ?? 'STANDARD'],
    version: person.version ?? 0,
    permission: person.permission ?? { canSubscribe: true, canPublish: true },
    tracks: person.tracks.map((track) => ({
      sid: track.sid,
      name: track.name ?? '',
      type: track.type === 'VIDEO' ? 1 : 0,
      source: sources[track.source] ?? 0,
      muted: Boolean(track.muted),
      mimeType: track.mimeType ?? 'audio/opus',
      encryption: track.encryption ? 1 : 0,
    })),
  };
}

// The media of all sessions: one process, commands and news as lines of JSON.
class Media {
  constructor(t) {
    this.listeners = new Map();
    this.news = [];
    this.child = spawn(join(dirname(binary), 'tests/rtc/rtc_remote'), { stdio: ['pipe', 'pipe', 'inherit'] });
    this.child.stdin.on('error', () => {});
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      const news = JSON.parse(line);
      this.news.push(news);
      this.listeners.get(news.id)?.(news);
    });
    atEnd(t, () => this.child.kill());
  }

  tell(command) {
    this.child.stdin.write(`${JSON.stringify(command)}\n`);
  }
}

// One participant that has joined, over all of its connections.
export class SfuSession {
  constructor(sfu, room, identity, kind, options) {
    Object.assign(this, { sfu, room, identity, kind, sid: id('PA_'), requests: [], sections: new Map(), offers: 0, answers: 0 });
    this.id = id('');
    this.wanted = new Set();
    this.media = sfu.media;
    this.media.listeners.set(this.id, (news) => this.hear(news));
    this.do('open', { data: true, audio: 0, video: 0, ...options });
  }

  do(what, more = {}) {
    this.media.tell({ do: what, id: this.id, ...more });
  }

  get isOpen() {
    return this.socket?.readyState === 1;
  }

  say(name, value) {
    if (this.isOpen) this.socket.send(new SignalResponse({ message: { case: name, value } }).toBinary());
  }

  attach(socket) {
    this.socket?.close(1000);
    this.socket = socket;
    socket.on('message', (bytes) => this.take(SignalRequest.fromBinary(new Uint8Array(bytes)).message));
    socket.on('error', () => {});
  }

  begin(socket, answer = {}) {
    this.attach(socket);
    const { name, sid, metadata } = this.room;
    this.say('join', {
      room: { name, sid, metadata, turnPassword: 'turn-password-of-the-room' },
      participant: { sid: this.sid, identity: this.identity, state: 1, permission: { canSubscribe: true, hidden: true, recorder: true } },
      otherParticipants: [...this.room.participants.values()].map(described),
      subscriberPrimary: true,
      pingInterval: this.sfu.pingInterval,
      pingTimeout: this.sfu.pingTimeout,
      serverInfo: { version: '1.13.5', protocol: 17 },
      iceServers: [{ urls: ['turn:127.0.0.1:1'], username: 'u', credential: 'turn-credential' }],
      ...answer,
    });
    this.say('refreshToken', 'a-token-that-is-a-secret');
    this.offer();
  }

  resume(socket) {
    this.attach(socket);
    this.say('reconnect', {});
    this.tellPeople();
    if (!this.sfu.offersNothing) {
      this.do('restart');
      this.offer();
    }
  }

  tellPeople(people = [...this.room.participants.values()]) {
    this.say('update', { participants: people.map(described) });
  }

  take({ case: name, value }) {
    this.requests.push([name, value]);
    if (name === 'pingReq' && !this.sfu.swallowsPings)
      this.say('pongResp', { lastPingTimestamp: value.timestamp, timestamp: BigInt(Date.now()) });
    else if (name === 'subscription') this.subscribe(value);
    else if (name === 'answer') {
      this.answers++;
      this.do('answer', { sdp: value.sdp });
    } else if (name === 'leave') this.end();
  }

  subscribe({ trackSids, subscribe }) {
    for (const sid of trackSids) {
      if (subscribe) this.wanted.add(sid);
      else this.wanted.delete(sid);
      const person = [...this.room.participants.values()].find(({ tracks }) => tracks.some((track) => track.sid === sid));
      if (!subscribe || !person || this.sections.has(sid) || this.sfu.holds(sid)) continue;
      const track = person.tracks.find((one) => one.sid === sid);
      this.sections.set(sid, undefined);
      this.do('add', { kind: track.type === 'VIDEO' ? 'video' : 'audio', stream: `${person.sid}|${sid}`, track: sid });
      this.adding = [...(this.adding ?? []), sid];
    }
    if (subscribe) this.offer();
  }

  offer() {
    if (this.sfu.offersNothing) return;
    this.do('offer');
  }

  hear(news) {
    if (news.is === 'added') this.sections.set(this.adding.shift(), news.section);
    else if (news.is === 'offer') {
      this.say('offer', { type: 'offer', sdp: news.sdp, id: ++this.offers });
      if (news.candidate)
        this.say('trickle', { candidateInit: JSON.stringify({ candidate: news.candidate, sdpMid: '0', sdpMLineIndex: 0 }), target: 1, final: true });
    } else if (news.is === 'up') this.isUp = true;
  }

  // Opus frames (hexadecimal), in turn, at their pace; silence by default.
  async play(sid, { payloads = ['f8fffe'], ...more } = {}) {
    await eventually('the track has a section', () => this.sections.get(sid) !== undefined);
    this.do('play', { section: this.sections.get(sid), type: 111, seq: 1, timestamp: 0, payloads, step: 960, every_ms: 20, count: 0, ...more });
  }

  leave(reason, action = Action.DISCONNECT, regions = []) {
    this.say('leave', { reason, action, regions: { regions: regions.map((url) => ({ region: url, url })) } });
    this.socket?.close(1000);
    if (action !== Action.RESUME) this.end();
  }

  // The signalling breaks, and nothing else.
  cut() {
    this.socket?.terminate();
  }

  end() {
    this.isOver = true;
    this.do('close');
    this.socket?.close(1000);
    this.sfu.sessions = this.sfu.sessions.filter((session) => session !== this);
  }
}

export class FakeSfu extends FakeLivekit {
  constructor({ pingInterval = 5, pingTimeout = 15, media = {}, ...options } = {}) {
    super(options);
    Object.assign(this, { pingInterval, pingTimeout, options: media });
    this.sessions = []; // that are there
    this.joins = []; // all that ever were
    this.attempts = []; // every upgrade: { url, token, query }
    this.status = 0; // the answer to each upgrade, instead of a session
    this.joining = () => ({}); // further members of the JoinResponse
    this.swallowsPings = false;
    this.offersNothing = false;
    this.ready = () => true; // (session): false: the door is shut behind it
    this.forgets = false; // a resumed session is not known
    this.holds = () => false; // (track sid): whether a subscription comes to nothing
  }

  async listen(t, port = 0) {
    await super.listen(t, port);
    this.media = new Media(t);
    this.door = new WebSocketServer({ noServer: true, perMessageDeflate: false });
    this.server.on('upgrade', (request, socket, head) => this.upgrade(request, socket, head).catch(() => socket.destroy()));
    atEnd(t, () => this.door.clients.forEach((client) => client.terminate()));
    return this;
  }

  async upgrade(request, socket, head) {
    const { pathname, searchParams: query } = new URL(request.url, this.url);
    socket.on('error', () => {}); // whoever gives up may reset the connection
    const token = (request.headers.authorization ?? '').replace('Bearer ', '');
    this.attempts.push({ url: request.url, token, query });
    const claims = await this.verifier.verify(token).catch(() => undefined);
    const room = this.rooms.get(claims?.video?.room);
    const status = this.status || (pathname !== '/rtc' ? 404 : !claims?.video?.roomJoin ? 401 : !room ? 404 : 0);
    if (status) return void socket.end(`HTTP/1.1 ${status} Refused\r\nContent-Length: ${token.length}\r\nConnection: close\r\n\r\n${token}`);
    this.door.handleUpgrade(request, socket, head, (client) => this.join(client, room, claims, query));
  }

  join(client, room, claims, query) {
    const before = this.sessions.find((session) => session.room === room && session.identity === claims.sub);
    if (query.get('reconnect') === '1') {
      if (before && !this.forgets) return void before.resume(client);
      const bytes = new SignalResponse({ message: { case: 'leave', value: { reason: Reason.MISMATCH, action: Action.RECONNECT } } }).toBinary();
      client.send(bytes);
      return void client.close(1000);
    }
    before?.leave(Reason.DUPLICATE);
    const session = new SfuSession(this, room, claims.sub, claims.kind, this.options);
    session.claims = claims;
    this.sessions.push(session);
    this.joins.push(session);
    session.begin(client, this.joining());
    if (!this.ready(session)) session.cut();
  }

  // The next session that joins, once it is there.
  async joined(count = 1) {
    await eventually(`${count} joined`, () => this.joins.length >= count);
    return this.joins[count - 1];
  }

  // Tells every session of the room, and Prosa by webhook where there is one.
  tell(room, person) {
    person.version = (person.version ?? 0) + 1;
    for (const session of this.sessions) if (session.room === room) session.tellPeople([person]);
  }

  // Somebody leaves the room.
  async depart(room, person) {
    person.state = 'DISCONNECTED';
    this.tell(room, person);
    room.participants.delete(person.identity);
    await this.webhook(this.event('participant_left', room, { participant: { sid: person.sid, identity: person.identity } }));
  }
}
