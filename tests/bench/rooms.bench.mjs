// Two hundred rooms with five microphones each, joined: what a second of a track costs while one speaks in each and the rest are
// in DTX, while three hundred speak, and four hundred; and what a room takes in memory, descriptors and threads. Every packet that
// was sent has to come. The packets are of Opus, made by ffmpeg of a voice.
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { FakeSfu } from '../fakes/sfu.mjs';
import { eventually, freePort, releaseBinary, startServer } from '../system/harness.mjs';

const ROOMS = Number(process.env.ROOMS ?? 200), TRACKS = 5, SECONDS = 10;
const ROOM_KB = 200, TRACK_KB = 70; // promised
const DTX = { payloads: ['f8fffe'], step: 19200, every_ms: 400 };

// The packets of an Ogg Opus stream; none of these is longer than a page.
function packetsOf(ogg) {
  const packets = [];
  for (let at = 0; at < ogg.length;) {
    const lacing = ogg.subarray(at + 27, at + 27 + ogg[at + 26]);
    at += 27 + lacing.length;
    for (let i = 0, length = 0; i < lacing.length; i++) {
      length += lacing[i];
      if (lacing[i] === 255) continue;
      packets.push(ogg.subarray(at, at + length).toString('hex'));
      at += length;
      length = 0;
    }
  }
  return packets.slice(2);
}

// Something like a voice: noise that a low tone cuts into syllables.
const speech = () => packetsOf(execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i',
  "aevalsrc='0.3*(random(0)-0.5)*max(0,sin(2*PI*3*t))+0.1*sin(2*PI*140*t)*max(0,sin(2*PI*3*t))':s=48000:d=4", '-ac', '1', '-c:a', 'libopus',
  '-b:a', '32k', '-application', 'voip', '-f', 'ogg', '-']));

const cpuSeconds = (pid) => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
};
const status = (pid, name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
const descriptors = (pid) => readdirSync(`/proc/${pid}/fd`).length;

test('two hundred rooms', async (t) => {
  const payloads = speech();
  const sfu = await new FakeSfu().listen(t);
  const server = await startServer(t, {
    file: releaseBinary,
    env: { ...sfu.environment(await freePort()), MEDIA_SOURCE: 'join', RECONCILE_SECONDS: '5', LOG_LEVEL: 'warn' },
  });
  sfu.target = server.url;
  const { pid } = server.child;
  const total = async (name, labels) => server.metric(name, labels);
  const before = { kb: status(pid, 'VmRSS'), fds: descriptors(pid) };

  const began = performance.now();
  const mics = [];
  for (let i = 0; i < ROOMS; i++) {
    const { room, participant, track } = await sfu.begin(`room${i}`, `p${i}_0`);
    mics.push({ room, sid: track.sid });
    for (let k = 1; k < TRACKS; k++) {
      const person = sfu.participant(room, `p${i}_${k}`);
      mics.push({ room, sid: sfu.track(person).sid, person });
    }
    for (const person of room.participants.values()) if (person !== participant) sfu.tell(room, person);
  }
  const sessionOf = (mic) => sfu.joins.find(({ room }) => room === mic.room);
  await eventually('every room is joined', () => mics.every((mic) => sessionOf(mic)), { within: 120_000 });
  for (const mic of mics) {
    mic.session = sessionOf(mic);
    if (mic.person) mic.session.tellPeople([mic.person]);
  }
  await eventually('every track has a section', () => mics.every((mic) => mic.session.sections.get(mic.sid) !== undefined), { within: 120_000 });
  await eventually('all have media', async () => (await total('prosa_rooms', { way: 'media' })) === ROOMS, { within: 120_000 });
  console.log(`${ROOMS} rooms with ${mics.length} tracks joined in ${((performance.now() - began) / 1000).toFixed(1)} s`);

  const state = mics.map(() => ({ seq: 1, timestamp: 0 }));
  const news = sfu.media.news;
  let sent = 0;

  // Everybody sends for some seconds: the first `speaking` of a fair order speak, the others are in DTX.
  async function round(speaking) {
    const order = mics.map((_, i) => i).sort((a, b) => (a % TRACKS) - (b % TRACKS) || a - b);
    const cpu = cpuSeconds(pid), from = news.length, start = performance.now();
    order.forEach((index, place) => {
      const more = place < speaking ? { payloads, step: 960, every_ms: 20 } : DTX;
      const count = (SECONDS * 1000) / more.every_ms;
      mics[index].session.play(mics[index].sid, { ...state[index], ...more, count });
      sent += count;
    });
    await eventually('all is played', () => news.slice(from).filter(({ is }) => is === 'played').length === mics.length, { within: 120_000 });
    for (const { is, id, section, seq, timestamp } of news.slice(from)) {
      if (is !== 'played') continue;
      const index = mics.findIndex((mic) => mic.session.id === id && mic.session.sections.get(mic.sid) === section);
      state[index] = { seq, timestamp };
    }
    await eventually('every packet has come', async () => (await total('prosa_packets_total')) >= sent, { within: 20_000 }).catch(() => {});
    const took = (performance.now() - start) / 1000, used = cpuSeconds(pid) - cpu;
    console.log(`${String(speaking).padStart(5)} speak, ${mics.length - speaking} in DTX: ${((100 * used) / took).toFixed(0)} % of a core, ` +
      `${((1e6 * used) / took / speaking).toFixed(0)} us a second of one who speaks; ` +
      `${(sent - (await total('prosa_packets_total')))} packets missing, ${await total('prosa_packets_unrecorded_total')} unrecorded, ` +
      `${await total('prosa_packets_late_total')} late for the ears`);
  }

  await round(ROOMS);
  const kb = status(pid, 'VmRSS') - before.kb;
  console.log(`memory: ${(kb / 1024).toFixed(0)} MiB more, ${(kb / ROOMS).toFixed(0)} KB a room with its ${TRACKS} tracks ` +
    `(of ${ROOM_KB + TRACKS * TRACK_KB}); ${((descriptors(pid) - before.fds) / ROOMS).toFixed(1)} descriptors a room; ${status(pid, 'Threads')} threads`);
  await round(Math.round(ROOMS * 1.5));
  await round(ROOMS * 2);
  await delay(500);
  const missing = sent - (await total('prosa_packets_total'));
  if (missing !== 0) throw new Error(`${missing} packets of ${sent} did not come`);
  if (kb / ROOMS > ROOM_KB + TRACKS * TRACK_KB) throw new Error('more memory than promised');
});
