// What tools/install, and so ./run and ./test, say when they cannot install: one sentence that tells what to do.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from './harness.mjs';

const install = fileURLToPath(new URL('../../tools/install', import.meta.url));

// A system of which nothing is known but the commands given: { name: script }.
async function runOn(t, commands) {
  const bin = await temporaryFolder(t);
  const tools = ['sh', 'dirname', 'awk', 'grep', 'tail', 'mktemp', 'rm', 'ls', 'env'];
  for (const name of tools) {
    const found = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim();
    await symlink(found, join(bin, name));
  }
  const system = { uname: 'echo Linux', id: 'echo 1000', 'dpkg-query': 'exit 1', 'apt-get': 'exit 0', ...commands };
  for (const [name, script] of Object.entries(system)) {
    if (!script) continue;
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(bin, name), 0o755);
  }
  const { status, stderr, stdout } = spawnSync(install, ['run'], { encoding: 'utf8', env: { PATH: bin },
    stdio: ['ignore', 'pipe', 'pipe'] });
  assert.equal(stdout, '');
  return { status, lines: stderr.trimEnd().split('\n') };
}

const byHand = /apt-get update && apt-get install --no-install-recommends gcc .*libuv1-dev/;
const sudo = 'case $1 in -n) exit 0 ;; *) exec "$@" ;; esac';

for (const [what, commands, says] of [
  ['another system than Linux', { uname: 'echo Darwin' }, [/^Prosa builds on Linux; on Darwin use the container: docker build /]],
  ['no apt-get and no compiler', { 'apt-get': null }, [/^This system has no apt-get: install the equivalents .*: gcc /]],
  ['no sudo', {}, [byHand]],
  ['a sudo that wants a password where nobody can type one', { sudo: 'exit 1' }, [/sudo wants a password and there is no terminal/]],
  ['a package lock that another program holds',
    { sudo, 'apt-get': 'echo "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 7"; exit 100' },
    [/^Installing: gcc /, /^Another program holds the package lock .*; try again/]],
  ['an archive that is away', { sudo, 'apt-get': 'echo "E: Failed to fetch http://deb.example/"; exit 100' },
    [/^Installing: gcc /, /Failed to fetch/, /^apt-get could not refresh its package lists; .*install by hand/]],
])
  test(what, async (t) => {
    const { status, lines } = await runOn(t, commands);
    assert.equal(status, 1);
    assert.equal(lines.length, says.length, lines.join('\n'));
    says.forEach((pattern, i) => assert.match(lines[i], pattern));
  });

test('what is installed is not installed again', async (t) => {
  const { status, lines } = await runOn(t, { 'dpkg-query': 'echo installed', 'apt-get': 'exit 100' });
  assert.deepEqual([status, lines], [0, ['']]);
});
