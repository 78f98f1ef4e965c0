import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run, temporaryFolder } from './harness.mjs';

test('every command that --help lists explains its arguments, and says them after wrong ones', async (t) => {
  const cwd = await temporaryFolder(t);
  const help = await run(['--help'], { cwd });
  assert.equal(help.code, 0);
  const names = help.stdout.split('\n\n')[2].split('\n').map((line) => line.trim().split(' ')[0])
    .filter((word) => !word.startsWith('--'));
  assert.ok(names.includes('serve') && names.includes('repair') && names.length >= 10, names.join(' '));
  for (const name of names) {
    const { code, stdout, stderr } = await run([name, '--help'], { cwd });
    assert.deepEqual([code, stderr], [0, ''], name);
    assert.match(stdout, new RegExp(`^usage: prosa ${name}( .+)?\n\nprosa ${name}: .+\\.\n`));
    const wrong = await run([name, '--no-such-option'], { cwd });
    assert.deepEqual([wrong.code, wrong.stdout], [2, ''], name);
    assert.equal(wrong.stderr.trimEnd().split('\n').at(-1), stdout.split('\n')[0]);
  }
});
