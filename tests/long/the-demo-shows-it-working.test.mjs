import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { test } from 'node:test';
import { run } from '../system/harness.mjs';

test('the demo speaks Spanish, and no language that nobody speaks here', async (t) => {
  const { code, stdout, stderr } = await run(['demo', '--locale', 'es', '--seconds', '20'], { cwd: '/' });
  const folder = /Remove: +rm -r (\S+)/.exec(stdout)?.[1];
  if (folder) t.after(() => rm(folder, { recursive: true, force: true }));
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /Bruno: (casi inaudible|volumen bajo)/);
  assert.equal((await run(['demo', '--locale', 'xx'])).code, 2);
});

test('the demo tells at least four kinds of things, the first within 15 s, and records what it sent', async (t) => {
  const { code, stdout, stderr } = await run(['demo', '--locale', 'pt-BR'], { cwd: '/' });
  const folder = /Remove: +rm -r (\S+)/.exec(stdout)?.[1];
  if (folder) t.after(() => rm(folder, { recursive: true, force: true }));
  assert.equal(code, 0, stdout + stderr);
  const [, events, types, first] = /(\d+) events of (\d+) types, the first after ([\d.]+) s/.exec(stdout);
  assert.ok(Number(events) >= 4);
  assert.ok(Number(types) >= 4, stdout);
  assert.ok(Number(first) <= 15);
  assert.match(stdout, /● critical +Bruno: /);
  assert.equal(stdout.match(/ identical +\S+\.wav/g).length, 4);
  assert.ok(!stdout.includes('DIFFERENT'));
});
