import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { FakeEgress, tone } from '../fakes/egress.mjs';
import { delay, recordings } from './egress.mjs';
import { eventually, run, startServer } from './harness.mjs';

const secret = { EGRESS_URL_SECRET: '0123456789abcdef0123456789abcdef' };

async function sign(server, ...words) {
  const { code, stdout, stderr } = await run(['egress-url', ...words], {
    cwd: server.folder,
    env: { ...secret, EGRESS_WS_BASE: server.ws },
  });
  assert.equal(code, 0, stderr);
  return stdout.trim();
}

// What a handshake is answered with: 101, or the status and message of the refusal.
async function knock(url) {
  const egress = new FakeEgress(url, { source: tone() });
  try {
    await egress.opened;
    await egress.end();
    return { status: 101 };
  } catch (error) {
    return { status: error.status, message: JSON.parse(error.body).message };
  }
}

const words = ['roomName=sala 1/ç', 'participant=bob:x', 'trackId=TR_1', 'extra=1'];

test('signed: one connection for one address', async (t) => {
  const server = await startServer(t, { env: { ...secret, EGRESS_AUTH: 'signed' } });
  const url = await sign(server, ...words);
  assert.equal((await knock(url)).status, 101);
  const again = await knock(url);
  assert.equal(again.status, 401);
  assert.match(again.message, /EGRESS_AUTH/);
  assert.equal(await server.metric('prosa_egress_refused_total', { cause: 'used' }), 1);
  await eventually('it is recorded', async () => (await server.metric('prosa_egress_accepted_total')) === 1);
  assert.ok(!server.log.includes(new URL(url).searchParams.get('token')), 'the token is in no log');
});

test('signed: an address that was used opens nothing after a restart either', async (t) => {
  for (const end of ['stop', 'kill']) {
    const first = await startServer(t, { env: { ...secret, EGRESS_AUTH: 'signed' } });
    const url = await sign(first, ...words), other = await sign(first, ...words);
    assert.equal((await knock(url)).status, 101);
    if (end === 'kill')
      await eventually('it is written down', async () => (await readFile(`${first.folder}/storage/egress-nonces`, 'utf8')).length > 0);
    await first[end]();
    const second = await startServer(t, { env: { ...secret, EGRESS_AUTH: 'signed' }, folder: first.folder });
    const at = (address) => address.replace(first.ws, second.ws);
    assert.equal((await knock(at(url))).status, 401);
    assert.equal(await second.metric('prosa_egress_refused_total', { cause: 'used' }), 1);
    assert.equal((await knock(at(other))).status, 101);
  }
});

test('signed: whatever was changed is refused before the upgrade', async (t) => {
  const server = await startServer(t, { env: { ...secret, EGRESS_AUTH: 'signed' } });
  const base = `${server.ws}/egress-audio?roomName=a&participant=b&trackId=c`;
  const url = await sign(server, 'roomName=a', 'participant=b', 'trackId=c');
  const cases = {
    unsigned: base,
    malformed: `${base}&token=v1.x`,
    forged: url.replace('participant=b', 'participant=eve'),
    ambiguous: `${url}&room=other`,
  };
  for (const [cause, bad] of Object.entries(cases)) {
    assert.equal((await knock(bad)).status, 401, cause);
    assert.equal(await server.metric('prosa_egress_refused_total', { cause }), 1, cause);
  }
  assert.equal((await knock(url.replace('/egress-audio', '/egress-video') + '&codec=vp8')).status, 401);
  assert.equal((await knock(url)).status, 101);
});

test('signed: what was signed is what happens, however its name is written', async (t) => {
  const server = await startServer(t, { env: { ...secret, EGRESS_AUTH: 'signed' } });
  const url = await sign(server, 'roomName=a', 'trackId=off', 'recordFormat=off');
  const other = await sign(server, 'roomName=a', 'trackId=on', 'recordFormat=wav');
  for (const [address, format] of [[url, 'off'], [other, 'wav']]) {
    const egress = new FakeEgress(address.replace(`recordFormat=${format}`, `record%46ormat=${format}`), { source: tone() });
    await egress.opened;
    await delay(500);
    await egress.end();
  }
  await eventually('one of them is recorded', async () => (await recordings(server)).length > 0);
  assert.deepEqual((await recordings(server)).map(({ file }) => /_a_.*_(\w+)\.wav$/.exec(file)[1]), ['on']);
});

test('report: everybody comes in, and is counted', async (t) => {
  const server = await startServer(t, { env: { ...secret, EGRESS_AUTH: 'report' } });
  assert.equal((await knock(`${server.ws}/egress-audio?roomName=a`)).status, 101);
  assert.equal(await server.metric('prosa_egress_reported_total'), 1);
});

test('bad parameters are named before the upgrade', async (t) => {
  const server = await startServer(t);
  for (const query of ['', 'roomName=', 'roomName=a&sampleRate=1', 'roomName=a&channels=3', 'roomName=a%0ab']) {
    const { status, message } = await knock(`${server.ws}/egress-audio?${query}`);
    assert.equal(status, 400, query);
    assert.ok(message.length > 10);
  }
  assert.equal((await knock(`${server.ws}/egress-video?roomName=a`)).status, 400);
  assert.equal((await knock(`${server.ws}/egress-audioXYZ?roomName=a`)).status, 404);
});
