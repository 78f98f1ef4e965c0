// Strangers in a process of their own: `node siege.mjs NAME PORT` attacks the server on that port until it is killed.
import { setTimeout as delay } from 'node:timers/promises';
import { bodyWithoutEnd, frame, HANDSHAKE, openPolling, openWebSocket, post, Stranger } from './strangers.mjs';

const CLIENTS = 10000;
const server = { port: Number(process.argv[3]) };

// So many clients at a time; whoever ends is followed by another one.
async function crowd(count, live) {
  const one = async () => {
    for (;;) {
      const began = performance.now();
      const stranger = await live();
      if (stranger) await stranger.ended;
      await delay(Math.max(20, 1000 - (performance.now() - began)));
    }
  };
  for (let i = 0; i < count; i++) {
    one();
    if (i % 50 === 0) await delay(5);
  }
  await new Promise(() => {});
}

// As one who stays: answers pings.
function alive(stranger) {
  const timer = setInterval(() => stranger.say(frame('3')), 20000);
  stranger.ended.then(() => clearInterval(timer));
  return stranger;
}

const megabyte = 1000000;
const message = (bytes) => `42["message","${'x'.repeat(bytes)}"]`;

// Placeholders that lie deep in each other.
function nested() {
  const depth = 60, one = '['.repeat(depth) + '{"_placeholder":true,"num":0}' + ']'.repeat(depth);
  const count = Math.floor((megabyte - 100) / (one.length + 1));
  return frame(`451-["message",${Array.from({ length: count }, () => one).join()}]`);
}

const attacks = {
  'sessions that nobody polls': () => crowd(CLIENTS, async () => {
    const { stranger, sid } = await openPolling(server);
    for (let i = 0; sid && i < 20; i++) stranger.say(post(sid, message(16000)));
    return stranger;
  }),
  'bodies less one byte': () => crowd(CLIENTS, () => new Stranger(server).say(bodyWithoutEnd('/livekit/webhook', megabyte))),
  'messages less their last fragment': () => crowd(CLIENTS, async () =>
    alive(await openWebSocket(server, { connect: true })).say(frame(Buffer.alloc(megabyte - 1, 0x61), { fin: false }))),
  'rooms with long names': () => crowd(CLIENTS, async () => {
    const stranger = alive(await openWebSocket(server, { connect: true }));
    const names = Array.from({ length: 256 }, () => Math.random().toString(36).padEnd(280, 'r'));
    return stranger.say(frame(`42["join-room",${JSON.stringify(names)}]`));
  }),
  'half logins': () => crowd(CLIENTS, () => new Stranger(server).say(bodyWithoutEnd('/auth/login', 100 * 1024))),
  'handshakes over one connection': () => crowd(1, async () => {
    const stranger = new Stranger(server);
    for (let i = 0; i < 20; i++) stranger.say(HANDSHAKE.repeat(500));
    await delay(1000);
    stranger.end();
  }),
  'idle WebSockets': () => crowd(CLIENTS, async () => alive(await openWebSocket(server, { connect: true }))),
  'packets with deep placeholders': () => {
    const packet = nested();
    return crowd(16, async () => {
      const stranger = alive(await openWebSocket(server, { connect: true }));
      const timer = setInterval(() => stranger.socket.writableLength < megabyte && stranger.say(packet), 100);
      stranger.ended.then(() => clearInterval(timer));
      return stranger;
    });
  },
  'strangers who talk to themselves': () => crowd(16, async () => {
    const stranger = alive(await openWebSocket(server, { connect: true }));
    stranger.say(frame('42["join-room","of-our-own"]'));
    const timer = setInterval(() => stranger.say(frame(message(16000))), 55);
    stranger.ended.then(() => clearInterval(timer));
    return stranger;
  }),
  'refused webhooks': () => crowd(4, () => {
    const one = 'POST /livekit/webhook HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}';
    const stranger = new Stranger(server);
    const timer = setInterval(() => stranger.socket.writableLength < megabyte && stranger.say(one.repeat(200)), 20);
    stranger.ended.then(() => clearInterval(timer));
    return stranger;
  }),
  'idle connections': () => crowd(CLIENTS, () => new Stranger(server)),
};

await attacks[process.argv[2]]();
