// The live view in a real browser, before a stream that the test writes: little at a time, nothing that moves under a pointer, and what the
// host makes of a card stays.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage, PATIENCE_MS, violations } from '../fakes/browser.mjs';
import { startPage } from '../fakes/page.mjs';
import { feedbackOf, levelsOf, snapshotOf } from '../fakes/talk.mjs';
import { eventually } from './harness.mjs';

const openOf = (feedback, count = 1) => ({ count, firstTs: feedback.ts - 1000, feedback });

// The live view of a meeting, as it stands when its first snapshot has come.
async function live(t, { isWide = false, snapshot = {}, ...options } = {}) {
  const fake = await startPage(t);
  fake.snapshot = () => snapshotOf({ now: Date.now(), ...snapshot });
  const page = await openPage(t, options);
  await page.addInitScript((wide) => localStorage.setItem('prosa-everyone', wide ? 'on' : 'off'), isWide);
  await page.goto(`${fake.url}/app/#/live/daily-standup`);
  await page.waitForSelector('.mood:not([data-mood=connecting])');
  let seq = snapshot.seq ?? 0;
  const tell = (more) => {
    const feedback = feedbackOf(++seq, { ts: Date.now(), ...more });
    fake.send('feedback', feedback);
    return feedback;
  };
  return { fake, page, tell, shown: (n) => page.waitForFunction((count) => document.querySelectorAll('prosa-card').length === count, n) };
}

test('calm: one line of state and two cards, at 360 px as well', async (t) => {
  const { page, tell, shown } = await live(t, { viewport: { width: 360, height: 640 } });
  assert.equal(await page.textContent('.mood-text'), 'The conversation goes well');
  tell();
  tell({ who: 2, type: 'volume_alto' });
  await shown(2);
  for (let i = 0; i < 20; i++) tell({ who: i % 4, type: i % 2 ? 'ritmo_acelerado' : 'monotonia_prosodica' });
  await page.waitForSelector('.digest:not([hidden])');
  assert.equal(await page.locator('prosa-card').count(), 2);
  const line = await page.locator('.mood').evaluate((node) => ({ size: parseFloat(getComputedStyle(node).fontSize), right: node.getBoundingClientRect().right }));
  assert.ok(line.size >= 20, `${line.size} px`);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360, 'nothing is wider than the window');
  assert.deepEqual(await violations(page), []);

  // Asked for, the rest comes: one card a person and type, with how often.
  await page.click('.digest');
  await page.waitForFunction(() => document.querySelectorAll('prosa-card').length > 4);
  const counts = await page.locator('.card-count').allTextContents();
  assert.ok(counts.includes('10 times') || counts.includes('5 times'), counts.join());
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
  assert.deepEqual(await violations(page), []);
});

test('a card says why, can be heard, and is silenced until it is undone, after a reload too', async (t) => {
  const feedback = feedbackOf(1, { ts: Date.now() });
  const { fake, page, shown } = await live(t, { snapshot: { seq: 1, open: [openOf(feedback, 2)] } });
  await shown(1);
  await page.click('.why > summary');
  const facts = Object.fromEntries(await page.$$eval('.facts dt', (all) => all.map((dt) => [dt.textContent, dt.nextElementSibling.textContent])));
  assert.deepEqual([facts.Measured, facts.Limit, facts.Over, facts.Basis], ['-37 dBFS', '-32 dBFS', '10 sec', '62% speech']);
  assert.equal(await page.textContent('.card-why'), feedback.metadata.why);
  await page.click('.why button');
  const [mix] = await eventually('ten seconds are asked for', () => fake.mixes.length && fake.mixes);
  assert.deepEqual([mix.to, mix.to - mix.from, mix.tracks], [feedback.window.end, 10000, ['p1']]);

  await page.click('.card-actions .menu > summary');
  await page.getByRole('button', { name: 'Bruno Lima until the meeting ends' }).click();
  await eventually('the server keeps it', () => fake.verdicts.length === 1);
  const { verdict, type, participantId, until, feedbackId } = fake.verdicts[0];
  assert.deepEqual([verdict, type, participantId, until, feedbackId], ['quiet', 'volume_baixo', 'p1', undefined, 'f1']);
  await page.mouse.move(600, 10);
  await page.evaluate(() => document.activeElement.blur());
  await shown(0);
  await page.reload();
  await page.waitForSelector('.mood[data-mood=well]');
  await shown(0);
  await page.click('.options > summary');
  await page.locator('.lasting').getByRole('button', { name: 'Undo' }).click();
  await shown(1);
  assert.equal(fake.verdicts.length, 0);

  // "Wrong" and "told" settle what has come so far, and say so.
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Wrong' }).click();
  await page.mouse.move(600, 10);
  await page.evaluate(() => document.activeElement.blur());
  await shown(0);
  assert.equal(fake.verdicts[0].verdict, 'wrong');
});

test('nothing moves under a pointer, and the focus stays through a thousand updates', async (t) => {
  const feedback = feedbackOf(1, { ts: Date.now() });
  const { fake, page, tell, shown } = await live(t, { isWide: true, snapshot: { people: 30, seq: 1, open: [openOf(feedback)] } });
  await shown(1);
  const wrong = page.locator('prosa-card').first().getByRole('button', { name: 'Wrong' });
  await wrong.hover();
  const before = await wrong.boundingBox();
  for (let i = 0; i < 20; i++) tell({ type: 'volume_alto', severity: 'critical', who: i, ts: Date.now() + i });
  await page.waitForSelector('.pill:not([hidden])');
  assert.match(await page.textContent('.pill'), /^\d+ new$/);
  assert.equal(await page.locator('prosa-card').count(), 1);
  const after = await wrong.boundingBox();
  await page.mouse.click(before.x + before.width / 2, after.y + after.height / 2);
  await eventually('the verdict is about the card that was meant', () => fake.verdicts.length === 1);
  assert.equal(fake.verdicts[0].feedbackId, 'f1');
  assert.deepEqual([after.x, after.width], [before.x, before.width]);

  await page.focus('.people-table .mark');
  await page.evaluate(() => (window.focused = document.activeElement));
  const snapshot = fake.snapshot(), base = Date.now();
  for (let i = 0; i < 1000; i++) fake.send('levels', levelsOf(snapshot, base + i * 100, i));
  fake.send('stats', { ts: base + 100000, talk: [{ participantId: 'p0', talkSeconds: 999, talkShare: 0.777, turns: 1 }] });
  await page.waitForFunction(() => document.querySelector('.share-text')?.textContent === '78%');
  assert.ok(await page.evaluate(() => document.activeElement === window.focused && window.focused.isConnected));
});

test('a screen reader hears little, and asks for the rest by a key', async (t) => {
  const { fake, page, tell } = await live(t);
  await page.evaluate(() => {
    window.said = 0;
    window.since = performance.now();
    for (const node of document.querySelectorAll('prosa-live > [aria-live]')) new MutationObserver(() => window.said++).observe(node, { childList: true, characterData: true, subtree: true });
  });
  for (let i = 0; i < 100; i++) tell({ who: i % 5, ts: Date.now() + i });
  const snapshot = fake.snapshot(), base = Date.now();
  for (let i = 0; i < 600; i++) fake.send('levels', levelsOf(snapshot, base + i * 100, i));
  await page.waitForSelector('.mood[data-mood=look]');
  assert.ok(await page.evaluate(() => window.said <= 2 + (performance.now() - window.since) / 10000), 'a hundred events, and a line in ten seconds');
  await page.keyboard.press('r');
  await page.waitForFunction(() => /matters? to look at/.test(document.querySelector('[aria-live=polite]')?.textContent));
});

test('discreet shows no name anywhere, and says so in no title', async (t) => {
  const { page, tell, shown } = await live(t, { isWide: true });
  tell();
  await shown(1);
  assert.match(await page.title(), /daily-standup/);
  await page.keyboard.press('d');
  await page.waitForSelector('.discreet .dot');
  assert.equal(await page.title(), 'Prosa');
  tell({ who: 2, type: 'volume_alto', severity: 'critical' });
  const tree = await page.locator('body').ariaSnapshot();
  assert.doesNotMatch(tree, /Ana|Bruno|Carla|daily|inaudible/);
  assert.doesNotMatch(await page.locator('body').innerText(), /Ana|Bruno|Carla|daily|inaudible/);
  await page.keyboard.press('d');
  await page.waitForSelector('prosa-card:visible');
});

test('who presents is no monologue, and a mood is shown only where the operator says so', async (t) => {
  const { fake, page, tell, shown } = await live(t, { isWide: true });
  tell({ who: 3, type: 'monologo_prolongado', message: 'Diego Alves: has been talking for a while.' });
  tell({ who: 1, type: 'frustracao_crescente', message: 'Bruno Lima: frustration.' });
  await shown(1);
  await page.getByRole('button', { name: 'Presents: Diego Alves' }).click();
  await shown(0);
  assert.deepEqual([fake.verdicts[0].verdict, fake.verdicts[0].type, fake.verdicts[0].participantId], ['mark', 'presents', 'p3']);
  await page.getByRole('button', { name: 'Presents no more: Diego Alves' }).click();
  await shown(1);
  await page.click('.options > summary');
  await page.getByRole('button', { name: 'Class' }).click();
  await shown(0);
});

test('names are never markup and turn nothing around', async (t) => {
  const evil = '<img src=x onerror=alert(1)>', bidi = '\u2069\u202eanA\u2066';
  const { page, tell, shown } = await live(t, { isWide: true, snapshot: { roomName: `${evil}${bidi}`, participants: [
    { participantId: 'p0', name: evil, isHost: true, isPresent: true, isConnected: true }, { participantId: 'p1', name: bidi, isPresent: true, isConnected: true },
    { participantId: 'p2', name: 'x'.repeat(5000), isPresent: true, isConnected: true }] } });
  tell({ who: 0, name: evil, message: `${evil}\u202e: almost inaudible` });
  await shown(1);
  assert.equal(await page.locator('.people img, prosa-card img, h1 img').count(), 0);
  const text = await page.locator('body').innerText();
  assert.ok(text.includes(evil));
  assert.doesNotMatch(text + (await page.title()), /[\u202a-\u202e]/);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  assert.deepEqual(await violations(page), []);
});

test('five states are told apart without colour, and a clip is remembered', async (t) => {
  const { fake, page } = await live(t, { isWide: true, snapshot: { people: 6 } });
  const snapshot = fake.snapshot();
  fake.send('levels', { ts: Date.now() + 1000, revision: 1, dbfs: [-20, -18, -50, null, null, null], flags: [35, 7, 1, 9, 17, 0] });
  await page.waitForSelector('.clip:not([hidden])');
  const shapes = await page.$$eval('.people-table tbody tr', (rows) => rows.map((row) => [row.dataset.state, row.querySelector('.icon').innerHTML, row.querySelector('.state-word').textContent]));
  assert.deepEqual(shapes.map(([state]) => state), ['speaks', 'overlaps', 'silent', 'muted', 'gap', 'away']);
  assert.equal(new Set(shapes.map(([, shape]) => shape)).size, 6);
  assert.equal(new Set(shapes.map(([, , word]) => word)).size, 6);
  // Ribbons of the kinds differ in their pixels with colours taken away.
  const grey = await page.evaluate(async () => {
    const { drawRun, prepare } = await import('/app/core/paint.js');
    return ['s', 'o', 'm', 'g', '.', '-'].map((letter) => {
      const canvas = document.createElement('canvas'), context = prepare(canvas, 40, 18);
      drawRun(context, letter, 0, 40, 18);
      return [...context.getImageData(0, 0, 40, 18).data].filter((_, i) => i % 4 === 3).map((alpha) => (alpha > 60 ? 1 : 0)).join('');
    });
  });
  assert.equal(new Set(grey).size, 6);
  fake.send('levels', { ...levelsOf(snapshot, Date.now() + 2000, 1) });
  await page.waitForFunction(() => document.querySelector('.people-table tr[data-state=speaks] .level-number')?.textContent !== '-20');
  assert.equal(await page.locator('.clip:visible').count(), 1, 'still there');
  await page.click('.clip:visible');
  assert.equal(await page.locator('.clip:visible').count(), 0);
});

test('paused, no picture changes while figures go on; a ribbon has its words', async (t) => {
  const { fake, page } = await live(t, { isWide: true });
  const snapshot = fake.snapshot(), pixels = () => page.$$eval('.meter', (all) => all.map((canvas) => canvas.toDataURL()).join());
  fake.send('levels', levelsOf(snapshot, Date.now(), 1));
  await page.waitForFunction(() => document.querySelector('.level-number')?.textContent === '-21');
  await page.keyboard.press('p');
  const before = await pixels();
  for (let i = 0; i < 50; i++) fake.send('levels', levelsOf(snapshot, Date.now() + i * 100, i));
  fake.send('stats', { ts: Date.now() + 9000, talk: [{ participantId: 'p0', talkSeconds: 5, talkShare: 0.5 }] });
  await page.waitForFunction(() => document.querySelector('.share-text')?.textContent === '50%');
  assert.equal(await pixels(), before);
  await page.keyboard.press('p');
  await page.waitForFunction((old) => [...document.querySelectorAll('.meter')].map((canvas) => canvas.toDataURL()).join() !== old, before, { timeout: PATIENCE_MS });
  assert.match(await page.locator('.cell-ribbon .only-read').first().textContent(), /^\d+ s of speech, \d+ s along with others/);
});
