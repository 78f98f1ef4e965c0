import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { run, temporaryFolder } from './harness.mjs';

const made = [
  ['--env-example', '../../env.example'],
  ['--markdown', '../../docs/configuration.md'],
  ['--rules-schema', '../../docs/rules.schema.json'],
];

for (const [option, file] of made)
  test(`${file.slice(6)} is what the table of settings makes`, async () => {
    const { code, stdout } = await run(['check-config', option]);
    assert.equal(code, 0);
    assert.equal(stdout, await readFile(new URL(file, import.meta.url), 'utf8'));
  });

test('a bad value stops the start with one sentence that names it', async (t) => {
  const cwd = await temporaryFolder(t);
  for (const command of ['serve', 'check-config']) {
    const { code, stderr } = await run([command], { cwd, env: { PORT: 'abc' } });
    assert.equal(code, 1);
    assert.equal(stderr, 'prosa: PORT is "abc": it must be a whole number from 0 to 65535\n');
  }
});

test('wrong usage is exit code 2', async () => {
  for (const args of [['nonsense'], ['serve', 'x'], ['demo', '--locale', 'xx'], ['check-config', '--x']]) {
    const { code, stdout } = await run(args);
    assert.equal(code, 2);
    assert.equal(stdout, '');
  }
});
