// `prosa report --html`: one file that opens from a disk, asks for nothing, and runs nothing that a name says.
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { openPage, violations } from '../fakes/browser.mjs';
import { reportOf } from '../fakes/talk.mjs';
import { run, temporaryFolder } from './harness.mjs';

const HOSTILE = '</script><script>document.title="owned"</script><img src=x onerror=alert(1)>\u2069\u202e]]>&lt;';

// Two microphones of 20 s, and a MEETING.json that names them.
async function recorded(folder) {
  const seconds = 20, wav = Buffer.alloc(44 + 32000 * seconds);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(36 + 32000 * seconds, 4);
  wav.write('WAVEfmt ', 8);
  [16, 1 | (1 << 16), 16000, 32000, 2 | (16 << 16)].forEach((word, i) => wav.writeUInt32LE(word >>> 0, 16 + 4 * i));
  wav.write('data', 36);
  wav.writeUInt32LE(32000 * seconds, 40);
  await writeFile(join(folder, 'a.wav'), wav);
  await writeFile(join(folder, 'b.wav'), wav);
  await writeFile(join(folder, 'meeting.json'), JSON.stringify({ name: HOSTILE, participants: [
    { id: 'ana', name: HOSTILE, wav: 'a.wav', role: 'host' }, { id: '=1+1', name: 'José', wav: 'b.wav' }] }));
}

// Opens it without a network, and notes all that is asked for.
async function openFile(t, file, options) {
  const page = await openPage(t, options), asked = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.context().setOffline(true);
  const url = pathToFileURL(file).href;
  await page.goto(url);
  await page.waitForSelector('.part-talk');
  return { page, asked, url };
}

test('one file, without a server, whatever names say', async (t) => {
  const folder = await temporaryFolder(t), file = join(folder, 'report.html');
  await recorded(folder);
  const made = await run(['report', 'meeting.json', '--html', file], { cwd: folder });
  assert.deepEqual([made.code, made.stdout], [0, ''], made.stderr);
  const { page, asked, url } = await openFile(t, file);
  const { stdout } = await run(['report', 'meeting.json'], { cwd: folder });
  assert.deepEqual(await page.evaluate(() => JSON.parse(document.getElementById('report').textContent)), JSON.parse(stdout), 'it is the same report');
  assert.match(await page.title(), /Report of \u2068<\/script><script>document/, 'a name is text');
  assert.equal(await page.locator('img').count(), 0);
  assert.equal(await page.locator('script').count(), 2);
  assert.equal(await page.locator('.part-attendance tbody tr').count(), 2);
  assert.equal(await page.locator('.part-events li').count() > 0, true, 'a dead microphone is among the events');
  assert.deepEqual(await violations(page), []);
  assert.deepEqual(asked, [url], 'nothing else is asked for');
  // The policy in the file refuses what is not in it.
  await page.evaluate(() => {
    window.refused = [];
    document.addEventListener('securitypolicyviolation', (event) => {
      window.refused.push(event.violatedDirective);
      event.stopImmediatePropagation();
    }, { capture: true });
    document.head.append(Object.assign(document.createElement('link'), { rel: 'stylesheet', href: 'other.css' }));
  });
  await page.waitForFunction(() => window.refused.includes('style-src-elem'));
  page.errors.splice(0); // that refusal
});

test('its figures, pictures, languages, files and print, of a whole meeting', async (t) => {
  const folder = await temporaryFolder(t), file = join(folder, 'report.html');
  await recorded(folder);
  assert.equal((await run(['report', 'meeting.json', '--html', file], { cwd: folder })).code, 0);
  const whole = reportOf({ people: 6 });
  const html = (await readFile(file, 'utf8')).replace(/(<script type="application\/json" id="report">)[^<]*/, (_, tag) => tag + JSON.stringify(whole));
  await writeFile(file, html);
  const { page } = await openFile(t, file, { timezoneId: 'America/Sao_Paulo' });
  const shares = await page.$$eval('.part-talk .share-text', (all) => all.map((node) => node.textContent));
  assert.deepEqual(shares, whole.people.map((one) => `${Math.round(one.talkShare * 100)}%`));
  assert.equal(await page.locator('.moment').count(), whole.moments.length);
  assert.equal(await page.locator('.part-matrix td strong').count(), whole.matrix.length);
  assert.equal(await page.locator('button', { hasText: /Hear/ }).count(), 0, 'there is no sound in it');
  assert.ok(await page.$eval('.time-ribbon', (canvas) => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((byte) => byte)), 'the timeline is drawn');
  const titles = [];
  for (const locale of ['pt-BR', 'en', 'es']) {
    await page.selectOption('.tools select', locale);
    await page.waitForFunction((lang) => document.documentElement.lang === lang, locale);
    titles.push(await page.textContent('.over-title'));
    assert.deepEqual(await violations(page), []);
  }
  assert.equal(new Set(titles).size, 3);
  await page.click('.report-head .menu > summary');
  const [download] = await Promise.all([page.waitForEvent('download'), page.locator('.choice', { hasText: 'JSON' }).click()]);
  assert.deepEqual(JSON.parse(await readFile(await download.path(), 'utf8')), whole);
  assert.ok((await page.pdf({ format: 'A4' })).length > 10000);
  await page.setViewportSize({ width: 360, height: 700 });
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
});

test('a file that cannot be written is said', async (t) => {
  const folder = await temporaryFolder(t);
  await recorded(folder);
  await mkdir(join(folder, 'taken'));
  const { code, stderr } = await run(['report', 'meeting.json', '--html', 'taken'], { cwd: folder });
  assert.equal(code, 1);
  assert.match(stderr, /prosa report: taken: Is a directory/);
});
