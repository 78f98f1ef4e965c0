// Connections of net/rtc under ASan and UBSan, each to a server with another mixture of faults: changed, repeated and invented
// datagrams, wrong passwords and certificates, offers with changed bytes. For ten minutes; none may do more than fail.
import { test } from 'node:test';
import assert from 'node:assert';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { randomInt } from 'node:crypto';

const SIEGE = new URL('../../build/debug/tests/rtc/rtc_siege', import.meta.url).pathname;
const SECONDS = Number(process.env.RTC_SIEGE_SECONDS ?? 600);

test('servers that lie and mutate', { timeout: (SECONDS + 120) * 1000 }, async (t) => {
  const seed = String(randomInt(2 ** 40));
  t.diagnostic(`seed ${seed}`);
  const { stdout } = await promisify(execFile)(SIEGE, [String(SECONDS), seed]);
  t.diagnostic(stdout.trim());
  const tally = JSON.parse(stdout);
  assert.ok(tally.connected > SECONDS / 60, 'some connect all the same');
  assert.ok(tally.failed > SECONDS / 60, 'some fail');
  assert.ok(tally.packets > 0 && tally.dropped > 0);
});
