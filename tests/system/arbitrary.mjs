// Requests by chance, made from docs/openapi.yaml: some as described, some nearly, some not at all. Every answer is judged by the document,
// and none may be a fault of the server. The same seed makes the same requests; what the server gives (ids, tokens, cursors) is used again.
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import http from 'node:http';
import { accounts, bearer, invite, register } from './accounts.mjs';
import { api } from './api.mjs';
import { eventually, startServer } from './harness.mjs';
import { deadMicrophone, livekit, livekitToken, quickRules, startRoom } from './meeting.mjs';

// A generator of pseudo-random numbers in [0, 1): mulberry32.
function chance(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const oddTexts = ['', ' ', '0', '-1', 'null', '..', '../../etc/passwd', '%', '\u0000', 'a\u0000b', '\ud800', '😀', '\u202eabc', "' OR 1=1 --", '${x}', '<b>', 'x'.repeat(300),
  'x'.repeat(5000), 'é'.repeat(200), '9'.repeat(40), '1e999', 'NaN', '2026-12-01T00:00:00Z', '2026-13-45', '\r\nx-evil: 1', 'pg_' + 'x'.repeat(43), 'group', '*'];
const oddNumbers = [0, -1, 1, 0.5, 1e15, -1e15, 1e308, 2 ** 53, 253402300799999, 253402300800000, NaN];
const oddValues = [null, true, false, [], {}, [[]], { a: { a: { a: {} } } }, '', 0, -1, 1.5, 'x', ['x'], { token: 'x' }];
const oddBodies = ['', '{', '[]', '7', '"x"', 'null', '{"a":1,"a":2}', '{"__proto__":{}}', '\ufeff{}', `${'['.repeat(5000)}${']'.repeat(5000)}`, `{"email":"${'x'.repeat(90000)}"}`,
  '{"email":"\\ud800"}', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])];
const oddTypes = ['application/json', 'application/json; charset=utf-8', 'application/json; charset=utf-16', 'application/json;charset=', 'application/x-www-form-urlencoded', 'text/plain',
  'multipart/form-data; boundary=x', 'x', ''];
const oddRanges = ['bytes=0-0', 'bytes=-1', 'bytes=5-', 'bytes=9-1', 'bytes=0-0,2-3', 'bytes=x', 'lines=1-2', `bytes=${'9'.repeat(30)}-`];

class Maker {
  // `known`: name -> values that mean something to the server; `tokens`: those of the Authorization header.
  constructor(seed, known, tokens) {
    this.random = chance(seed);
    this.known = known;
    this.tokens = tokens;
  }

  one = (list) => list[Math.floor(this.random() * list.length)];
  often = (share) => this.random() < share;

  value(schema, name, depth = 0) {
    const form = schema?.$ref ? api().deref(schema) : schema;
    if (this.often(0.08)) return this.one(oddValues);
    if (this.known[name]?.length && this.often(0.7)) return this.one(this.known[name]);
    if (!form || depth > 4) return this.one(oddValues);
    if (form.const !== undefined) return form.const;
    if (form.enum) return this.often(0.9) ? this.one(form.enum) : this.one(oddTexts);
    if (form.oneOf) return this.value(this.one(form.oneOf), name, depth + 1);
    const type = Array.isArray(form.type) ? this.one(form.type) : form.type;
    if (type === 'integer' || type === 'number') return this.often(0.5) ? Math.floor(this.random() * 100) : this.one(oddNumbers);
    if (type === 'boolean') return this.often(0.5);
    if (type === 'null') return null;
    if (type === 'array') return Array.from({ length: Math.floor(this.random() * 3) }, () => this.value(form.items, name, depth + 1));
    if (type === 'object') return this.object(form, depth);
    return form.format === 'email' && this.often(0.8) ? `${Math.floor(this.random() * 1e9)}@example.org` : this.one(oddTexts);
  }

  object(form, depth) {
    const made = {};
    for (const [name, schema] of Object.entries(form.properties ?? {}))
      if (form.required?.includes(name) ? this.often(0.93) : this.often(0.5)) made[name] = this.value(schema, name, depth + 1);
    if (this.often(0.07)) made[this.one(oddTexts)] = this.one(oddValues);
    return made;
  }

  // Percent-encoded as a client would; or raw, where HTTP lets it stand in a target.
  encoded(text) {
    const plain = String(text);
    if (this.often(0.05)) return this.one(['%', '%zz', '%FF%FE', '%00', '%2F', '+', ';', '~', '%C0%AF']);
    return encodeURIComponent(plain.toWellFormed?.() ?? plain.replace(/[\ud800-\udfff]/gu, '\ufffd'));
  }

  target(path, parameters) {
    const own = path.replace(/\{(\w+)\}/g, (_, name) => this.encoded(this.value({ type: 'string' }, name)));
    const query = parameters.filter(({ in: where }) => where === 'query').flatMap(({ name, schema, required }) =>
      this.often(required ? 0.9 : 0.4) ? Array.from({ length: this.often(0.05) ? 2 : 1 }, () => `${name}=${this.encoded(this.value(schema, name))}`) : []);
    if (this.often(0.05)) query.push(this.one(['', '&', '=', 'limit', 'limit=', 'cursor=%00', 'x=%']));
    return own + (query.length ? `?${query.join('&')}` : '');
  }

  body(operation, headers) {
    const content = operation.requestBody?.content;
    if (!content && this.often(0.9)) return undefined;
    const [type, media] = content ? this.one(Object.entries(content)) : ['application/json', {}];
    headers['content-type'] = this.often(0.95) ? type : this.one(oddTypes);
    if (this.often(0.1)) return this.one(oddBodies);
    const value = this.value(media.schema, 'body');
    if (type !== 'application/x-www-form-urlencoded') return JSON.stringify(value) ?? '';
    return Object.entries(value ?? {}).map(([key, one]) => `${this.encoded(key)}=${this.encoded(one)}`).join('&');
  }

  request({ method, path, operation }) {
    const item = api().openapi.paths[path];
    const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])].map((one) => api().deref(one));
    const headers = {};
    if (this.often(0.85)) headers.authorization = `Bearer ${this.one(this.tokens)}`;
    if (this.often(0.03)) headers.authorization = this.one(['Basic x', 'Bearer', 'Bearer a b', 'x'.repeat(3000)]);
    if (this.often(0.1)) headers.origin = this.one(['null', 'https://app.example.org', 'x']);
    if (path.startsWith('/recordings') && this.often(0.4)) headers.range = this.one(oddRanges);
    if (this.often(0.02)) headers['content-encoding'] = 'gzip';
    if (this.often(0.02)) headers['accept'] = 'text/html';
    const text = this.body(operation, headers);
    const verb = method === 'GET' && this.often(0.05) ? 'HEAD' : this.often(0.02) ? this.one(['PUT', 'PATCH', 'DELETE', 'POST']) : method;
    return { method: verb, target: this.target(path, parameters), headers, text };
  }
}

// Resolves with { status, headers, body }; a stream is left after its head.
function send(server, agent, { method, target, headers, text }) {
  return new Promise((done, fail) => {
    const size = text === undefined ? {} : { 'content-length': Buffer.byteLength(text) };
    const request = http.request({ host: '127.0.0.1', port: server.port, agent, method, path: target, headers: { ...headers, ...size } }, (response) => {
      const answer = (body) => done({ status: response.statusCode, headers: new Headers(Object.entries(response.headers).flatMap(([k, v]) => [v].flat().map((one) => [k, one]))), body });
      const type = response.headers['content-type'] ?? '';
      if (type.startsWith('text/event-stream')) {
        response.on('error', () => {}).destroy();
        answer('');
        return;
      }
      let whole = '';
      response.setEncoding('utf8').on('data', (part) => (whole += part)).on('error', fail).on('end', () => {
        try {
          answer(type.includes('json') && method !== 'HEAD' ? JSON.parse(whole) : whole);
        } catch (error) {
          fail(new Error(`${method} ${target}: ${error.message}: ${whole.slice(0, 200)}`));
        }
      });
    });
    request.on('error', fail).setTimeout(60000, () => request.destroy(new Error('no answer within a minute')));
    request.end(text);
  });
}

const given = ['id', 'meetingId', 'participantId', 'userId', 'slug', 'nextCursor', 'refreshToken', 'token', 'roomName', 'email'];
function learn(known, tokens, value, depth = 0) {
  if (value === null || typeof value !== 'object' || depth > 5) return;
  for (const [name, one] of Object.entries(value)) {
    if (typeof one === 'string' && given.includes(name)) {
      const list = (known[name === 'nextCursor' ? 'cursor' : name] ??= []);
      if (list.length < 50 && !list.includes(one)) list.push(one);
    }
    if (name === 'accessToken' && tokens.length < 50) tokens.push(one);
    learn(known, tokens, one, depth + 1);
  }
}

// Sends so many requests, eight at a time, and resolves with { statuses, faults }: what the document does not say, and faults of the server.
async function sendArbitrary(server, { count, seed, known, tokens, skip = () => false }) {
  const operations = api().operations().filter((one) => !skip(one));
  const maker = new Maker(seed, known, tokens), agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
  const statuses = {}, faults = [];
  let left = count;
  const worker = async () => {
    while (left-- > 0 && faults.length < 20) {
      const request = maker.request(maker.one(operations));
      const what = `${request.method} ${request.target.slice(0, 300)} ${JSON.stringify(request.headers)} ${String(request.text).slice(0, 300)}`;
      try {
        const answer = await send(server, agent, request);
        statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
        if (answer.status >= 500 && answer.status !== 503) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
        api().checkAnswer(request.method, request.target, answer);
        if (answer.status < 300) learn(known, tokens, answer.body);
      } catch (error) {
        faults.push(`${what}\n    ${error.message}`);
      }
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  agent.destroy();
  return { statuses, faults };
}

// Sockets have tests of their own; a lost account or meeting would leave nothing to ask about.
const isOther = ({ path, operation }) => operation.tags.includes('sockets') || ['changePassword', 'removeMember', 'eraseSession'].includes(operation.operationId);

// A server with a meeting, asked so many times. SEED=N repeats a run.
export async function askByChance(t, { count, seed = Number(process.env.SEED ?? randomInt(2 ** 31)), file } = {}) {
  const server = await startServer(t, { file, env: { ...accounts, ...livekit, ...quickRules, FEEDBACK_ACCESS: 'host', DEFAULT_ORGANIZATION: 'acme', DATABASE_STALL_MS: '2000' } });
  const owner = await register(server, 'acme'), member = await invite(server, owner, 'bob');
  await startRoom(server, 'RM_1', 'daily');
  await deadMicrophone(t, server, { query: '&recordFormat=wav&dtx=off' });
  await eventually('feedback', async () => (await server.get('/feedback/RM_1', bearer(owner))).body.items.length > 0);
  const known = { meetingId: ['RM_1', 'daily'], slug: ['acme'], roomName: ['daily'], participantId: ['bob'], password: ['correct horse battery staple'],
    id: (await server.get('/sessions/RM_1', bearer(owner))).body.recordings.map(({ id }) => id) };
  const tokens = [owner.accessToken, owner.accessToken, member.accessToken, livekitToken(), livekitToken({ room: 'other' }), 'bad'];
  const { statuses, faults } = await sendArbitrary(server, { count, seed, known, tokens, skip: isOther });
  t.diagnostic(`seed ${seed}: ${JSON.stringify(statuses)}`);
  assert.deepEqual(faults, [], `seed ${seed}`);
  assert.ok(statuses[200] > count / 20 && statuses[400] > count / 20 && statuses[404] > count / 50, JSON.stringify(statuses));
  assert.equal((await server.get('/health')).status, 200);
}
