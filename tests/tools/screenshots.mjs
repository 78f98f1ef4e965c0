// Makes docs/page/*.png anew: `node tests/tools/screenshots.mjs [FOLDER] [VIEW...]`. Each view, wide and narrow, light and dark.
import { execFileSync } from 'node:child_process';
import { mkdir, rename } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { openPage } from '../fakes/browser.mjs';
import { startPage } from '../fakes/page.mjs';
import { feedbackOf, levelsOf, reportOf, snapshotOf } from '../fakes/talk.mjs';
import { accounts, password, register } from '../system/accounts.mjs';

const folder = resolve(process.env.SHOTS ?? join(dirname(fileURLToPath(import.meta.url)), '../../docs/page'));
const wanted = process.env.VIEWS?.split(',');
const sizes = { wide: { width: 1180, height: 760 }, narrow: { width: 360, height: 740 } };

// A page has few colours: with so many of its own a picture is a third as large.
async function shrink(file) {
  const small = `${file}.small.png`;
  execFileSync('ffmpeg', ['-loglevel', 'error', '-y', '-i', file, '-vf', 'split[a][b];[a]palettegen=max_colors=96[p];[b][p]paletteuse=dither=none', small]);
  await rename(small, file);
}

async function signIn(page, fake, email) {
  await page.goto(`${fake.url}/app/`);
  await page.fill('#email', email);
  await page.fill('#password', password);
  await page.click('button.main');
  await page.waitForSelector('.meetings');
}

async function live(page, fake, isWide) {
  const now = Date.now();
  const open = [{ count: 2, firstTs: now - 90000, feedback: feedbackOf(1, { ts: now - 20000 }) },
    { count: 1, firstTs: now - 60000, feedback: feedbackOf(2, { who: 2, type: 'volume_alto', severity: 'critical', ts: now - 4000, message: 'Carla Nunes: distorted sound; turn the microphone down.',
      metadata: { clipFraction: 0.031, limit: 0.01, windowSeconds: 3, why: '3.1 % of the samples are clipped' } }) },
    { count: 1, firstTs: now - 200000, feedback: feedbackOf(3, { who: 3, type: 'monologo_prolongado', ts: now - 200000, message: 'Diego Alves: has been talking for a while; make room for the others.' }) }];
  fake.snapshot = () => snapshotOf({ people: 6, now: Date.now(), seq: 3, open });
  await page.addInitScript((wide) => localStorage.setItem('prosa-everyone', wide ? 'on' : 'off'), isWide);
  await page.goto(`${fake.url}/app/#/live/daily-standup`);
  await page.waitForSelector('prosa-card');
  const snapshot = fake.snapshot();
  if (!isWide) return;
  for (let i = 0; i < 30; i++) fake.send('levels', { ...levelsOf(snapshot, Date.now() + i * 100, i), ...(i === 29 ? { flags: [3, 1, 39, 1, 9, 17], dbfs: [-21, -52, -1, -44, null, null] } : {}) });
  await page.waitForSelector('.clip:not([hidden])');
}

const views = {
  'sign-in': async (page, fake) => page.goto(`${fake.url}/app/`).then(() => page.waitForSelector('#email')),
  meetings: async (page, fake) => signIn(page, fake, 'ana@example.org'),
  calm: (page, fake) => live(page, fake, false),
  live: (page, fake) => live(page, fake, true),
  operators: async (page, fake) => {
    await signIn(page, fake, 'ana@example.org');
    await page.goto(`${fake.url}/app/#/operators`);
    await page.waitForSelector('.charts');
  },
  report: async (page, fake) => {
    await page.goto(`${fake.url}/app/#/report/RM_1`);
    await page.waitForSelector('.player');
  },
};

test('screenshots', async (t) => {
  const fake = await startPage(t, { env: { ...accounts, FEEDBACK_ACCESS: 'host' } });
  await register(fake.server, 'Ana Souza', { organizationName: 'acme', email: 'ana@example.org' });
  const day = (days, hours, minutes) => new Date(Date.UTC(2026, 10, 30 - days, hours, minutes)).toISOString();
  fake.sessions = [{ meetingId: 'RM_1', roomName: 'daily-standup', status: 'ACTIVE', startedAt: day(0, 17, 0) },
    ...[['retrospectiva', 0, 13], ['entrevista-backend', 0, 11], ['aula de espanhol', 1, 18], ['daily-standup', 1, 12], ['cliente Açaí & Cia', 1, 10], ['daily-standup', 4, 12]].map(([roomName, days, hours], i) =>
      ({ meetingId: `RM_${i + 2}`, roomName, status: 'ENDED', startedAt: day(days, hours, 0), endedAt: day(days, hours, 25 + i * 7) }))];
  fake.reports.set('RM_1', reportOf({ people: 6 }));
  await mkdir(folder, { recursive: true });
  for (const [name, show] of Object.entries(views)) {
    if (wanted && !wanted.includes(name)) continue;
    for (const [size, viewport] of Object.entries(sizes))
      for (const colorScheme of ['light', 'dark']) {
        const page = await openPage(t, { viewport, colorScheme, locale: 'en-US', timezoneId: 'America/Sao_Paulo' });
        await show(page, fake);
        await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
        await page.screenshot({ path: join(folder, `${name}-${size}-${colorScheme}.png`), fullPage: name === 'report' && process.env.FULL === '1' });
        await page.context().close();
        await shrink(join(folder, `${name}-${size}-${colorScheme}.png`));
      }
  }
});
