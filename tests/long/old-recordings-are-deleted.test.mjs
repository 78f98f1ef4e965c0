// Retention looks for the first time a minute after the start.
import assert from 'node:assert/strict';
import { mkdir, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { tinyWav } from '../system/egress.mjs';
import { eventually, startServer, temporaryFolder } from '../system/harness.mjs';

const STUCK = 120; // more than one batch
const OLD = 150;

async function leave(root, meeting, count, day) {
  await mkdir(join(root, meeting), { recursive: true });
  const names = Array.from({ length: count }, (_, i) => `${day}T12-00-00.000Z_daily_bob_TR${i}.wav`);
  for (const name of names) await writeFile(join(root, meeting, name), tinyWav());
  return names;
}

test('whatever is too old goes in one sweep, behind what cannot be deleted', async (t) => {
  const folder = await temporaryFolder(t);
  const root = join(folder, 'storage/egress/audio');
  const stuck = await leave(root, 'RM_stuck', STUCK, '2019-01-01');
  await leave(root, 'RM_old', OLD, '2020-01-01');
  const logs = join(folder, 'storage/pipeline-logs');
  await mkdir(logs);
  for (const [name, days] of [['RM_old', 2], ['RM_new', 0.5]]) {
    await writeFile(join(logs, `${name}.log`), 'a line\n');
    await utimes(join(logs, `${name}.log`), new Date(), new Date(Date.now() - days * 86400000));
  }
  await startServer(t, { folder, env: { RECORDING_TTL_DAYS: '1' } });
  const sidecars = async (meeting) =>
    (await readdir(join(root, meeting))).filter((name) => /^[^.].*\.json$/.test(name)).length;
  await eventually('every file has its sidecar', async () =>
    (await sidecars('RM_stuck')) === STUCK && (await sidecars('RM_old')) === OLD, { within: 30000 });
  for (const name of stuck) {
    await rm(join(root, 'RM_stuck', name));
    await mkdir(join(root, 'RM_stuck', name)); // nothing unlinks a folder
  }
  await eventually('the old ones are gone', async () => !(await readdir(root)).includes('RM_old'),
    { within: 90000, every: 500 });
  assert.equal(await sidecars('RM_stuck'), STUCK);
  await eventually('and so are old pipeline logs, but no others', async () =>
    (await readdir(logs)).join() === 'RM_new.log', { within: 30000 });
});
