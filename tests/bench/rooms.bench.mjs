// Two hundred rooms, joined. With five microphones each: what a second of a track costs while one speaks in each room and the rest
// are in DTX, while three hundred speak, and four hundred; and what a room takes in memory, descriptors and threads. With ten
// in DTX each, and with fifty that are muted: what they cost. Every packet that was sent has to come.
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { FakeSfu } from '../fakes/sfu.mjs';
import { eventually, freePort, startServer } from '../system/harness.mjs';

const ROOMS = Number(process.env.ROOMS ?? 200), SECONDS = 10;
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

const within = { within: 120_000 };

// A server that has joined all rooms, with so many microphones in each.
async function joinAll(t, tracks, muted) {
  const sfu = await new FakeSfu().listen(t);
  const server = await startServer(t, {
    env: { ...sfu.environment(await freePort()), MEDIA_SOURCE: 'join', RECONCILE_SECONDS: '5', MAX_TRACKS: String(ROOMS * tracks + 100) },
  });
  sfu.target = server.url;
  const { pid } = server.child;
  // What the first room brings with it, such as threads, is not counted.
  const warm = await sfu.begin('warm', 'w');
  const session = await sfu.joined();
  await eventually('it has media', () => session.isUp && server.metric('prosa_rooms', { way: 'media' }), within);
  await session.play(warm.track.sid, { count: 150 });
  await eventually('it is heard', async () => (await server.metric('prosa_packets_total')) === 150, within);
  const before = { kb: status(pid, 'VmRSS'), fds: descriptors(pid) };
  const began = performance.now();
  const mics = [];
  for (let i = 0; i < ROOMS; i++) {
    const { room, track } = await sfu.begin(`room${i}`, `p${i}_0`, { track: { muted } });
    mics.push({ room, sid: track.sid });
    for (let k = 1; k < tracks; k++) mics.push({ room, sid: sfu.track(sfu.participant(room, `p${i}_${k}`), { muted }).sid });
  }
  await eventually('every room is joined', () => sfu.joins.length > ROOMS, within);
  for (const one of sfu.joins) one.tellPeople();
  for (const mic of mics) mic.session = sfu.joins.find(({ room }) => room === mic.room);
  await eventually('every track has a section', () => mics.every(({ session, sid }) => session.sections.get(sid) !== undefined), within);
  await eventually('all have media', async () => (await server.metric('prosa_rooms', { way: 'media' })) === ROOMS + 1, within);
  await eventually('every offer is answered', () => sfu.joins.every(({ offers, answers }) => offers === answers), within);
  console.log(`${ROOMS} rooms with ${mics.length} tracks joined in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  return { sfu, server, pid, mics, before };
}

function tellMemory({ pid, before }, tracks) {
  const kb = status(pid, 'VmRSS') - before.kb, most = ROOM_KB + tracks * TRACK_KB;
  console.log(`memory: ${(kb / 1024).toFixed(0)} MiB more, ${(kb / ROOMS).toFixed(0)} KB a room with its ${tracks} tracks (of ${most}); ` +
    `${((descriptors(pid) - before.fds) / ROOMS).toFixed(1)} descriptors a room; ${status(pid, 'Threads')} threads`);
  return kb / ROOMS <= most;
}

// Everybody sends for some seconds, as `how` says of the place in the order: first one of each room, then the second of each.
// Returns how many packets were sent.
async function sendAll({ sfu, mics }, how) {
  const { news } = sfu.media, from = news.length;
  const order = [...mics.keys()].sort((a, b) => (a % (mics.length / ROOMS)) - (b % (mics.length / ROOMS)) || a - b);
  let sent = 0;
  order.forEach((index, place) => {
    const mic = mics[index], more = how(place), count = (SECONDS * 1000) / more.every_ms;
    mic.session.play(mic.sid, { seq: mic.seq ?? 1, timestamp: mic.timestamp ?? 0, ...more, count });
    sent += count;
  });
  await eventually('all is played', () => news.slice(from).filter(({ is }) => is === 'played').length === mics.length, within);
  const bySection = new Map(mics.map((mic) => [`${mic.session.id} ${mic.session.sections.get(mic.sid)}`, mic]));
  for (const { is, id, section, seq, timestamp } of news.slice(from))
    if (is === 'played') Object.assign(bySection.get(`${id} ${section}`), { seq, timestamp });
  return sent;
}

async function measure(world, name, speaking, how) {
  const { server, pid } = world;
  const came = await server.metric('prosa_packets_total'), cpu = cpuSeconds(pid), start = performance.now();
  const sent = await sendAll(world, how);
  const missing = async () => came + sent - (await server.metric('prosa_packets_total'));
  await eventually('all have come', async () => (await missing()) === 0, { within: 5000 }).catch(() => {});
  const took = (performance.now() - start) / 1000, used = cpuSeconds(pid) - cpu;
  console.log(`${name}: ${((100 * used) / took).toFixed(1)} % of a core` +
    `${speaking ? `, ${((1e6 * used) / took / speaking).toFixed(0)} us a second of one who speaks` : ''}; ${await missing()} packets missing of ${sent}, ` +
    `${await server.metric('prosa_packets_unrecorded_total')} unrecorded, ${await server.metric('prosa_packets_late_total')} late for the ears`);
  return missing();
}

test('five microphones in each room', async (t) => {
  const payloads = speech();
  const world = await joinAll(t, 5, false);
  const some = (speaking) =>
    measure(world, `${speaking} speak, ${world.mics.length - speaking} in DTX`, speaking,
      (place) => (place < speaking ? { payloads, step: 960, every_ms: 20 } : DTX));
  let missing = await some(ROOMS);
  tellMemory(world, 5); // recordings that the disk is behind with among it
  missing += await some(Math.round(ROOMS * 1.5)) + (await some(ROOMS * 2));
  await some(world.mics.length); // more than promised: what gives way is told, and no failure
  if (missing !== 0) throw new Error(`${missing} packets did not come`);
});

test('ten in DTX in each room', async (t) => {
  const world = await joinAll(t, 10, false);
  const missing = await measure(world, `${world.mics.length} in DTX`, 0, () => DTX);
  if (!tellMemory(world, 10)) throw new Error('more memory than promised');
  if (missing !== 0) throw new Error(`${missing} packets did not come`);
});

test('fifty that are muted in each room', async (t) => {
  const world = await joinAll(t, 50, true);
  const cpu = cpuSeconds(world.pid);
  await delay(SECONDS * 1000);
  console.log(`${world.mics.length} muted: ${(((cpuSeconds(world.pid) - cpu) / SECONDS) * 100).toFixed(1)} % of a core`);
  if (!tellMemory(world, 50)) throw new Error('more memory than promised');
});
