// Real voices in a meeting, and a prosody service that measures what the script says: each emotional feedback type fires, from
// the right person. The same audio without measurements fires none of them.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { openTrack } from './egress.mjs';
import { eventually, once, startServer } from './harness.mjs';
import { openClient } from './meeting.mjs';
import { inTime, undisturbed } from './undisturbed.mjs';
import { FakeHumeV0, FakeHumeV1 } from '../fakes/hume.mjs';

const RATE = 16000, SECONDS = 34, MESSAGE_MS = 100;
const SIGN_MS = 400; // each begins with a faint tone of its own, by which the service knows who it is
const SOUNDS = '/usr/share/asterisk/sounds/';
const EMOTIONAL = ['tendencia_emocional_negativa', 'engajamento_baixo', 'frustracao_crescente', 'entusiasmo_alto',
  'energia_grupo_baixa', 'polarizacao_emocional', 'efeito_pos_interrupcao'];

// Who speaks from second to second, a recording of Debian's telephone voices, and what the service reads from when on. Bruno
// and Carla are tired; Ana is glad, until Diego, excited, interrupts her: then she is angry.
const people = {
  ana: { hz: 300, voice: 'en_US_f_Allison/demo-instruct', speaks: [[1, 15.6], [19, SECONDS]],
    moods: [[0, { Joy: 0.4 }], [17, { Anger: 1 }]] },
  bruno: { hz: 600, voice: 'it_IT_m_Carlo/priv-callee-options', speaks: [[1, 12]], moods: [[0, { Tiredness: 1 }]] },
  carla: { hz: 900, voice: 'en_US_f_Allison/priv-callee-options', speaks: [[1, 12]], moods: [[0, { Tiredness: 1 }]] },
  diego: { hz: 1200, voice: 'it_IT_m_Carlo/demo-congrats', speaks: [[14, 23]], moods: [[0, { Excitement: 1 }]] },
};

function soundOf({ hz, voice, speaks }) {
  const words = execFileSync('ffmpeg', ['-v', 'error', '-f', 'g722', '-i', `${SOUNDS}${voice}.g722`, '-f', 's16le',
    '-ar', String(RATE), '-ac', '1', '-'], { maxBuffer: 1e8 });
  const pcm = Buffer.alloc(RATE * SECONDS * 2);
  for (let i = 0; i < (RATE * SIGN_MS) / 1000; i++)
    pcm.writeInt16LE(Math.round(Math.sin((2 * Math.PI * hz * i) / RATE) * 1000), i * 2);
  let from = 0;
  for (const [start, end] of speaks) {
    const bytes = Math.round((end - start) * RATE) * 2;
    words.copy(pcm, Math.round(start * RATE) * 2, from, from + bytes);
    from += bytes;
  }
  return pcm;
}

function nameOf(audio) {
  const first = audio[0].subarray(0, 3200); // 100 ms
  let crossings = 0;
  for (let i = 2; i < first.length; i += 2)
    if (first.readInt16LE(i - 2) < 0 && first.readInt16LE(i) >= 0) crossings++;
  return Object.keys(people).find((name) => Math.abs(people[name].hz - crossings * 10) <= 60);
}

function script(audio, atMs) {
  const moods = people[nameOf(audio)]?.moods ?? [];
  return moods.findLast(([from]) => atMs >= from * 1000)?.[1] ?? {};
}

let sounds; // of the people, in their order

// The whole meeting at a server; `enough` ends it sooner, and a slow machine may take `more` seconds of silence for it.
async function play(t, env, { enough = () => false, more = 1 } = {}) {
  const server = await startServer(t, { env: { AUDIO_RECORD_FORMAT: 'off', AUDIO_PIPELINE_GROUP_SECONDS: '1',
    HUME_SKIP_SILENCE: 'off', ...env } });
  t.signs?.push(async () => 1); // what comes late may miss its judgement, which nobody counts
  const host = await openClient(t, server);
  host.emit('join-room', 'feedback:RM_e');
  await once(host, 'user-joined', { within: 30000 });
  const sockets = [];
  for (const participant of Object.keys(people))
    sockets.push(await openTrack(server, { roomName: 'sala', meetingId: 'RM_e', participant, trackId: `TR_${participant}`,
      sampleRate: RATE }));
  const bytes = (RATE * 2 * MESSAGE_MS) / 1000;
  const emotional = () => host.feedback.filter(({ type }) => EMOTIONAL.includes(type));
  await inTime(t, async () => {
    const began = Date.now();
    for (let sent = 0; sent < ((SECONDS + more) * 1000) / MESSAGE_MS && !enough(emotional()); sent++) {
      const at = sent * bytes;
      sockets.forEach((socket, i) =>
        socket.send(at < sounds[i].length ? sounds[i].subarray(at, at + bytes) : Buffer.alloc(bytes)));
      await delay(Math.max(0, began + (sent + 1) * MESSAGE_MS - Date.now()));
    }
  });
  for (const socket of sockets) socket.close();
  return { server, emotional: emotional() };
}

const typesOf = (events) => [...new Set(events.map(({ type }) => type))].sort();
const whoOf = (events, type) => [...new Set(events.filter((e) => e.type === type).map((e) => e.participantId))].sort();

const options = { concurrency: 4, skip: !existsSync(`${SOUNDS}it_IT_m_Carlo`) && 'the voices are not installed' };

test('emotional feedback', options, async (t) => {
  sounds = Object.values(people).map(soundOf);
  const cases = [['v0', FakeHumeV0], ['v1', FakeHumeV1]].map(([name, Fake]) =>
    t.test(`${name}: fires from measurements, and tells of the right person`, (t) => undisturbed(t, async (t) => {
      const hume = await new Fake({ scores: script, aheadMs: 60000 }).start();
      t.after(() => hume.stop());
      const enough = (events) => typesOf(events).length === EMOTIONAL.length;
      const { emotional } = await play(t, { HUME_API_KEY: 'k3y', HUME_WS_URL: hume.url }, { enough, more: 20 });
      assert.deepEqual(typesOf(emotional), [...EMOTIONAL].sort());
      for (const [type, names] of [['tendencia_emocional_negativa', 'ana'], ['frustracao_crescente', 'ana'],
        ['entusiasmo_alto', 'diego'], ['efeito_pos_interrupcao', 'ana']])
        assert.deepEqual(whoOf(emotional, type), [names], type);
      assert.ok(whoOf(emotional, 'engajamento_baixo').every((name) => ['bruno', 'carla'].includes(name)));
      assert.deepEqual(hume.errors, []);
    })));
  cases.push(t.test('without a key nothing of the kind is told', async (t) => {
    const { emotional } = await play(t, {});
    assert.deepEqual(emotional, []);
  }));
  cases.push(t.test('a service that measures nothing makes nothing of the kind', async (t) => {
    const hume = await new FakeHumeV1({ scores: () => ({}), aheadMs: 60000 }).start();
    t.after(() => hume.stop());
    const { server, emotional } = await play(t, { HUME_API_KEY: 'k3y', HUME_WS_URL: hume.url });
    assert.deepEqual(emotional, []);
    await eventually('it was heard', async () => (await server.metric('prosa_hume_latency_seconds_count')) > 10);
  }));
  await Promise.all(cases);
});
