// A receiver of Prosa's webhooks, which verifies them with the library of Standard Webhooks. `answer` decides on each: a status, an object
// { status, headers }, or 'hang'.
import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { atEnd } from '../system/harness.mjs';

export const secret = (byte) => `whsec_${Buffer.alloc(32, byte).toString('base64')}`;

export async function openReceiver(t, { key = secret(1), answer = () => 204, port = 0 } = {}) {
  const receiver = { events: [], tries: [], refused: [], answer, key };
  const take = (request, response, body) => {
    const one = { id: request.headers['webhook-id'], headers: request.headers, body, at: Date.now(), path: request.url };
    try {
      one.event = new Webhook(receiver.key).verify(body, request.headers);
    } catch (error) {
      receiver.refused.push({ ...one, error: error.message });
      response.writeHead(401).end();
      return;
    }
    receiver.tries.push(one);
    const said = receiver.answer(one, receiver.tries.filter(({ id }) => id === one.id).length);
    if (said === 'hang') return;
    const { status = said, headers = {} } = said;
    if (status >= 200 && status < 300) receiver.events.push(one);
    response.writeHead(status, headers).end();
  };
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (part) => (body += part)).on('end', () => take(request, response, body));
  });
  await new Promise((done) => server.listen(port, '127.0.0.1', done));
  receiver.port = server.address().port;
  receiver.url = `http://127.0.0.1:${receiver.port}/hook`;
  receiver.close = () => {
    server.closeAllConnections();
    return new Promise((done) => server.close(done));
  };
  receiver.of = (type) => receiver.events.filter(({ event }) => event.type === type);
  atEnd(t, receiver.close);
  return receiver;
}
