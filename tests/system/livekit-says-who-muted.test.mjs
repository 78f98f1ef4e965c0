// No webhook tells of a mute, and an egress says only that no more packets come. LiveKit knows whether somebody muted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { silence } from '../fakes/egress.mjs';
import { described } from '../fakes/livekit.mjs';
import { audioTracks, startWorld } from '../fakes/world.mjs';
import { eventually } from './harness.mjs';
import { openClient } from './meeting.mjs';

const env = {
  FEEDBACK_ACCESS: 'open',
  MUTE_TAIL_MS: '300',
  EGRESS_DELAY_MS: '0',
  RULE_SILENCIO_PROLONGADO_DEAD_MIC_S: '2',
  RULE_VOLUME_ALTO_ENABLED: '0',
};

// A room in which these people's microphones are heard, and a host who hears what is told.
async function begin(t, names) {
  const { livekit, server } = await startWorld(t, { env });
  const people = [];
  for (const name of names) people.push(await livekit.begin('daily', name));
  await eventually('all are heard', async () => (await audioTracks(server)) === names.length);
  await eventually('all are sent', () => livekit.egresses.every(({ client }) => client?.frames > 0));
  const host = await openClient(t, server);
  host.emit('join-room', 'feedback:daily');
  const clientOf = ({ track }) => livekit.egresses.find(({ info }) => info.track.track_id === track.sid).client;
  return { livekit, server, people, host, clientOf };
}

// What Egress does when no more packets come: zeros, and the word.
function stop(client) {
  client.source = silence();
  client.mute(true);
}

const about = (host, name) => host.feedback.filter(({ participantId }) => participantId === name);

const muted = async (server, room) => {
  const { body } = await server.get(`/feedback/debug/${room.sid}`);
  return body.participants.filter(({ isMuted }) => isMuted).map(({ participantId }) => participantId);
};

test('who was cut off is told, and who muted is not', async (t) => {
  const { livekit, server, people, host, clientOf } = await begin(t, ['ana', 'bob']);
  const [ana, bob] = people;
  ana.track.muted = true;
  for (const person of people) stop(clientOf(person));
  await eventually('the one who was cut off is told', () => about(host, 'bob').length > 0);
  const [event] = about(host, 'bob');
  assert.equal(event.type, 'silencio_prolongado');
  assert.equal(event.metadata.reason, 'no_frames');
  await delay(1000);
  assert.deepEqual(about(host, 'ana'), []);
  assert.deepEqual(await muted(server, ana.room), ['ana']);
  assert.ok(livekit.calls.some(({ method, body }) => /GetParticipant/.test(method) && body.identity));
  assert.equal(bob.track.muted, undefined);
});

test('until LiveKit answers, nobody is muted and nobody is dead', async (t) => {
  const { livekit, server, people, host, clientOf } = await begin(t, ['ana', 'bob']);
  livekit.mode = 'hang';
  const before = livekit.calls.length;
  stop(clientOf(people[1]));
  await eventually('it is asked', () => livekit.calls.length > before);
  await delay(3000);
  assert.deepEqual(host.feedback, []);
  assert.deepEqual(await muted(server, people[1].room), []);
});

test('a whole room that mutes is asked about with few questions', async (t) => {
  const { livekit, server, people, clientOf } = await begin(t, ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']);
  const before = livekit.calls.length;
  for (const { track } of people) track.muted = true;
  // On a busy machine their words come apart: the first answer waits for the last word.
  let answer;
  livekit.gate = new Promise((done) => (answer = done));
  for (const person of people) stop(clientOf(person));
  await eventually('all have said so', async () => (await server.metric('prosa_text_frames_total')) === people.length);
  answer();
  await eventually('all are muted', async () => (await muted(server, people[0].room)).length === people.length);
  const asked = livekit.calls.slice(before).filter(({ method }) => /Participant/.test(method));
  assert.ok(asked.length <= 3, `${asked.length} questions`);
});

test('what a track says after it was unpublished is not heard', async (t) => {
  const { livekit, server, people, clientOf } = await begin(t, ['ana', 'bob', 'eva']);
  const [ana, bob, eva] = people;
  for (const { track } of people) track.muted = true;
  for (const person of people) stop(clientOf(person));
  await eventually('all are muted', async () => (await muted(server, ana.room)).length === 3);
  await livekit.webhook(livekit.event('track_unpublished', bob.room,
    { participant: { sid: bob.participant.sid, identity: 'bob' }, track: bob.track }));
  await livekit.webhook(livekit.event('participant_left', eva.room, { participant: described(eva.participant) }));
  for (const person of people) clientOf(person).mute(false);
  await eventually('the one who stayed is unmuted', async () => !(await muted(server, ana.room)).includes('ana'));
  assert.deepEqual((await muted(server, ana.room)).sort(), ['bob', 'eva']);
});

// LiveKit is away for a while: neither answered nor forgotten.
for (const [what, names] of [['one person', ['ana', 'bob']], ['several people', ['ana', 'bob', 'eva']]])
  test(`what LiveKit did not say about ${what} is asked again, ever more slowly`, async (t) => {
    const { livekit, server, people, host, clientOf } = await begin(t, names);
    livekit.fail = (method) => (/Participant/.test(method) ? [503, 'unavailable', 'no response from servers'] : undefined);
    const before = livekit.calls.length;
    const asked = () => livekit.calls.slice(before).filter(({ method }) => /Participant/.test(method));
    const silent = people.slice(1);
    for (const { track } of silent) track.muted = true;
    for (const person of silent) stop(clientOf(person));
    // The sweep asks for participants as well, every two seconds or so; together they are a dozen at most.
    const lasted = () => asked().at(-1).at - asked()[0].at;
    await eventually('it was asked for five seconds', () => asked().length >= 4 && lasted() > 5000);
    assert.ok(asked().length <= 12, `${asked().length} questions in ${lasted()} ms`);
    assert.deepEqual(await muted(server, people[0].room), []);
    assert.equal(server.log.split('\n').filter((line) => line.includes('LiveKit does not say who muted')).length, 1);
    livekit.fail = () => undefined;
    await eventually('it is known', async () => (await muted(server, people[0].room)).length === silent.length);
    assert.deepEqual(host.feedback, []);
  });
