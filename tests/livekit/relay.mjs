// The network between LiveKit and Prosa: a relay for the UDP of one session, with faults that a seed repeats. LiveKit and Prosa each
// know only its ports, because the door in front of LiveKit (real.mjs) puts them into what they tell each other.
import { createSocket } from 'node:dgram';
import { SignalRequest, SignalResponse } from '@livekit/protocol';
import { WebSocket, WebSocketServer } from 'ws';
import { atEnd } from '../system/harness.mjs';

const HOST = '127.0.0.1';

function random(seed) {
  let state = seed >>> 0; // mulberry32
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

// RTP alone: not STUN, DTLS, RTCP.
const isMedia = (packet) => packet.length >= 12 && packet[0] >> 6 === 2 && !((packet[1] & 0x7f) >= 64 && (packet[1] & 0x7f) < 96);

async function bound() {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20, sendBufferSize: 1 << 20 });
  await new Promise((done, fail) => socket.once('error', fail).bind(0, HOST, done));
  socket.on('error', () => {}); // whoever is gone answers with an ICMP
  return socket;
}

export class Relay {
  // `loss`: the share of media packets that is lost on the way to Prosa, each copy by itself; `doom`: of those that are lost whenever
  // they are sent; `jitterMs`: how much longer than others a packet takes at most.
  static async open(t, { seed = 1, loss = 0, doom = 0, jitterMs = 0 } = {}) {
    const relay = new Relay();
    Object.assign(relay, { loss, doom, jitterMs, chance: random(seed), isDark: false, sources: new Map(), copies: 0 });
    [relay.front, relay.back] = [await bound(), await bound()];
    relay.front.on('message', (packet, { port }) => relay.up(packet, port));
    relay.back.on('message', (packet, { port }) => relay.down(packet, port));
    atEnd(t, () => relay.close());
    return relay;
  }

  close() {
    this.isClosed = true;
    this.front.close();
    this.back.close();
  }

  up(packet, port) {
    this.client = port;
    if (!this.isDark && !this.isClosed && this.server) this.back.send(packet, this.server, HOST);
  }

  down(packet) {
    if (this.isDark || !this.client) return;
    const wait = this.jitterMs * this.chance();
    if (isMedia(packet) && this.loses(packet)) return;
    if (wait < 1) this.deliver(packet);
    else setTimeout(() => this.deliver(packet), wait);
  }

  deliver(packet) {
    if (this.isClosed || this.isDark) return;
    this.front.send(packet, this.client, HOST);
    if (isMedia(packet)) this.sources.get(packet.readUInt32BE(8)).first ??= packet.readUInt16BE(2);
  }

  loses(packet) {
    const seq = packet.readUInt16BE(2), ssrc = packet.readUInt32BE(8);
    if (!this.sources.has(ssrc)) this.sources.set(ssrc, new Map());
    const seqs = this.sources.get(ssrc);
    if (!seqs.has(seq)) seqs.set(seq, { isDoomed: this.chance() < this.doom, copies: 0, came: 0 });
    const about = seqs.get(seq);
    about.copies++;
    const isLost = about.isDoomed || this.chance() < this.loss;
    if (!isLost) about.came++;
    return isLost;
  }

  // What the network did: packets (each once), those of which no copy came, and those that came by a further copy alone. Of what
  // was before the packet of a source that came first, or behind the last, nobody can know.
  get account() {
    const account = { packets: 0, lost: 0, lostOnce: 0 };
    for (const seqs of this.sources.values()) {
      const all = [...seqs.values()];
      const first = [...seqs.keys()].indexOf(seqs.first), last = all.findLastIndex(({ came }) => came);
      for (const { copies, came } of first < 0 ? [] : all.slice(first, last + 1)) {
        account.packets++;
        account.lost += came === 0;
        account.lostOnce += came > 0 && copies > came;
      }
    }
    return account;
  }
}

const tcp = /^a=candidate:\S+ \d+ tcp .*\r\n/gim;
const candidate = /candidate:(\S+ \d+) udp (\d+) (\S+) (\d+) /gi;

function redirect(text, port, seen) {
  return text.replace(tcp, '').replace(candidate, (_, head, priority, host, was) => {
    seen(Number(was));
    return `candidate:${head} udp ${priority} ${HOST} ${port} `;
  });
}

// Joins a client's signalling to LiveKit's, with the ports of `relay` in place of their own.
export function joinSignalling(relay, request, socket, head, url) {
  const door = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  const onward = new WebSocket(url.replace('http', 'ws') + request.url, {
    headers: { authorization: request.headers.authorization ?? '' }, perMessageDeflate: false,
  });
  onward.on('error', () => socket.destroy());
  onward.on('unexpected-response', (_, { statusCode }) => socket.end(`HTTP/1.1 ${statusCode} Refused\r\nContent-Length: 0\r\n\r\n`));
  onward.once('open', () => door.handleUpgrade(request, socket, head, (client) => {
    const ends = [[client, onward, SignalRequest, relay.back, (port) => (relay.client = port)],
      [onward, client, SignalResponse, relay.front, (port) => (relay.server = port)]];
    for (const [from, to, Message, end, seen] of ends) {
      from.on('message', (bytes) => {
        if (relay.isClosed) return;
        const message = Message.fromBinary(new Uint8Array(bytes));
        const { case: name, value } = message.message;
        const port = end.address().port;
        if (name === 'offer' || name === 'answer') value.sdp = redirect(value.sdp, port, seen);
        if (name === 'trickle') value.candidateInit = redirect(value.candidateInit, port, seen);
        if (to.readyState === WebSocket.OPEN) to.send(message.toBinary());
      });
      from.on('error', () => {});
      from.on('close', (code) => to.close(code === 1000 ? 1000 : 1001));
    }
  }));
}
