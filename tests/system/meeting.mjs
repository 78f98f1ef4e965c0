// A meeting that makes feedback quickly: dead microphones, judged after a second instead of ten.
import { createHmac, createHash, randomUUID } from 'node:crypto';
import WebSocket from 'ws';
import { io as connect } from 'socket.io-client';
import { api } from './api.mjs';
import { eventually, once, PATIENCE_MS } from './harness.mjs';

export const quickRules = {
  RULE_SILENCIO_PROLONGADO_DEAD_MIC_S: '1',
  RULE_SILENCIO_PROLONGADO_COOLDOWN_S: '1',
  RULE_SILENCIO_PROLONGADO_REMIND_S: '1',
  RULE_SILENCIO_PROLONGADO_REMIND_AGAIN_S: '1',
};
export const livekit = {
  LIVEKIT_API_KEY: 'devkey',
  LIVEKIT_API_SECRET: 'devsecret-devsecret-devsecret-0123',
  EGRESS_AUTOSTART: 'off',
};

const base64url = (value) => Buffer.from(value).toString('base64url');

export function sign(claims, secret) {
  const head = base64url(JSON.stringify({ alg: 'HS256', typ: 'JWT' }));
  const body = base64url(JSON.stringify(claims));
  return `${head}.${body}.${createHmac('sha256', secret).update(`${head}.${body}`).digest('base64url')}`;
}

// A participant's token as a LiveKit application makes it.
export function livekitToken({ room = 'daily', sub = 'ana', metadata = '{"role":"host"}', video = {}, ...claims } = {}) {
  const now = Math.floor(Date.now() / 1000);
  return sign({ iss: livekit.LIVEKIT_API_KEY, sub, nbf: now - 5, exp: now + 600, metadata,
    video: { roomJoin: true, room, ...video }, ...claims }, claims.secret ?? livekit.LIVEKIT_API_SECRET);
}

// A webhook of LiveKit, signed.
export async function webhook(server, event, body, headers = {}) {
  const text = JSON.stringify({ event, id: `EV_${randomUUID()}`, createdAt: String(Math.floor(Date.now() / 1000)), ...body });
  const now = Math.floor(Date.now() / 1000);
  const token = sign({ iss: livekit.LIVEKIT_API_KEY, nbf: now - 5, exp: now + 60,
    sha256: createHash('sha256').update(text).digest('base64') }, livekit.LIVEKIT_API_SECRET);
  const response = await fetch(`${server.url}/livekit/webhook`, { method: 'POST', body: text,
    headers: { 'content-type': 'application/webhook+json', authorization: token, ...headers } });
  if (response.status !== 204) throw new Error(`webhook: ${response.status} ${await response.text()}`);
}

export const startRoom = (server, sid, name, metadata) =>
  webhook(server, 'room_started', { room: { sid, name, ...(metadata && { metadata }) } });
export const finishRoom = (server, sid, name) => webhook(server, 'room_finished', { room: { sid, name } });

// Streams digital silence in real time until the test ends, late timers made up for; `close` ends it sooner.
export async function deadMicrophone(t, server, { room = 'daily', participant = 'bob', query = '' } = {}) {
  const ws = new WebSocket(`${server.ws}/egress-audio?roomName=${encodeURIComponent(room)}` +
    `&participant=${participant}&track=TR_${participant}&sampleRate=16000&channels=1${query}`);
  await once(ws, 'open');
  const frame = Buffer.alloc(3200);
  const began = Date.now();
  let sent = 0;
  const timer = setInterval(() => {
    for (; sent * 100 < Date.now() - began; sent++) ws.send(frame);
  }, 100);
  const close = () => {
    clearInterval(timer);
    ws.terminate();
  };
  t.after(close);
  return { close };
}

// Event -> its message in docs/asyncapi.yaml.
const described = { message: 'messageOfOther', 'user-joined': 'userJoined', 'user-left': 'userLeft', feedback: 'feedback', stats: 'stats', exception: 'exception' };

// A socket.io client that keeps the feedback it hears.
export async function openClient(t, server, options = {}) {
  const socket = connect(server.url, { transports: ['websocket'], forceNew: true, reconnectionDelay: 50, ...options });
  t.after(() => socket.close());
  socket.feedback = [];
  socket.exceptions = [];
  socket.on('feedback', (event) => socket.feedback.push(event));
  socket.on('exception', (event) => socket.exceptions.push(event));
  socket.onAny((name, first) => described[name] && api().checkMessage(described[name], first));
  await once(socket, 'connect');
  return socket;
}

// Listening for `connect` comes too late when the client was quicker.
export const connected = (socket) => eventually('it is connected', () => socket.connected);

// Fails with the first exception that answers something, and is no word about the token's time.
const refusal = (socket) => new Promise((_, fail) => {
  const listener = ({ message }) => {
    if (/^The token (expires soon|has expired)/.test(message)) return;
    socket.off('exception', listener);
    fail(new Error(message));
  };
  socket.on('exception', listener);
});

// Resolves once the client has joined; fails with the exception that came instead.
export async function join(socket, wish) {
  const joined = once(socket, 'user-joined');
  joined.catch(() => {});
  const refused = refusal(socket);
  socket.emit('join-room', wish);
  return Promise.race([joined, refused]);
}

export async function authenticate(socket, token) {
  return Promise.race([socket.timeout(PATIENCE_MS).emitWithAck('authenticate', { token }), refusal(socket)]);
}

export const hears = (socket, more = 1) => {
  const count = socket.feedback.length;
  return eventually('it hears feedback', () => socket.feedback.length >= count + more);
};

export const sequence = (events) => events.map((event) => event.seq);
