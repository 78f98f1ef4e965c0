// The page and its stream: lost connections, a server that was killed, tabs, sleep, and a real microphone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from '../fakes/browser.mjs';
import { startPage } from '../fakes/page.mjs';
import { feedbackOf, snapshotOf } from '../fakes/talk.mjs';
import { accounts, password, register } from './accounts.mjs';
import { eventually, freePort, startServer } from './harness.mjs';
import { deadMicrophone, finishRoom, livekit, livekitToken, quickRules, startRoom } from './meeting.mjs';

const state = (page, mood) => page.waitForSelector(`.mood[data-mood=${mood}]`);
const counts = (page) => page.locator('.card-count').allTextContents();

test('a proxy that answers 502 for a while: back by itself, nothing missing, nothing twice', async (t) => {
  const fake = await startPage(t), said = [1, 2].map((seq) => feedbackOf(seq, { ts: Date.now() + seq }));
  fake.snapshot = () => snapshotOf({ now: Date.now(), seq: fake.seq ?? 0 });
  const page = await openPage(t);
  await page.goto(`${fake.url}/app/#/live/daily-standup`);
  await state(page, 'well');
  fake.send('feedback', said[0]);
  await state(page, 'look');
  fake.broken = 502;
  fake.cut();
  await state(page, 'away');
  assert.match(await page.textContent('.live-meta'), /data from \d/);
  const tries = () => fake.requests.filter((one) => one.url.startsWith('/feedback/daily-standup/live')).length;
  const before = tries();
  await page.waitForFunction(() => document.querySelector('[aria-live=assertive]')?.textContent === 'The connection to the server is lost.');
  fake.broken = 0;
  fake.seq = 2;
  await page.waitForSelector('.mood[data-mood=look]');
  assert.ok(tries() > before);
  // What came meanwhile is played back; what is known already comes again as well, and is counted once.
  for (const one of said) fake.send('feedback', one);
  await page.waitForFunction(() => document.querySelector('.card-count')?.textContent === '2 times');
  assert.deepEqual(await counts(page), ['2 times']);
});

test('a computer that slept, and a page that was hidden, are right within a moment', async (t) => {
  const fake = await startPage(t);
  fake.snapshot = () => snapshotOf({ now: Date.now(), seq: fake.seq ?? 0 });
  const page = await openPage(t);
  await page.clock.install();
  await page.goto(`${fake.url}/app/#/live/daily-standup`);
  await state(page, 'well');
  const streams = () => fake.requests.filter((one) => one.url.startsWith('/feedback/daily-standup/live')).length;
  assert.equal(streams(), 1);
  // Asleep: ten minutes go by at once, and nothing was heard in them.
  await page.clock.fastForward('10:00');
  await eventually('it comes back by itself', () => streams() === 2);
  await state(page, 'well');

  // Hidden: what comes is known and nothing is drawn; shown again, all of it is there.
  const hide = (isHidden) => page.evaluate((hidden) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event('visibilitychange'));
  }, isHidden);
  await hide(true);
  for (let seq = 1; seq <= 500; seq++) fake.send('feedback', feedbackOf(seq, { who: seq % 2, ts: Date.now() + seq }));
  await page.clock.runFor(2000);
  await page.waitForFunction(() => document.title.startsWith('(2)'));
  assert.equal(await page.locator('prosa-card').count(), 0);
  await hide(false);
  await page.clock.runFor(100);
  await page.waitForSelector('prosa-card');
  assert.deepEqual(await counts(page), ['250 times', '250 times']);
});

test('a login that is renewed all the time never loses the stream', async (t) => {
  const server = await startServer(t, { env: { ...accounts, ...livekit, FEEDBACK_ACCESS: 'host', DEFAULT_ORGANIZATION: 'acme', JWT_ACCESS_TTL: '3' } });
  await register(server, 'Ana', { organizationName: 'acme', email: 'ana@example.org' });
  await startRoom(server, 'RM_1', 'daily');
  const page = await openPage(t);
  await page.goto(`${server.url}/app/`);
  await page.fill('#email', 'ana@example.org');
  await page.fill('#password', password);
  await page.keyboard.press('Enter');
  await page.click('.meeting');
  await state(page, 'alone');
  await page.evaluate(() => {
    window.moods = [];
    const mood = document.querySelector('.mood');
    new MutationObserver(() => window.moods.push(mood.dataset.mood)).observe(mood, { attributes: true });
  });
  const before = await server.metric('prosa_refreshes_total');
  await eventually('it was renewed three times', async () => (await server.metric('prosa_refreshes_total')) >= before + 3);
  await state(page, 'alone');
  assert.deepEqual(await page.evaluate(() => window.moods), []);
});

test('eight tabs share one stream, and go on when the one that reads it closes', async (t) => {
  const fake = await startPage(t);
  const said = feedbackOf(1);
  fake.snapshot = () => snapshotOf({ now: Date.now(), seq: fake.seq ?? 0, open: fake.seq ? [{ count: 1, firstTs: said.ts, feedback: said }] : [] });
  const first = await openPage(t), context = first.context(), tabs = [first];
  const open = async () => {
    const tab = tabs.length === 1 && first.url() === 'about:blank' ? first : await context.newPage();
    await tab.goto(`${fake.url}/app/#/live/daily-standup`);
    await state(tab, 'well');
    return tab;
  };
  await open();
  for (let i = 1; i < 8; i++) tabs.push(await open());
  assert.equal(fake.streams, 1);
  fake.send('feedback', said);
  fake.seq = 1;
  await Promise.all(tabs.map((tab) => tab.waitForSelector('prosa-card', { state: 'attached' })));
  await first.close();
  await Promise.all(tabs.slice(1).map((tab) => tab.waitForSelector('.mood[data-mood=look]')));
  await tabs[1].waitForFunction(() => navigator.locks.query().then(({ held }) => held.length === 1));
  // Another reads on: the next event comes to all that are left.
  const next = setInterval(() => fake.send('feedback', feedbackOf(2, { who: 2, type: 'volume_alto' })), 200);
  t.after(() => clearInterval(next));
  await Promise.all(tabs.slice(1).map((tab) => tab.waitForFunction(() => document.querySelectorAll('prosa-card').length === 2)));
  assert.equal(fake.streams, 1);
});

test('ages come from the server, whatever the computer\'s clock says', async (t) => {
  const fake = await startPage(t);
  const now = Date.now();
  fake.snapshot = () => snapshotOf({ now, seq: 1, open: [{ count: 1, firstTs: now - 90000, feedback: feedbackOf(1, { ts: now - 90000 }) }] });
  const page = await openPage(t);
  await page.addInitScript(() => {
    const late = Date.now;
    Date.now = () => late() - 600000;
  });
  await page.goto(`${fake.url}/app/#/live/daily-standup`);
  await page.waitForSelector('prosa-card');
  assert.equal(await page.textContent('.card-age'), '1 min. ago');
});

test('a real meeting by a host\'s link: a card that is silenced, a server that was killed, and the report at its end', async (t) => {
  const env = { ...livekit, ...quickRules, FEEDBACK_ACCESS: 'host', EGRESS_AUTH: 'off', PORT: String(await freePort()) };
  const server = await startServer(t, { env });
  await startRoom(server, 'RM_1', 'daily');
  await deadMicrophone(t, server);
  const page = await openPage(t);
  await page.addInitScript(() => localStorage.setItem('prosa-everyone', 'on'));
  await page.goto(`${server.url}/app/#/live/daily?token=${livekitToken()}`);
  await page.waitForSelector('prosa-card[data-type=silencio_prolongado]');
  await page.waitForFunction(() => [...document.querySelectorAll('.person-name')].some((name) => name.textContent === 'bob'));
  assert.match(await page.textContent('.card-message'), /bob/);

  assert.match(page.url(), /#\/live\/RM_1$/);

  // Silenced is silenced: after a reload, which finds the right that the token became, as well.
  await page.click('.card-actions .menu > summary');
  await page.getByRole('button', { name: 'bob until the meeting ends' }).click();
  await page.waitForSelector('.notice button');
  await page.reload();
  await page.waitForFunction(() => [...document.querySelectorAll('.person-name')].some((name) => name.textContent === 'bob'));
  await page.click('.options > summary');
  await page.waitForSelector('.lasting li');
  assert.equal(await page.locator('prosa-card').count(), 0);
  await page.locator('.lasting').getByRole('button', { name: 'Undo' }).click();
  await page.keyboard.press('Escape');
  await page.waitForSelector('prosa-card');

  await server.kill();
  await state(page, 'away');
  const again = await startServer(t, { env, folder: server.folder });
  await deadMicrophone(t, again);
  await page.waitForSelector('.mood[data-mood=look], .mood[data-mood=attention]');
  await page.waitForFunction(() => document.querySelector('prosa-live')?.dataset.stale === undefined);

  // The token's session ends; what it became opens the report, and nothing else.
  await finishRoom(again, 'RM_1', 'daily');
  await page.waitForSelector('.player');
  assert.match(await page.locator('.part-attendance').innerText(), /bob/);
  await page.goto(`${again.url}/app/#/report/RM_other`);
  await page.waitForSelector('.empty p');
});
