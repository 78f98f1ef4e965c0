// The unit test of the audio clock with all the patience it asks for: ten thousand networks, and one for eight hours.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

test('ten thousand networks, and eight hours of one', () => {
  const program = resolve(root, 'build/debug/tests/unit/meeting/meeting-audio_clock_test');
  const patience = { PROSA_CLOCK_SEEDS: '10000', PROSA_CLOCK_HOURS: '8' };
  const { status, stdout, stderr } = spawnSync(program, { env: { ...process.env, ...patience }, encoding: 'utf8', timeout: 900000 });
  assert.equal(status, 0, stdout + stderr);
});
