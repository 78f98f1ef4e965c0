// Most people join with their microphone off. They are in the meeting all the same; recorders, agents and hidden ones are not.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { described } from '../fakes/livekit.mjs';
import { audioTracks, startWorld } from '../fakes/world.mjs';
import { eventually } from './harness.mjs';
import { openClient } from './meeting.mjs';

const VOICE = '/usr/share/asterisk/sounds/en_US_f_Allison/demo-instruct.g722';
const needs = existsSync(VOICE) ? false : "Debian's telephone voices are missing";
const SPEECH_S = 4;

// Some seconds of a voice on both channels, then silence.
function speech() {
  const words = execFileSync('ffmpeg', ['-v', 'error', '-f', 'g722', '-i', VOICE, '-f', 's16le', '-ar', '48000', '-ac', '2', '-'],
    { maxBuffer: 1e8 }).subarray(0, SPEECH_S * 192000);
  return (first, frames) => {
    const pcm = Buffer.alloc(frames * 4);
    words.subarray(first * 4, (first + frames) * 4).copy(pcm);
    return pcm;
  };
}

test('a silence between one microphone and people without one is told', { skip: needs }, async (t) => {
  const source = speech();
  const { livekit, server } = await startWorld(t, { livekit: { egress: () => source },
    env: { FEEDBACK_ACCESS: 'open', RULE_SILENCIO_PROLONGADO_GROUP_S: '2' } });
  const others = {
    people: [['bob', {}], ['eva', { kind: 'SIP' }]],
    machines: [['bot', { kind: 'AGENT' }], ['ghost', { permission: { hidden: true } }], ['tape', { kind: 'EGRESS' }]],
    left: [['bob', {}]],
  };
  const hosts = {};
  for (const [name, guests] of Object.entries(others)) {
    hosts[name] = await openClient(t, server);
    hosts[name].emit('join-room', `feedback:${name}`);
    const { room } = await livekit.begin(name, 'ana');
    for (const [identity, fields] of guests) {
      const guest = livekit.participant(room, identity, fields);
      await livekit.webhook(livekit.event('participant_joined', room, { participant: described(guest) }));
      if (name === 'left')
        await livekit.webhook(livekit.event('participant_left', room, { participant: described(guest) }));
    }
  }
  await eventually('three are heard', async () => (await audioTracks(server)) === 3);
  await eventually('the silence is told', () => hosts.people.feedback.length > 0);
  const [event] = hosts.people.feedback;
  assert.deepEqual([event.type, event.participantId], ['silencio_prolongado', 'group']);
  await delay(2000);
  assert.deepEqual([hosts.machines.feedback, hosts.left.feedback], [[], []]);
});
