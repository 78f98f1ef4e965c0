import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { run } from './harness.mjs';

const say = async (...words) => {
  const { code, stdout } = await run(words);
  assert.equal(code, 0);
  return stdout;
};

const commandsOf = (help) => [...help.split('\n\n')[2].matchAll(/^ {2}([a-z-]+) /gm)].map((match) => match[1]).filter((name) => !name.startsWith('--'));

test('the version names the commit and the libraries', async () => {
  const text = await say('--version');
  assert.match(text, /^prosa \d+\.\d+\.\d+ \((no commit|[0-9a-f]{12})\)\n/);
  for (const library of ['libuv', 'openssl', 'sqlite', 'curl', 'jansson', 'flac', 'libpq'])
    assert.match(text, new RegExp(`^${library} \\d+\\.\\d+`, 'm'));
});

test('the manual page has every command and every setting', async () => {
  const [page, help, settings] = await Promise.all([say('--man'), say('--help'), say('check-config', '--env-example')]);
  const commands = commandsOf(help);
  assert.ok(commands.includes('serve') && commands.includes('check-config'));
  for (const name of commands) assert.ok(page.includes(`.B ${name.replaceAll('-', '\\-')}\\fR`), name);
  const names = [...settings.matchAll(/^#([A-Z][A-Z0-9_]+)=/gm)].map((match) => match[1]).filter((name) => !name.startsWith('RULE_'));
  assert.ok(names.length > 50);
  for (const name of names) assert.ok(page.includes(`.B ${name}\n`), name);
  for (const line of page.split('\n')) assert.match(line, /^(?!\.(?!TH|SH|SS|TP|IP|B|I|nf|fi))/, line);
});

test('bash completes commands and their options', async () => {
  const script = await say('--completion');
  const complete = (...words) => {
    const ask = `${script}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}) COMP_CWORD=${words.length - 1}\n_prosa\necho "\${COMPREPLY[*]}"`;
    return execFileSync('bash', ['-c', ask], { encoding: 'utf8' }).trim().split(' ').filter(Boolean);
  };
  assert.deepEqual(complete('prosa', 'check'), ['check-config']);
  assert.deepEqual(complete('prosa', 'analyze', '--lo'), ['--locale']);
  assert.deepEqual(complete('prosa', 'nothing', '--'), []);
});
