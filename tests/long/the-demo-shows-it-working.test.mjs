import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { test } from 'node:test';
import { spawn } from 'node:child_process';
import { binary, eventually, run } from '../system/harness.mjs';
import { openPage } from '../fakes/browser.mjs';

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

test('the demo can be watched on its page, and its report read until somebody has read it', async (t) => {
  const child = spawn(binary, ['demo', '--locale', 'en', '--seconds', '20', '--keep'], { cwd: '/', stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise((done) => child.on('close', done));
  let out = '';
  child.stdout.on('data', (part) => (out += part));
  t.after(() => {
    child.kill();
    const folder = /Remove: +rm -r (\S+)/.exec(out)?.[1];
    return folder && rm(folder, { recursive: true, force: true });
  });
  const page = await openPage(t);
  await page.goto(await eventually('the address of the live page', () => /Watch it: +(\S+)/.exec(out)?.[1]));
  await page.waitForSelector('prosa-card[data-type=volume_baixo]');
  const report = await eventually('the address of the report', () => /Report: +(\S+)/.exec(out)?.[1]);
  await page.waitForSelector('.player');
  assert.equal(page.url(), report, 'the live page has gone there by itself');
  assert.match(await page.locator('.part-talk').innerText(), /Bruno/);
  child.stdin.end('\n');
  assert.equal(await ended, 0, out);
  assert.equal(out.match(/ identical +\S+\.wav/g).length, 4);
});
