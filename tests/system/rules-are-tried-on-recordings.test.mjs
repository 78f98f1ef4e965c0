// `prosa rules score`: what other settings would have told in a recorded meeting, beside what was told.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { finishedWav } from './egress.mjs';
import { eventually, run, startServer, temporaryFolder } from './harness.mjs';
import { deadMicrophone, join as joinRoom, livekit, openClient, quickRules, startRoom } from './meeting.mjs';

const marks = (text, mark) => text.split('\n').filter((line) => line.startsWith(`${mark} 0`));
const counts = (text, name) => text.split('\n').find((line) => line.startsWith(`${name} `)).trim().split(/ +/).slice(1).map(Number);

// A WAV of zeros, and a MEETING.json with it.
async function silentMeeting(folder, seconds) {
  const bytes = 16000 * 2 * seconds;
  const wav = Buffer.alloc(44 + bytes);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(36 + bytes, 4);
  wav.write('WAVEfmt ', 8);
  [16, 1 | (1 << 16), 16000, 32000, 2 | (16 << 16)].forEach((word, i) => wav.writeUInt32LE(word >>> 0, 16 + 4 * i));
  wav.write('data', 36);
  wav.writeUInt32LE(bytes, 40);
  await writeFile(join(folder, 'ana.wav'), wav);
  await writeFile(join(folder, 'meeting.json'), JSON.stringify({ name: 'zeros', participants: [{ id: 'ana', wav: 'ana.wav' }] }));
}

test('the recordings of a meeting are judged again, beside its stored events', async (t) => {
  const folder = await temporaryFolder(t);
  const env = { ...livekit, ...quickRules, FEEDBACK_ACCESS: 'open', STORAGE_DIR: join(folder, 'storage') };
  const server = await startServer(t, { env, folder });
  await startRoom(server, 'RM_daily', 'daily');
  const host = await openClient(t, server);
  await joinRoom(host, 'feedback:daily');
  const microphone = await deadMicrophone(t, server);
  await eventually('three are told', () => host.feedback.length >= 3);
  for (const [i, verdict] of [[0, 'wrong'], [1, 'told'], [2, 'wrong'], [2, 'told']]) {
    const { id, type, participantId } = host.feedback[i];
    const said = await fetch(`${server.url}/feedback/RM_daily/verdicts`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ feedbackId: id, type, participantId, verdict }) });
    assert.equal(said.status, 201, await said.text());
  }
  microphone.close();
  await finishedWav(server, 'TR_bob');
  await server.stop();
  const score = (...more) => run(['rules', 'score', '--no-dtx', ...more], { env, cwd: folder });

  const present = await score('RM_daily');
  assert.equal(present.code, 0, present.stderr);
  const [stored, now] = counts(present.stdout, 'silencio_prolongado');
  assert.ok(stored >= 3 && now >= 1, present.stdout);
  assert.ok(marks(present.stdout, '=').length >= 1, present.stdout);
  assert.match(present.stdout, /^RM_daily: 1 recordings\n/);

  const off = await score('RM_daily', '--set', 'RULE_SILENCIO_PROLONGADO_ENABLED=0');
  assert.deepEqual(counts(off.stdout, 'silencio_prolongado'), [stored, now, 0]);
  assert.equal(marks(off.stdout, '-').length, stored);
  assert.deepEqual([marks(off.stdout, '='), marks(off.stdout, '+')], [[], []]);
  assert.deepEqual([counts(off.stdout, 'wrong'), counts(off.stdout, 'told on').slice(1)], [[1, 0], [2, 0]]);
  assert.equal(marks(off.stdout, '-').filter((line) => line.endsWith('host: wrong')).length, 1);
  assert.equal(marks(off.stdout, '-').filter((line) => line.endsWith('host: told on')).length, 2);
});

test('a MEETING.json is judged by two settings', async (t) => {
  const cwd = await temporaryFolder(t);
  await silentMeeting(cwd, 14);
  const file = join(cwd, 'rules.json');
  await writeFile(file, '{"kinds": {"aula": {"silencio_prolongado": {"dead_mic_s": 5}}}}');
  const score = (...more) => run(['rules', 'score', 'meeting.json', ...more], { cwd });
  const earlier = await score('--rules', file, '--kind', 'aula');
  assert.equal(earlier.code, 0, earlier.stderr);
  assert.deepEqual(counts(earlier.stdout, 'silencio_prolongado'), [1, 1]);
  assert.match(marks(earlier.stdout, '-')[0], /^- 00:10\.\d  warning   silencio_prolongado +ana$/);
  assert.match(marks(earlier.stdout, '+')[0], /^\+ 00:05\.\d  warning   silencio_prolongado +ana$/);
  const later = await score('--set', 'RULE_SILENCIO_PROLONGADO_DEAD_MIC_S=11');
  assert.match(marks(later.stdout, '=')[0], /^= 00:11/);
});

test('what cannot be used is said', async (t) => {
  const cwd = await temporaryFolder(t);
  await silentMeeting(cwd, 1);
  await writeFile(join(cwd, 'bad.json'), '{"rules":\n{"x": {}}}');
  const said = async (...args) => {
    const { code, stderr } = await run(['rules', ...args], { cwd });
    return [code, stderr.split('\n')[0]];
  };
  assert.deepEqual(await said('score', 'meeting.json', '--rules', 'bad.json'),
    [1, 'prosa rules: RULES_FILE bad.json, line 2: there is no rule "x"']);
  assert.deepEqual(await said('score', 'meeting.json', '--set', 'RULE_VOLUME_BAIXO_WINDOW_S=99'),
    [1, 'prosa rules: RULE_VOLUME_BAIXO_WINDOW_S is "99": it must be a number from 0.5 to 10']);
  assert.deepEqual(await said('score', 'meeting.json', '--set', 'WINDOW_S=9'),
    [1, 'prosa rules: --set WINDOW_S=9: write RULE_<TYPE>_<FIELD>=NUMBER']);
  assert.deepEqual((await said('score', 'RM_nowhere'))[0], 1);
  assert.deepEqual((await said('score'))[0], 2);
  assert.deepEqual((await said('weigh', 'meeting.json'))[0], 2);
});
