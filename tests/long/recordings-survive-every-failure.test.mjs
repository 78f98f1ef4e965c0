// The unit tests of the recorder with all the patience they ask for.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const tests = { 'two hundred kills': 'recorder_kill', 'every call, every errno': 'disk_fail' };

for (const [sentence, name] of Object.entries(tests)) {
  test(sentence, () => {
    const program = resolve(root, `build/debug/tests/unit/outside/outside-${name}_test`);
    const { status, stdout } = spawnSync(program, { env: { ...process.env, PROSA_TEST_LONG: '1' }, encoding: 'utf8', timeout: 900000 });
    assert.equal(status, 0, stdout);
  });
}
