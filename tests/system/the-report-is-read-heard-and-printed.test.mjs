// The report in a real browser: its figures, its player whose sound is measured, its files, print, languages, and reports of odd meetings.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { openPage, violations } from '../fakes/browser.mjs';
import { startPage } from '../fakes/page.mjs';
import { packed, reportOf } from '../fakes/talk.mjs';
import { accounts, password, register } from './accounts.mjs';
import { FakeEgress, tone } from '../fakes/egress.mjs';
import { eventually, startServer, temporaryFolder } from './harness.mjs';
import { finishRoom, livekit, startRoom } from './meeting.mjs';

async function report(t, wanted = reportOf(), options = {}) {
  const fake = await startPage(t);
  fake.reports.set('RM_1', wanted);
  ['p0', 'p1', 'p2', 'p3'].forEach((id, i) => fake.tones.set(id, 300 + i * 200));
  const page = await openPage(t, { timezoneId: 'America/Sao_Paulo', ...options });
  await page.goto(`${fake.url}/app/#/report/RM_1`);
  await page.waitForSelector('.player');
  return { fake, page, wanted };
}

// Makes the page say what is heard, by its loudest frequency, from its own sound.
async function measure(page) {
  await page.evaluate(async () => {
    const { audio } = await import('/app/report/sound.js');
    const context = audio(), analyser = context.createAnalyser(), connect = AudioNode.prototype.connect;
    analyser.fftSize = 16384;
    connect.call(analyser, context.destination);
    AudioNode.prototype.connect = function (to, ...more) {
      return connect.call(this, to === context.destination ? analyser : to, ...more);
    };
    window.heardHz = () => {
      const bins = new Float32Array(analyser.frequencyBinCount);
      analyser.getFloatFrequencyData(bins);
      const top = bins.indexOf(Math.max(...bins));
      return bins[top] > -60 ? (top * context.sampleRate) / analyser.fftSize : 0;
    };
  });
}

const hears = (page, hz) => page.waitForFunction((wish) => Math.abs(window.heardHz() - wish) < 8, hz, { polling: 50 });

test('the figures are those of the report, and everybody can read them', async (t) => {
  const wanted = reportOf({ people: 6 });
  wanted.people[4].name = wanted.people[3].name;
  wanted.marks = [{ type: 'presents', participantId: 'p0' }];
  const { page } = await report(t, wanted);
  const rows = await page.$$eval('.part-talk tbody tr', (all) => all.map((row) => [...row.children].map((cell) => cell.innerText.trim())));
  assert.equal(rows.length, 6);
  assert.deepEqual(rows[0].slice(0, 5), ['Ana Souza presents', `${Math.round(wanted.people[0].talkShare * 100)}%`, `${Math.round(wanted.people[0].presenceShare * 100)}%`, `${Math.round(wanted.people[0].talkSeconds / 60)} min`, '30']);
  assert.deepEqual([rows[3][0], rows[4][0]], ['Diego Alves (p3)', 'Diego Alves (p4)'], 'namesakes are told apart');
  assert.equal(await page.textContent('.part-talk .caveat'), '\u2068Ana Souza\u2069 presented: read the shares with that in mind.');
  const carla = await page.$$eval('.part-attendance tbody tr', (all) => [...all[2].children].map((cell) => cell.innerText.trim()));
  assert.deepEqual(carla.slice(0, 5), ['Carla Nunes', '2:00 PM', '2:30 PM', '29 min', '2']);
  assert.equal(await page.locator('.part-matrix button.cell').first().getAttribute('aria-label'), '2 / 5: Ana Souza into Bruno Lima’s speech: took the floor 2 ×, spoke along 5 ×');
  assert.match(await page.textContent('.when'), /GMT-3/, 'the zone is named');
  // Behind each picture stands its table.
  await page.click('.timeline .behind > summary');
  const spoken = [...wanted.people[1].ribbon.matchAll(/(\d*)([^\d])/g)].filter(([, , letter]) => letter === 's').reduce((sum, [, n]) => sum + Number(n || 1), 0);
  assert.equal(await page.locator('.timeline tbody tr').nth(1).locator('td').first().innerText(), `${Math.round(spoken / 60)} min`);
  assert.ok((await page.locator('.behind').count()) >= 4);
  assert.deepEqual(await violations(page), []);
  await page.setViewportSize({ width: 360, height: 700 });
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
  assert.deepEqual(await violations(page), []);
});

test('the sound at a moment is that moment, of that person, at any pace', async (t) => {
  const { fake, page, wanted } = await report(t);
  await measure(page);
  await page.locator('.part-talk button.cell').nth(2).click();
  await hears(page, 700);
  const { from, tracks } = fake.mixes.at(-1), at = wanted.people[2].longestTurnAt - 500;
  assert.deepEqual(tracks, ['p2'], 'solo leaks nothing');
  assert.ok(fake.mixes.some((mix) => mix.from <= at && at < mix.to), 'the window is that of the moment');
  assert.ok(from >= wanted.startedAt);
  await page.selectOption('.player select >> nth=0', '1.5');
  await eventually('the server is asked for another pace', () => fake.mixes.at(-1).rate === 1.5);
  await hears(page, 700);
  // It goes on over the seam between two windows, on one clock.
  const place = () => page.$eval('.player input[type=range]', (node) => Number(node.value));
  const began = await place(), windows = fake.mixes.length;
  await page.waitForFunction((least) => Number(document.querySelector('.player input[type=range]')?.value) >= least, began + 2);
  assert.ok(fake.mixes.length >= windows && fake.mixes.length < windows + 4);

  await page.locator('h1').focus();
  await page.keyboard.press('k');
  await page.waitForSelector('.player[data-state=paused]');
  const paused = await place();
  await page.keyboard.press('l');
  assert.ok(Math.abs((await place()) - paused - 10) <= 1);
  await page.keyboard.press('j');
  await page.keyboard.press('Space');
  await page.waitForSelector('.player[data-state=playing]');
  await page.keyboard.press('k');
  await page.locator('.events button').first().click();
  await eventually('the ten seconds before an event', () => fake.mixes.at(-1).tracks.length === 0);
});

test('files: CSV that a spreadsheet of the country reads, JSON as it is', async (t) => {
  const wanted = reportOf({ people: 3 });
  wanted.people[0].name = '=cmd|\' /C calc\'!A0';
  wanted.people[1].name = 'José; "Zé"';
  const { page } = await report(t, wanted, { locale: 'pt-BR' });
  const save = async (label) => {
    if (!(await page.locator('.report-head .menu[open]').count())) await page.click('.report-head .menu > summary');
    const [download] = await Promise.all([page.waitForEvent('download'), page.locator('.report-head .choice', { hasText: label }).click()]);
    return { name: download.suggestedFilename(), text: await readFile(await download.path(), 'utf8') };
  };
  const sheet = await save('para planilhas');
  assert.equal(sheet.name, 'prosa-daily-standup-2026-11-30.csv');
  const lines = sheet.text.split('\r\n');
  assert.match(lines[0], /^\ufeffNome;Identidade;Entrou;/);
  assert.match(lines[1], /^'=cmd\|' \/C calc'!A0;p0;2026-11-30T14:00:00-03:00;/);
  assert.match(lines[1], /;\d+;0,\d+;0,\d+;/);
  assert.match(lines[2], /^"José; ""Zé""";p1;/);
  const plain = await save('para programas');
  assert.match(plain.text, /^Nome,Identidade,/);
  assert.match(plain.text.split('\r\n')[1], /,0\.\d+,/);
  assert.deepEqual(JSON.parse((await save('JSON')).text), wanted);
});

test('print is light and whole, whatever the screen is', async (t) => {
  const { page } = await report(t, reportOf({ people: 6 }), { colorScheme: 'dark' });
  const pdf = await page.pdf({ format: 'A4', printBackground: false });
  const folder = await temporaryFolder(t), file = join(folder, 'report.pdf');
  await writeFile(file, pdf);
  assert.ok(pdf.length > 10000);
  await page.emulateMedia({ media: 'print' });
  const paper = await page.evaluate(() => {
    const style = getComputedStyle(document.documentElement), text = getComputedStyle(document.querySelector('.part-talk td'));
    const canvas = document.querySelector('.time-ribbon'), { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let light = 0, ink = 0;
    for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 200) data[i] > 190 ? light++ : ink++;
    return { background: style.backgroundColor, text: text.color, light, ink, player: getComputedStyle(document.querySelector('.player')).display };
  });
  assert.deepEqual([paper.background, paper.text, paper.player], ['rgb(255, 255, 255)', 'rgb(0, 0, 0)', 'none']);
  assert.ok(paper.ink > paper.light, 'ribbons are dark on white');
  // Where a reader of PDFs is at hand, the words are in it.
  const words = spawnSync('pdftotext', [file, '-'], { encoding: 'utf8' });
  if (words.status === 0) assert.match(words.stdout, /Ana Souza/);
});

test('meetings of eight hours and two hundred people, without sound, without end, and unknown ones', async (t) => {
  const cells = packed('s'.repeat(5) + '.'.repeat(25)).repeat(960), long = reportOf({ people: 200, minutes: 10 });
  Object.assign(long, { until: long.startedAt + 8 * 3600000, lengthSeconds: 8 * 3600 });
  for (const person of long.people) person.ribbon = cells;
  const { fake, page } = await report(t, long);
  assert.equal(await page.locator('.time-row').count(), 200);
  const drawn = await page.$$eval('.time-ribbon', (all) => all.filter((canvas) => canvas.width > 300).length);
  assert.ok(drawn > 0 && drawn < 200, `${drawn} of 200 rows are drawn: those in sight`);
  assert.ok(await page.$$eval('.time-ribbon', (all) => all.every((canvas) => canvas.width <= 8192)));

  const empty = reportOf({ people: 1 });
  Object.assign(empty, { isFinal: false, isComplete: false, people: [{ participantId: 'x', name: null, talkSeconds: null, talkShare: null, presenceShare: null, turns: null, longestTurnSeconds: null, longestTurnAt: null,
    overlapSeconds: null, mutedSeconds: null, gapSeconds: null }], matrix: [], events: [], moments: [], group: { speechSeconds: null, spokenSeconds: null, overlapSeconds: null, silenceSeconds: null, turns: null, tookFloor: null, spokeAlong: null } });
  fake.reports.set('RM_empty', empty);
  await page.goto(`${fake.url}/app/#/report/RM_empty`);
  await page.waitForFunction(() => document.querySelectorAll('.time-row').length === 1);
  assert.match(await page.locator('.caveat').allTextContents().then((all) => all.join()), /goes on; this is up to.*Not everything was heard/);
  assert.doesNotMatch(await page.locator('.report').innerText(), /NaN|undefined|null|Invalid/);
  await page.goto(`${fake.url}/app/#/report/RM_unknown`);
  await page.waitForSelector('.empty p');
  assert.match(await page.textContent('.empty p'), /does not exist/);
});

test('a mood is in the report only where the operator says so', async (t) => {
  const wanted = reportOf();
  wanted.events[0].type = 'frustracao_crescente';
  const { page } = await report(t, wanted);
  assert.equal(await page.locator('.events li').count(), 3);
  assert.doesNotMatch(await page.locator('.report').innerText(), /Frustration/);
});

test('a real recording: each voice alone and all together, and faster without a higher voice', async (t) => {
  const server = await startServer(t, { env: { ...livekit, FEEDBACK_ACCESS: 'open', EGRESS_AUTH: 'off' } });
  await startRoom(server, 'RM_1', 'daily');
  const senders = [['ana', 440], ['bob', 880]].map(([participant, hz]) => new FakeEgress(
    `${server.ws}/egress-audio?roomName=daily&participant=${participant}&trackId=TR_${participant}&channels=2`, { source: tone({ hz, amplitude: 0.25 }) }));
  await Promise.all(senders.map((egress) => egress.opened));
  await eventually('six seconds were sent', () => senders.every((egress) => egress.frames > 6 * 48000));
  for (const egress of senders) {
    egress.pause();
    egress.socket.close();
  }
  await finishRoom(server, 'RM_1', 'daily');
  const page = await openPage(t);
  await eventually('the report is stored', async () => (await server.get('/meetings/RM_1/report')).body.isFinal);
  await page.goto(`${server.url}/app/#/report/RM_1`);
  await page.waitForSelector('.player');
  await measure(page);
  const voice = (label) => page.locator('.player select').nth(1).selectOption({ label });
  const again = async () => {
    await page.locator('.player input[type=range]').fill('1');
    await page.locator('.player .round').click();
  };
  // A recording of seconds may be over before a busy machine looks: then it is played again.
  const isHeard = (hz) => eventually(`${hz} Hz`, async () => {
    if (!['playing', 'loading'].includes(await page.getAttribute('.player', 'data-state'))) await again();
    return Math.abs((await page.evaluate(() => window.heardHz())) - hz) < 8;
  });
  await voice('bob');
  await isHeard(880);
  await voice('ana');
  await isHeard(440);
  await page.locator('.player select').first().selectOption('2');
  await isHeard(440);
});

test('an owner erases one person, and is asked once more', async (t) => {
  const fake = await startPage(t, { env: { ...accounts, FEEDBACK_ACCESS: 'host' } });
  fake.reports.set('RM_1', reportOf({ people: 3 }));
  await register(fake.server, 'Ana', { organizationName: 'acme', email: 'ana@example.org' });
  const page = await openPage(t);
  // By the keyboard alone, from the login on.
  await page.goto(`${fake.url}/app/`);
  await page.focus('#email');
  await page.keyboard.type('ana@example.org');
  await page.keyboard.press('Tab');
  await page.keyboard.type(password);
  await page.keyboard.press('Enter');
  await page.waitForSelector('.meeting-lists .empty');
  await page.evaluate(() => (location.hash = '#/report/RM_1'));
  await page.waitForSelector('.erase');
  const tabTo = async (what) => {
    for (let i = 0; i < 120 && !(await page.evaluate((wish) => document.activeElement.getAttribute('aria-label') === wish || document.activeElement.textContent === wish, what)); i++) {
      await page.keyboard.press('Tab');
      // Whatever has the focus is in sight, and not under the player.
      const isSeen = await page.evaluate(() => {
        const node = document.activeElement, box = node.getBoundingClientRect();
        if (node === document.body || !box.width) return true;
        const top = document.elementFromPoint(Math.min(innerWidth - 1, Math.max(0, box.x + box.width / 2)), Math.min(innerHeight - 1, Math.max(0, box.y + Math.min(box.height, 20) / 2)));
        return node.contains(top) || top?.contains(node) || node.closest('.player') !== null || node.matches('.skip, .only-read');
      });
      assert.ok(isSeen, await page.evaluate(() => document.activeElement.outerHTML.slice(0, 200)));
    }
  };
  await tabTo('Erase…: Bruno Lima');
  await page.keyboard.press('Enter');
  await page.waitForSelector('dialog[open]');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Cancel');
  assert.deepEqual(await violations(page), []);
  await page.keyboard.press('Escape');
  await page.waitForSelector('dialog', { state: 'detached' });
  await page.getByRole('button', { name: 'Erase…: Bruno Lima' }).press('Enter');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelectorAll('.part-attendance tbody tr').length === 2);
  assert.doesNotMatch(await page.locator('.part-attendance').innerText(), /Bruno/);
  assert.equal(fake.requests.filter((one) => one.method === 'DELETE').length, 1);
});
