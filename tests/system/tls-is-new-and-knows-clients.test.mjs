// TLS: nothing older than 1.2, and METRICS_CLIENT_CA_FILE lets those who have a certificate read the metrics.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { once, run, startServer, temporaryFolder } from './harness.mjs';

const openssl = (...args) => execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'ignore'] });

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];

// A certificate that `by` signed, or its own; returns { cert, key } as paths.
function certificate(folder, name, { by, days = 2 } = {}) {
  const [key, csr, cert] = ['key', 'csr', 'pem'].map((ending) => join(folder, `${name}.${ending}`));
  if (!by) {
    openssl('req', '-x509', ...newKey, '-nodes', '-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1', '-days', String(days), '-keyout', key, '-out', cert);
  } else {
    openssl('req', ...newKey, '-nodes', '-subj', `/CN=${name}`, '-keyout', key, '-out', csr);
    openssl('x509', '-req', '-in', csr, '-CA', by.cert, '-CAkey', by.key, '-CAcreateserial', '-days', String(days), '-out', cert);
  }
  return { cert, key };
}

const read = ({ cert, key }) => ({ cert: readFileSync(cert), key: readFileSync(key) });

// The status of a GET over a connection of its own, and the session for the next.
function get(server, path, options = {}) {
  return new Promise((done, fail) => {
    let session;
    const asked = request({ host: '127.0.0.1', port: server.port, path, agent: false, rejectUnauthorized: false, ...options }, (response) => {
      const reused = response.socket.isSessionReused();
      response.resume().on('end', () => done({ status: response.statusCode, reused, session }));
    });
    asked.on('socket', (socket) => socket.on('session', (fresh) => (session = fresh)));
    asked.on('error', fail).end();
  });
}

test('a client that speaks less than TLS 1.2 is refused', async (t) => {
  const own = certificate(await temporaryFolder(t), 'prosa');
  const server = await startServer(t, { env: { TLS_CERT_FILE: own.cert, TLS_KEY_FILE: own.key } });
  const speak = async (version) => {
    const socket = connect({ host: '127.0.0.1', port: server.port, rejectUnauthorized: false, minVersion: version, maxVersion: version, ciphers: 'DEFAULT:@SECLEVEL=0' });
    const result = await Promise.race([once(socket, 'secureConnect').then(() => socket.getProtocol()), once(socket, 'error').then((error) => error.code)]);
    socket.destroy();
    return result;
  };
  for (const version of ['TLSv1', 'TLSv1.1']) assert.equal(await speak(version), 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', version);
  for (const version of ['TLSv1.2', 'TLSv1.3']) assert.equal(await speak(version), version);
});

test('a certificate of the right authority opens the metrics, and nothing else', async (t) => {
  const folder = await temporaryFolder(t);
  const [own, authority, other] = ['prosa', 'authority', 'other'].map((name) => certificate(folder, name));
  const good = read(certificate(folder, 'prometheus', { by: authority }));
  const foreign = read(certificate(folder, 'stranger', { by: other }));
  const itself = read(certificate(folder, 'prometheus-itself'));
  const env = { TLS_CERT_FILE: own.cert, TLS_KEY_FILE: own.key, METRICS_CLIENT_CA_FILE: authority.cert };
  const server = await startServer(t, { env });
  const { session, ...first } = await get(server, '/metrics', good);
  assert.deepEqual(first, { status: 200, reused: false });
  assert.deepEqual(await get(server, '/metrics', { session }).then(({ status, reused }) => ({ status, reused })), { status: 200, reused: true }, 'also in a session that goes on');
  for (const shown of [{}, foreign, itself]) {
    assert.equal((await get(server, '/metrics', shown)).status, 401);
    assert.equal((await get(server, '/health', shown)).status, 200, 'everything else is as without');
  }
  assert.equal((await get(server, '/auth/me', good)).status, 401);
});

test('a token is as good as a certificate', async (t) => {
  const folder = await temporaryFolder(t);
  const [own, authority] = ['prosa', 'authority'].map((name) => certificate(folder, name));
  const good = read(certificate(folder, 'prometheus', { by: authority }));
  const env = { TLS_CERT_FILE: own.cert, TLS_KEY_FILE: own.key, METRICS_CLIENT_CA_FILE: authority.cert, METRICS_TOKEN: 'a-token-of-this-test' };
  const server = await startServer(t, { env });
  assert.equal((await get(server, '/metrics', good)).status, 200);
  assert.equal((await get(server, '/metrics', { headers: { authorization: 'Bearer a-token-of-this-test' } })).status, 200);
  assert.equal((await get(server, '/metrics')).status, 401);
});

test('authorities that cannot be used stop the start, with what to do', async (t) => {
  const folder = await temporaryFolder(t);
  const own = certificate(folder, 'prosa');
  const start = async (env) => (await run(['check-config'], { cwd: folder, env })).stderr;
  assert.match(await start({ METRICS_CLIENT_CA_FILE: own.cert }), /METRICS_CLIENT_CA_FILE is set, but .* set TLS_CERT_FILE and TLS_KEY_FILE/);
  assert.match(await start({ TLS_CERT_FILE: own.cert, TLS_KEY_FILE: own.key, METRICS_CLIENT_CA_FILE: own.key }), /authorities of clients .*prosa\.key/);
});
