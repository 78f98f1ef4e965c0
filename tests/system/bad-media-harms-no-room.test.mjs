// MEDIA_SOURCE=join where the bytes of the network are a stranger's: each kind is dropped and counted, and rooms beside it go on.
import assert from 'node:assert/strict';
import test from 'node:test';
import { FakeSfu } from '../fakes/sfu.mjs';
import { eventually, freePort, startServer } from './harness.mjs';

const dropped = (server, cause) => server.metric('prosa_packets_dropped_total', { cause });
const packets = (server) => server.metric('prosa_packets_total');
const media = (server) => server.metric('prosa_rooms', { way: 'media' });

async function startJoining(t, options) {
  const sfu = await new FakeSfu(options).listen(t);
  const server = await startServer(t, {
    env: { ...sfu.environment(await freePort()), EGRESS_AUTH: 'signed', MEDIA_SOURCE: 'join', RECONCILE_SECONDS: '1' },
  });
  sfu.target = server.url;
  return { sfu, server };
}

async function speak(sfu, room, identity) {
  const { track } = await sfu.begin(room, identity);
  await eventually(`${room} is joined`, () => sfu.joins.some((one) => one.room.name === room));
  const session = sfu.joins.find((one) => one.room.name === room);
  await session.play(track.sid);
  return { session, section: session.sections.get(track.sid) };
}

async function packetsCome(server) {
  const before = await packets(server);
  await eventually('packets come', async () => (await packets(server)) > before + 20);
}

test('rubbish, repeats and floods are counted, and the sound goes on', async (t) => {
  const { sfu, server } = await startJoining(t);
  const { session, section } = await speak(sfu, 'sala', 'ana');
  await packetsCome(server);
  const bad = (payload, more = {}) => session.do('raw', { payload, count: 50, ...more });
  bad(`806f0001${'00'.repeat(40)}`); // a source that nobody has named
  bad(`80c8000600000001${'00'.repeat(40)}`); // a report without protection
  await eventually('protection', async () => (await dropped(server, 'protection')) >= 100);
  bad(`16fefd${'00'.repeat(40)}`); // a record of DTLS that is none
  bad('00010000'); // a check that is none
  bad('ff'.repeat(100));
  bad('06'.repeat(3000)); // no protocol's, and long
  await eventually('foreign', async () => (await dropped(server, 'foreign')) >= 100);
  bad('00'.repeat(100), { elsewhere: true, count: 5000 });
  session.do('faults', { faults: ['twice', 'rubbish'] });
  await eventually('repeats', async () => (await dropped(server, 'repeated')) > 20);
  await packetsCome(server);
  session.do('faults', { faults: ['mutates'] });
  const before = await dropped(server, 'protection');
  await eventually('changed bytes', async () => (await dropped(server, 'protection')) > before + 20);
  await packetsCome(server);
  assert.equal(await server.metric('prosa_room_losses_total', { way: 'media' }), 0);
  assert.ok(section > 0);
});

test('offers in a burst, and sources that change, cost no packet of others', async (t) => {
  const { sfu, server } = await startJoining(t);
  const { session, section } = await speak(sfu, 'sala', 'ana');
  const other = await speak(sfu, 'outra', 'bruno');
  await packetsCome(server);
  const answers = session.answers;
  for (let i = 0; i < 100; i++) {
    session.do('ssrc', { section });
    if (i % 10 === 0) session.do('restart');
    session.offer();
  }
  await eventually('each is answered', () => session.answers === answers + 100);
  await packetsCome(server);
  assert.equal(await server.metric('prosa_room_bad_offers_total'), 0);
  assert.equal(await media(server), 2);
  assert.ok(other.session.isUp);
});

test('an offer of five thousand sections is refused, and the room is heard', async (t) => {
  const { sfu, server } = await startJoining(t);
  const { session } = await speak(sfu, 'sala', 'ana');
  await packetsCome(server);
  const section = (mid) => `m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:${mid}\r\na=rtpmap:111 opus/48000/2\r\n`;
  const head = `v=0\r\na=ice-ufrag:uuuu\r\na=ice-pwd:pppppppppppppppppppppp\r\na=fingerprint:sha-256 ${'AB:'.repeat(31)}AB\r\n`;
  session.say('offer', { type: 'offer', sdp: head + Array.from({ length: 5000 }, (_, i) => section(i)).join(''), id: 77 });
  await eventually('it is refused', async () => (await server.metric('prosa_room_bad_offers_total')) === 1);
  await packetsCome(server);
});

test('servers that are deaf or lie are given up and tried anew, and harm no other', async (t) => {
  const { sfu, server } = await startJoining(t);
  await speak(sfu, 'boa', 'ana');
  await packetsCome(server);
  const faults = ['deaf', 'wrong_password', 'wrong_fingerprint', 'no_profile'];
  for (const fault of faults) {
    sfu.options = { faults: [fault] };
    await sfu.begin(fault, 'bruno');
    await eventually(`${fault} is joined`, () => sfu.joins.some(({ room }) => room.name === fault));
  }
  for (const fault of faults)
    await eventually(`${fault} is tried anew`, () => sfu.joins.filter(({ room }) => room.name === fault).length > 1, { within: 60_000 });
  await packetsCome(server);
  assert.ok((await server.metric('prosa_room_losses_total', { way: 'media' })) >= faults.length);
  assert.equal(await media(server), 1);
});
