// What the live view costs the host's browser: time by the browser's own count, memory over an hour played quickly, and the first paint.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from '../fakes/browser.mjs';
import { startPage } from '../fakes/page.mjs';
import { feedbackOf, levelsOf, snapshotOf } from '../fakes/talk.mjs';

const TYPES = ['volume_baixo', 'volume_alto', 'ritmo_acelerado', 'overlap_fala'];

// A stream of `people`, `speed` times as fast as it would be, for so many seconds of the meeting.
async function play(fake, people, seconds, speed) {
  const snapshot = fake.snapshot(), base = Date.now();
  let seq = 0;
  for (let i = 0; i < seconds * 10; i++) {
    const ts = base + i * 100;
    fake.send('levels', levelsOf(snapshot, ts, i));
    if (i % 20 === 0) fake.send('stats', { ts, talk: snapshot.talk });
    if (i % 6 === 0) fake.send('feedback', feedbackOf(++seq, { ts, type: TYPES[seq % 4], who: (seq * 7) % people }));
    if (i % Math.max(1, Math.round(speed / 10)) === 0) {
      const late = base + (i * 100) / speed - Date.now();
      await new Promise((done) => setTimeout(done, Math.max(0, late)));
    }
  }
}

async function open(t, people) {
  const fake = await startPage(t);
  fake.snapshot = () => snapshotOf({ people, now: Date.now() });
  const page = await openPage(t);
  await page.addInitScript(() => localStorage.setItem('prosa-everyone', 'on'));
  await page.goto(`${fake.url}/app/#/live/daily-standup`);
  await page.waitForSelector('.people-table tr');
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
  const metrics = async () => Object.fromEntries((await cdp.send('Performance.getMetrics')).metrics.map(({ name, value }) => [name, value]));
  const heap = async () => {
    await cdp.send('HeapProfiler.collectGarbage');
    return (await metrics()).JSHeapUsedSize;
  };
  return { fake, page, metrics, heap };
}

test('fifty people and a hundred events a minute cost a twentieth of a core', async (t) => {
  const { fake, metrics } = await open(t, 50);
  await play(fake, 50, 5, 1);
  // In the time of its thread: what other programs take from the machine does not count.
  const before = await metrics(), began = performance.now();
  await play(fake, 50, 30, 1);
  const after = await metrics(), seconds = (performance.now() - began) / 1000, share = (after.TaskDuration - before.TaskDuration) / seconds;
  const part = (name) => `${name} ${(((after[name] - before[name]) / seconds) * 100).toFixed(1)} %`;
  t.diagnostic(['TaskDuration', 'ScriptDuration', 'LayoutDuration', 'RecalcStyleDuration'].map(part).join(', '));
  assert.ok(share < 0.05, `${(share * 100).toFixed(1)} %`);
});

test('an hour of two hundred people leaves the heap as it was', async (t) => {
  const { fake, heap } = await open(t, 200);
  await play(fake, 200, 400, 20);
  const before = await heap();
  await play(fake, 200, 3600, 40);
  const after = await heap();
  t.diagnostic(`heap: ${(before / 1e6).toFixed(1)} MB, after an hour ${(after / 1e6).toFixed(1)} MB`);
  assert.ok(after - before < 3e6, `${before} -> ${after}`);
});

test('the first paint comes soon after that of an empty page', async (t) => {
  const fake = await startPage(t), times = { empty: [], page: [] };
  for (let i = 0; i < 5; i++)
    for (const [name, url] of [['empty', `${fake.server.url}/app/icon.svg`], ['page', `${fake.server.url}/app/`]]) {
      const page = await openPage(t);
      await page.goto(url);
      if (name === 'page') await page.waitForSelector('#email');
      times[name].push(await page.evaluate(() => new Promise((done) => {
        const look = () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? performance.getEntriesByName('first-paint')[0]?.startTime;
        look() === undefined ? requestAnimationFrame(() => setTimeout(() => done(look() ?? performance.now()), 100)) : done(look());
      })));
      await page.context().close();
    }
  // The best of each: a busy machine adds to both at random.
  const [empty, page] = [Math.min(...times.empty), Math.min(...times.page)];
  t.diagnostic(`first paint: empty ${empty.toFixed(0)} ms, page ${page.toFixed(0)} ms`);
  assert.ok(page - empty < 200, JSON.stringify(times));
});
