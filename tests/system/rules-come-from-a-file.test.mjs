// RULES_FILE: rules for organizations and kinds of meeting, read again at SIGHUP.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually, run, startServer, temporaryFolder } from './harness.mjs';
import { deadMicrophone, join as joinRoom, livekit, openClient, startRoom } from './meeting.mjs';

const deadMic = (seconds) => `{"silencio_prolongado": {"dead_mic_s": ${seconds}}}`;
const rules = (kind, organization) => `// Ours.
{
  "rules": ${deadMic(600)},
  "kinds": {"aula": ${deadMic(kind)}},
  "organizations": {"escola": {"rules": ${deadMic(organization)}}}
}
`;

async function withFile(t, text, env = {}) {
  const file = join(await temporaryFolder(t), 'rules.json');
  await writeFile(file, text);
  return { file, env: { ...livekit, FEEDBACK_ACCESS: 'open', DEFAULT_ORGANIZATION: '', RULES_FILE: file, ...env } };
}

async function meeting(t, server, name, metadata) {
  await startRoom(server, `RM_${name}`, name, metadata && JSON.stringify(metadata));
  const host = await openClient(t, server);
  await joinRoom(host, `feedback:${name}`);
  await deadMicrophone(t, server, { room: name });
  return host;
}

const logged = (server, text) => eventually(`the log says ${text}`, () => server.log.includes(text));

test('a kind of meeting has its own rules, and a live one gets new ones at SIGHUP', async (t) => {
  const { file, env } = await withFile(t, rules(1, 600));
  const server = await startServer(t, { env });
  const lesson = await meeting(t, server, 'lesson', { meetingKind: 'aula' });
  const daily = await meeting(t, server, 'daily', { meetingKind: 'daily' });
  const plain = await meeting(t, server, 'plain');
  await eventually('the lesson is told', () => lesson.feedback.length > 0);
  assert.equal(lesson.feedback[0].metadata.limit, 1);
  await delay(1500);
  assert.deepEqual([daily.feedback, plain.feedback], [[], []]);

  await writeFile(file, '{\n  "rules": {"silencio_prolongado":\n    {"dead_mic_s": 0}}\n}\n');
  server.child.kill('SIGHUP');
  await logged(server, 'line 3: silencio_prolongado.dead_mic_s is 0: it must be a number from 1 to 600');
  await writeFile(file, '{"rules": {"silencio_prolongado": {"dead_mic_s": 1},}}');
  server.child.kill('SIGHUP');
  await eventually('both are refused', () => server.log.split('the rules stay as they were').length === 3);
  await delay(1200);
  assert.deepEqual([daily.feedback, plain.feedback], [[], []]); // a rejected file changes nothing

  await writeFile(file, `{"rules": ${deadMic(2)}}`);
  server.child.kill('SIGHUP');
  await logged(server, 'rules read again');
  await eventually('both are told', () => daily.feedback.length > 0 && plain.feedback.length > 0);
  assert.equal(plain.feedback[0].metadata.limit, 2);
});

test('an organization has its own rules, once an operator has linked it', async (t) => {
  const folder = await temporaryFolder(t);
  const { env } = await withFile(t, rules(600, 1), { AUTH_REGISTRATION: 'open', STORAGE_DIR: join(folder, 'storage') });
  const server = await startServer(t, { env, folder });
  const { status } = await server.post('/auth/register',
    { email: 'ana@escola.example', password: 'correct horse battery', organizationName: 'Escola' });
  assert.equal(status, 201);
  const linked = await run(['org', 'link', 'escola'], { env, cwd: folder });
  assert.equal(linked.code, 0, linked.stderr);
  const theirs = await meeting(t, server, 'theirs', { organization: 'escola', meetingKind: 'aula' });
  const stranger = await meeting(t, server, 'stranger', { organization: 'nobody', meetingKind: 'aula' });
  await eventually('theirs is told', () => theirs.feedback.length > 0);
  assert.equal(theirs.feedback[0].metadata.limit, 1);
  await delay(1000);
  assert.deepEqual(stranger.feedback, []);
});

test('a file that cannot be used stops the start with one sentence', async (t) => {
  const cwd = await temporaryFolder(t);
  await writeFile(join(cwd, 'bad.json'), '// Ours\n{"rules": {"volume_baixo": {"window_s": 99}}}');
  for (const command of ['serve', 'check-config']) {
    const bad = await run([command], { cwd, env: { RULES_FILE: 'bad.json', PORT: '0' } });
    assert.equal(bad.code, 1);
    assert.match(bad.stderr, /RULES_FILE bad\.json, line 2: volume_baixo\.window_s is 99: it must be a number from 0\.5 to 10\n/);
    const none = await run([command], { cwd, env: { RULES_FILE: 'none.json', PORT: '0' } });
    assert.equal(none.code, 1);
    assert.match(none.stderr, /RULES_FILE none\.json cannot be read: No such file or directory\n/);
  }
});
