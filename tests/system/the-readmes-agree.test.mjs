// README.pt-BR.md says what README.md says: the same commands, settings and events, and nothing that is not there.
import assert from 'node:assert/strict';
import { access, readFile } from 'node:fs/promises';
import { test } from 'node:test';

const root = new URL('../../', import.meta.url);
const read = (name) => readFile(new URL(name, root), 'utf8');
const names = ['README.md', 'README.pt-BR.md'];
const marked = (text) => new Set([...text.matchAll(/`([^`\n]+)`/g)].map(([, word]) => word));

// The commands of shell blocks, without what is said of them.
const commands = (text) => [...text.matchAll(/^```sh\n([^]*?)^```$/gm)].flatMap(([, block]) => block.split('\n'))
  .map((line) => line.replace(/\s+#.*$/, '').trim()).filter(Boolean);

test('both readmes have the same commands', async () => {
  const [ours, theirs] = (await Promise.all(names.map(read))).map(commands);
  assert.deepEqual(theirs, ours);
  assert.ok(ours.includes('./run demo'));
});

test('both name the same events', async () => {
  const events = (text) => [...text.matchAll(/^\| (`[^|]*) \|/gm)].map(([, cell]) => cell);
  const [ours, theirs] = (await Promise.all(names.map(read))).map(events);
  assert.deepEqual(theirs, ours);
});

test('the translation names no setting that the settings do not have', async () => {
  const known = await read('env.example');
  for (const word of marked(await read(names[1]))) {
    const [setting] = word.match(/^[A-Z][A-Z0-9_]{3,}(?==|$)/) ?? [];
    if (setting && setting !== 'SIGTERM') assert.match(known, new RegExp(`^#?${setting}=`, 'm'), setting);
  }
});

for (const name of names)
  test(`each file that ${name} leads to is there`, async () => {
    const links = [...(await read(name)).matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, path]) => path);
    assert.ok(links.length > 5);
    for (const path of links) await access(new URL(path, root));
  });
