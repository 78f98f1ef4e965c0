// A real LiveKit server on loopback, in front of it a door that answers for Egress (which one machine's server without Redis
// does not have), and people who publish with LiveKit's own client.
import { execFile, spawn } from 'node:child_process';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { writeFile } from 'node:fs/promises';
import { join, resolve, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { after } from 'node:test';
import {
  AudioFrame, AudioSource, dispose, EncryptionType, LocalAudioTrack, Room, TrackPublishOptions, TrackSource,
} from '@livekit/rtc-node';
import { AccessToken, RoomServiceClient } from 'livekit-server-sdk';
import { FakeLivekit, key, secret } from '../fakes/livekit.mjs';
import { joinSignalling, Relay } from './relay.mjs';
import { atEnd, eventually, freePort, startServer, temporaryFolder } from '../system/harness.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const RATE = 48000;
const LEAVING_MS = 10000;

after(() => dispose()); // the client's own threads would keep the process alive

async function serverBinary() {
  const { stdout } = await promisify(execFile)(resolve(here, 'build'), { maxBuffer: 1 << 20 });
  return stdout.trim();
}

export class RealLivekit {
  constructor(folder, ports, webhookUrl, { rtc = {}, ...more } = {}) {
    Object.assign(this, { folder, ports, webhookUrl, rtc, more, log: '' });
    this.url = `http://127.0.0.1:${ports.api}`;
    this.rooms = new RoomServiceClient(this.url, key, secret);
  }

  async start() {
    const settings = {
      port: this.ports.api,
      bind_addresses: ['127.0.0.1'],
      keys: { [key]: secret },
      room: { enable_remote_unmute: true, empty_timeout: 5, departure_timeout: 1 },
      rtc: {
        tcp_port: this.ports.tcp, udp_port: this.ports.udp, node_ip: '127.0.0.1', use_external_ip: false,
        enable_loopback_candidate: true, interfaces: { includes: ['lo'] }, ...this.rtc,
      },
      webhook: { api_key: key, urls: [this.webhookUrl] },
      logging: { level: 'info', json: true },
      ...this.more,
    };
    const file = join(this.folder, 'livekit.json'); // JSON is YAML
    await writeFile(file, JSON.stringify(settings));
    this.child = spawn(await serverBinary(), ['--config', file], { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout, this.child.stderr]) stream.on('data', (part) => (this.log += part));
    this.ended = new Promise((done) => this.child.on('close', done));
    await eventually('LiveKit answers', async () => (await fetch(this.url)).ok).catch((error) => {
      throw new Error(`${error.message}\n${this.log}`);
    });
  }

  async kill(signal = 'SIGKILL') {
    this.child.kill(signal);
    await this.ended;
  }

  async restart() {
    await this.kill();
    await this.start();
  }

  async token(identity, room, { metadata = '', name = identity, grants = {} } = {}) {
    const token = new AccessToken(key, secret, { identity, name, metadata, ttl: '1h' });
    token.addGrant({ roomJoin: true, room, canPublish: true, canSubscribe: true, ...grants });
    return token.toJwt();
  }
}

// LiveKit's API with Egress: everything goes on to the real server, and calls to Egress are answered by the fake, which dials as
// a worker would.
class EgressDoor extends FakeLivekit {
  constructor(real, options) {
    super(options);
    this.real = real;
  }

  async serve(request, response) {
    if (request.url.includes('livekit.Egress/')) return super.serve(request, response);
    const { method, headers, url } = request;
    const onward = httpRequest(this.real.url + url, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
    return undefined;
  }

  // A room of the real server, as far as an egress needs one.
  find(name) {
    return this.room(name);
  }

  // A worker is in the room itself: its egress ends when the track does.
  async watch() {
    for (const [name] of this.rooms) {
      if (!this.egresses.some((egress) => egress.room.name === name && this.running().includes(egress))) continue;
      const people = await this.real.rooms.listParticipants(name).catch(() => undefined);
      const sids = people?.flatMap(({ tracks }) => tracks.map(({ sid }) => sid));
      for (const egress of sids ? this.running() : [])
        if (egress.room.name === name && egress.client && !sids.includes(egress.info.track.track_id))
          this.finish(egress, 'EGRESS_COMPLETE', 'End reason: Source closed');
    }
  }

  // A client of the room itself goes on to the real server, byte by byte; or its media go by a relay.
  upgrade(request, socket, head) {
    this.upgraded.add(socket);
    socket.on('close', () => this.upgraded.delete(socket));
    socket.on('error', () => {});
    if (this.isShut) return void socket.destroy();
    if (this.relay) return void joinSignalling(this.relay, request, socket, head, this.real.url);
    const lines = request.rawHeaders.flatMap((text, i, all) => (i % 2 ? [] : [`${text}: ${all[i + 1]}`]));
    const onward = connect(this.real.ports.api, '127.0.0.1', () => {
      onward.write([`${request.method} ${request.url} HTTP/1.1`, ...lines, '', ''].join('\r\n'));
      onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    for (const end of [socket, onward]) {
      end.on('error', () => {});
      end.on('close', () => [socket, onward].forEach((other) => other.destroy()));
    }
  }

  // Every connection of signalling breaks, as in a network that was cut.
  cut() {
    for (const socket of this.upgraded) socket.destroy();
  }

  async listen(t) {
    await super.listen(t);
    this.upgraded = new Set();
    this.server.on('upgrade', (...args) => this.upgrade(...args));
    atEnd(t, () => this.cut());
    const timer = setInterval(() => this.watch(), 200);
    atEnd(t, () => clearInterval(timer));
    return this;
  }
}

// A LiveKit, a Prosa and the door between them; with `network` the media of the room that is joined go by such a relay.
export async function startRealWorld(t, { env = {}, egress, rtc, network } = {}) {
  const ports = { api: await freePort(), tcp: await freePort(), udp: await freePort() };
  const port = await freePort();
  const real = new RealLivekit(await temporaryFolder(t), ports, `http://127.0.0.1:${port}/livekit/webhook`, { rtc });
  atEnd(t, () => real.kill());
  await real.start();
  const door = await new EgressDoor(real, egress).listen(t);
  const server = await startServer(t, {
    env: { ...door.environment(port), LIVEKIT_WEBHOOK_VERIFY: 'on', EGRESS_AUTH: 'signed', ...env },
  });
  door.target = server.url;
  if (network) door.relay = await Relay.open(t, network);
  return { real, door, server };
}

// End to end, with one key for all.
const encryption = (key) => ({ encryptionType: EncryptionType.GCM, keyProviderOptions: { sharedKey: Buffer.from(key) } });

// Somebody in a room who publishes a microphone with LiveKit's own client. `pcm` (48 kHz mono) is played again and again.
export class Publisher {
  static async join(t, real, room, identity, options = {}) {
    const person = new Publisher();
    person.identity = identity;
    person.room = new Room();
    await person.room.connect(real.url.replace('http', 'ws'), await real.token(identity, room, options),
      { autoSubscribe: false, dynacast: false, ...(options.encryption && { encryption: encryption(options.encryption) }) });
    atEnd(t, () => person.leave());
    return person;
  }

  async publish({ pcm = hum(), source = TrackSource.SOURCE_MICROPHONE, dtx = true, red = true, name = 'mic' } = {}) {
    this.source = new AudioSource(RATE, 1);
    this.track = LocalAudioTrack.createAudioTrack(name, this.source);
    this.publication = await this.room.localParticipant.publishTrack(this.track, new TrackPublishOptions({ source, dtx, red }));
    this.isPlaying = true;
    this.playing = this.play(pcm);
    return this.publication.sid;
  }

  // Each frame has a buffer of its own, since the client reads from the buffer's beginning, and lasts as long as it is played.
  async play(pcm) {
    const step = RATE / 100;
    const frames = Array.from({ length: Math.floor(pcm.length / step) }, (_, i) =>
      new AudioFrame(pcm.slice(i * step, (i + 1) * step), RATE, 1, step));
    for (let at = 0; this.isPlaying; at = (at + 1) % frames.length)
      await this.source.captureFrame(frames[at]).catch(() => {});
  }

  async unpublish() {
    this.isPlaying = false;
    await this.playing;
    await this.room.localParticipant.unpublishTrack(this.publication.sid);
    await this.source.close();
  }

  // The client's threads may wait for a server that was killed: it is not waited for longer than for anything else.
  async leave() {
    this.isPlaying = false;
    const gone = Promise.resolve(this.playing).then(() => this.room.disconnect()).catch(() => {});
    await Promise.race([gone, delay(LEAVING_MS, undefined, { ref: false })]);
  }
}

// One second of a hum with overtones, faint enough for a microphone.
export function hum({ hz = 150, amplitude = 0.1 } = {}) {
  return Int16Array.from({ length: RATE }, (_, i) => {
    const phase = (2 * Math.PI * hz * i) / RATE;
    return Math.round((Math.sin(phase) + 0.5 * Math.sin(2 * phase)) * amplitude * 20000);
  });
}
