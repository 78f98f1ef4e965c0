import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { eventually, once, startServer, temporaryFolder } from './harness.mjs';
import { openTrack } from './egress.mjs';

function makeCertificate(folder, name) {
  const [key, cert] = [`${name}.key`, `${name}.pem`].map((file) => join(folder, file));
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
    '-subj', `/CN=${name}`, '-keyout', key, '-out', cert], { stdio: 'pipe' });
  return { key, cert };
}

// The name in the certificate that a new connection is shown.
async function shownName(server) {
  const socket = connect({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return subject.CN;
}

async function startTls(t) {
  const folder = await temporaryFolder(t);
  const files = makeCertificate(folder, 'first');
  const server = await startServer(t, { env: { TLS_CERT_FILE: files.cert, TLS_KEY_FILE: files.key } });
  assert.equal(await shownName(server), 'first');
  const replace = async (other) => {
    await rename(other.cert, files.cert);
    await rename(other.key, files.key);
  };
  return { server, folder, files, replace };
}

test('SIGHUP reads the certificate again', async (t) => {
  const { server, folder, replace } = await startTls(t);
  await replace(makeCertificate(folder, 'second'));
  server.child.kill('SIGHUP');
  await eventually('the new certificate', async () => (await shownName(server)) === 'second');
});

test('a renewed certificate is noticed by itself', async (t) => {
  const { server, folder, replace } = await startTls(t);
  await replace(makeCertificate(folder, 'second'));
  await eventually('the new certificate', async () => (await shownName(server)) === 'second', { every: 200 });
});

test('a certificate that cannot be used changes nothing, and is said', async (t) => {
  const { server, folder, files, replace } = await startTls(t);
  const second = makeCertificate(folder, 'second');
  await writeFile(files.cert, 'nothing');
  server.child.kill('SIGHUP');
  await eventually('it is said', () => server.log.includes('certificate files cannot be used'));
  assert.equal(await shownName(server), 'first');
  await replace(second);
  await eventually('the new certificate', async () => (await shownName(server)) === 'second', { every: 200 });
});

test('no signal but those of the end ends it', async (t) => {
  const server = await startServer(t);
  await openTrack(server, { roomName: 'a', participant: 'ana', trackId: 't' });
  for (const signal of ['SIGUSR2', 'SIGXFSZ', 'SIGHUP']) server.child.kill(signal);
  await eventually('SIGHUP is obeyed', () => server.log.includes('reading files again'));
  assert.equal((await server.get('/health')).status, 200);
  server.child.kill('SIGTERM');
  for (let i = 0; i < 20 && !server.exit; i++) {
    server.child.kill('SIGHUP');
    await new Promise(setImmediate);
  }
  assert.deepEqual(await server.ended, { code: 0, signal: null });
});
