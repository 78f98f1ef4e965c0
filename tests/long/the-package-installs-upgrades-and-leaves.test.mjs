// The Debian package in a Debian of its own, which debootstrap makes. As root only: it changes its root folder.
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { appendFile, copyFile, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { atEnd, eventually, temporaryFolder } from '../system/harness.mjs';

const top = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const call = promisify(execFile);
const quiet = { env: { PATH: process.env.PATH, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' }, maxBuffer: 1 << 26 };

let built;
before(async () => {
  const { stdout } = await call('./run', ['package'], { cwd: top, maxBuffer: 1 << 26 });
  built = join(top, /^Built (\S+\.deb)$/m.exec(stdout)[1]);
});

// The same package under a later version.
async function laterPackage(folder) {
  const tree = join(folder, 'later');
  await call('dpkg-deb', ['-R', built, tree]);
  const control = join(tree, 'DEBIAN/control');
  await writeFile(control, (await readFile(control, 'utf8')).replace(/^Version: .*/m, '$&+later'));
  await call('dpkg-deb', ['--root-owner-group', '--build', tree, join(folder, 'later.deb')]);
  return join(folder, 'later.deb');
}

async function debian(t, folder) {
  const root = join(folder, 'root');
  await call('debootstrap', ['--variant=minbase', '--include=adduser,ca-certificates', 'bookworm', root], quiet);
  const inside = (...words) => call('chroot', [root, ...words], quiet);
  await call('mount', ['-t', 'proc', 'proc', join(root, 'proc')]);
  atEnd(t, () => call('umount', ['-l', join(root, 'proc')]));
  return { root, inside };
}

// As the unit starts it, but for what only systemd can do.
async function serve(t, root) {
  const words = [root, 'runuser', '-u', 'prosa', '--', 'env', '-C', '/var/lib/prosa', 'STORAGE_DIR=/var/lib/prosa', 'NODE_ENV=production',
    'PORT=0', 'PROSA_HOST=127.0.0.1', '/usr/bin/prosa', 'serve'];
  const child = spawn('chroot', words, { stdio: ['ignore', 'pipe', 'pipe'], env: quiet.env });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (log += part));
  const ended = new Promise((done) => child.on('close', done));
  atEnd(t, () => child.kill('SIGKILL'));
  const port = await eventually('it listens', () => {
    assert.equal(child.exitCode, null, log);
    return /listening.*\bport[=":]+(\d+)/.exec(log)?.[1];
  });
  const stop = async () => {
    execFileSync('pkill', ['-TERM', '-P', String(child.pid)]);
    return ended;
  };
  return { port, stop };
}

test('it installs without starting, upgrades with its settings kept, and is purged without a trace', async (t) => {
  const folder = await temporaryFolder(t);
  const { root, inside } = await debian(t, folder);
  const before = new Set(await readdir(join(root, 'etc')));
  await copyFile(built, join(root, 'prosa.deb'));
  const installed = await inside('apt-get', 'install', '-y', '--no-install-recommends', '/prosa.deb');
  assert.match(installed.stdout, /does not run yet/);
  assert.equal((await stat(join(root, 'etc/prosa/prosa.env'))).mode & 0o777, 0o640);
  assert.match(readFileSync(join(root, 'etc/passwd'), 'utf8'), /^prosa:.*:\/var\/lib\/prosa:\/usr\/sbin\/nologin$/m);
  assert.match((await inside('prosa', '--version')).stdout, /^prosa \d/);
  assert.ok(existsSync(join(root, 'usr/share/man/man1/prosa.1.gz')) || !existsSync(join(root, 'usr/share/man')));

  // systemd makes StateDirectory= itself.
  await inside('install', '-d', '-o', 'prosa', '-g', 'prosa', '-m', '0750', '/var/lib/prosa');
  const server = await serve(t, root);
  assert.equal((await fetch(`http://127.0.0.1:${server.port}/health`)).status, 200);
  assert.equal(await server.stop(), 0);
  assert.ok(existsSync(join(root, 'var/lib/prosa/prosa.db')));

  await appendFile(join(root, 'etc/prosa/prosa.env'), 'PORT=3999\n');
  await copyFile(await laterPackage(folder), join(root, 'later.deb'));
  const upgraded = await inside('apt-get', 'install', '-y', '/later.deb');
  assert.doesNotMatch(upgraded.stdout, /does not run yet/);
  assert.match((await inside('dpkg-query', '-W', '-f', '${Version} ${Status}', 'prosa')).stdout, /\+later install ok installed/);
  assert.match(readFileSync(join(root, 'etc/prosa/prosa.env'), 'utf8'), /^PORT=3999$/m);

  await inside('apt-get', 'remove', '-y', 'prosa');
  assert.ok(existsSync(join(root, 'var/lib/prosa/prosa.db')), 'removing keeps recordings');
  await inside('apt-get', 'purge', '-y', 'prosa');
  const left = (await call('find', [root, '-xdev', '-path', `${root}/proc`, '-prune', '-o', '-name', '*prosa*', '-print'])).stdout;
  assert.deepEqual(left.split('\n').filter((path) => path && !/\/prosa\.deb$|\/var\/(lib\/(dpkg|apt)|log|cache|backups)\//.test(path)), []);
  assert.doesNotMatch(readFileSync(join(root, 'etc/passwd'), 'utf8'), /^prosa:/m);
  assert.deepEqual((await readdir(join(root, 'etc'))).filter((name) => !before.has(name) && /prosa/.test(name)), []);
});

test('the unit is right in the eyes of systemd, and exposes little', async (t) => {
  const folder = await temporaryFolder(t);
  await call('dpkg-deb', ['-x', built, folder]);
  const unit = join(folder, 'usr/lib/systemd/system/prosa.service');
  const text = (await readFile(unit, 'utf8')).replace('/usr/bin/prosa', join(folder, 'usr/bin/prosa'));
  await mkdir(join(folder, 'units'));
  const copy = join(folder, 'units/prosa.service');
  await writeFile(copy, text);
  await copyFile(join(folder, 'usr/lib/systemd/system/prosa.socket'), join(folder, 'units/prosa.socket'));
  const verified = await call('systemd-analyze', ['verify', '--man=no', copy, join(folder, 'units/prosa.socket')], { env: { ...quiet.env, HOME: '/root' } });
  assert.doesNotMatch(verified.stderr, /units\/prosa\./);
  const judged = await call('systemd-analyze', ['security', '--offline=true', '--threshold=20', copy]);
  assert.match(judged.stdout, /Overall exposure level[^:]*: [01]\.\d/);
});
