// Debian's Chromium for tests: one for a file, whose pages fail the test for whatever the page's policy forbids or a script throws.
import assert from 'node:assert/strict';
import { access, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after } from 'node:test';
import { chromium } from 'playwright-core';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
export const PATIENCE_MS = 60000;
let launched = null;
after(async () => (await launched)?.close());

async function launch() {
  await access(executablePath).catch(() => {
    throw new Error(`the tests of the page need ${executablePath}: tools/install test installs it (package chromium), CHROMIUM names another`);
  });
  return chromium.launch({ executablePath, timeout: PATIENCE_MS,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--autoplay-policy=no-user-gesture-required', '--font-render-hinting=none', '--mute-audio'] });
}

// A page of a context of its own. `errors` is what went wrong in it; the test fails at its end when there is something.
export async function openPage(t, { locale = 'en-US', ...options } = {}) {
  const browser = await (launched ??= launch());
  const context = await browser.newContext({ locale, viewport: { width: 1200, height: 800 }, reducedMotion: 'reduce', ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  page.errors = [];
  await context.addInitScript(() => document.addEventListener('securitypolicyviolation', (event) =>
    console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`)));
  page.on('pageerror', (error) => page.errors.push(String(error.stack ?? error)));
  page.on('console', (message) => message.text().startsWith('policy:') && page.errors.push(message.text()));
  t.after(async () => {
    await context.close();
    assert.deepEqual(page.errors, []);
  });
  return page;
}

// What axe-core finds against WCAG 2.2 AA. Evaluated through the debugger, which the page's policy does not bind.
export async function violations(page) {
  const source = await readFile(axe, 'utf8');
  await page.evaluate(`${source}; undefined`);
  const found = await page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'], resultTypes: ['violations'] }));
  return found.violations.map((one) => `${one.id}: ${one.help}: ${one.nodes.map((node) => `${node.target} ${node.failureSummary}`).slice(0, 3).join(' | ')}`);
}
