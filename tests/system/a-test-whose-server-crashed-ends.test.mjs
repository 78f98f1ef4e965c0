// A server that ends badly fails its test, and nothing that the test has opened keeps its file from ending.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { once, temporaryFolder } from './harness.mjs';

const harness = pathToFileURL(join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, 'harness.mjs'));

test('what a test opened ends, though its server crashed', async (t) => {
  const file = join(await temporaryFolder(t), 'crash.test.mjs');
  await writeFile(file, `
    import { createServer } from 'node:net';
    import { test } from 'node:test';
    import { startServer, watchLag } from '${harness}';
    test('a crash', async (t) => {
      const server = await startServer(t);
      watchLag(t, server);
      const around = createServer().listen(0, '127.0.0.1');
      t.after(() => around.close());
      server.child.kill('SIGSEGV');
      await server.ended;
    });`);
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NODE_TEST_CONTEXT: undefined } });
  t.after(() => child.kill('SIGKILL'));
  let said = '';
  child.stdout.on('data', (part) => (said += part));
  const [code] = await once(child, 'close');
  assert.equal(code, 1);
  assert.match(said, /the server left with/);
});
