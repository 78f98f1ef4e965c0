// A server whose listening socket a service manager holds.
import { get } from 'node:http';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startServer } from './harness.mjs';

const manager = join(dirname(fileURLToPath(import.meta.url)), '../fixtures/service-manager.py');

export const startManaged = (t, options) => startServer(t, { ...options, wrap: ['python3', manager] });

// A connection of its own for each request: the status, or why there was none.
export const ask = (server) =>
  new Promise((done) => {
    const request = get(`${server.url}/health`, { agent: false }, (response) => {
      response.resume();
      response.on('close', () => done(response.statusCode));
    });
    request.on('error', (error) => done(error.code));
  });
