import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { run, temporaryFolder } from './harness.mjs';

const old = `PORT=3005
DATABASE_URL="postgresql://live:a-password-of-this-test@localhost:5432/live?schema=public"
LIVEKIT_HOST=wss://livekit.example.org
LIVEKIT_API_KEY=APIkey
LIVEKIT_API_SECRET=a-secret-of-this-test-0123
HUME_API_KEY=
CORS_ORIGIN=https://meet.example.org
THROTTLE_TTL=60
`;

async function explain(t, text) {
  const cwd = await temporaryFolder(t);
  await writeFile(join(cwd, 'old.env'), text);
  // What this shell has set means nothing for the server that is to come.
  return run(['check-config', '--from-nest', 'old.env'], { cwd, env: { PORT: 'many' } });
}

test('each line of an old env file is explained, and no value repeated', async (t) => {
  const { code, stdout } = await explain(t, old);
  assert.equal(code, 0);
  assert.match(stdout, /^PORT +taken: TCP port/m);
  assert.match(stdout, /^DATABASE_URL +taken: /m);
  assert.match(stdout, /^LIVEKIT_HOST +taken, as LIVEKIT_API_URL: /m);
  assert.match(stdout, /^HUME_API_KEY +empty, so it counts as unset$/m);
  assert.match(stdout, /^CORS_ORIGIN +ignored: no setting of Prosa; did you mean CORS_ORIGINS\?$/m);
  assert.match(stdout, /^THROTTLE_TTL +ignored: no setting of Prosa$/m);
  for (const value of ['a-password-of-this-test', 'a-secret-of-this-test']) assert.ok(!stdout.includes(value));
});

test('what is refused now is named with the setting that lets it in, and what stays open', async (t) => {
  const { stdout } = await explain(t, old);
  const [, refused, open] = /^Refused now, let in before:\n((?: {2}.*\n)+)\n(Still open: .*)$/m.exec(stdout);
  for (const setting of ['LIVEKIT_WEBHOOK_VERIFY=off', 'EGRESS_AUTH=off', 'FEEDBACK_ACCESS=open', 'SOCKET_MESSAGE_SCOPE=all', 'AUTH_REGISTRATION=open'])
    assert.ok(refused.includes(`(as before: ${setting})`), setting);
  assert.match(open, /CORS_ORIGINS/);
  assert.match(stdout, /^Doubtful: CORS_ORIGIN is not a setting/m);
});

test('a file with which the start would be refused says so', async (t) => {
  const { code, stdout } = await explain(t, 'JWT_ACCESS_SECRET=change-me\n');
  assert.equal(code, 1);
  assert.match(stdout, /^The start would be refused: JWT_ACCESS_SECRET is /m);
  const missing = await run(['check-config', '--from-nest', '/nonexistent/env']);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /\/nonexistent\/env cannot be read: No such file/);
});
