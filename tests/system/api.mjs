// docs/openapi.yaml and docs/asyncapi.yaml as judges: whether an answer of the server, or an event, is described. An object may have no
// member that its schema does not name, unless the schema says that others may come.
import Ajv from 'ajv/dist/2020.js';
import yaml from 'js-yaml';
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const docs = join(resolve(dirname(fileURLToPath(import.meta.url)), '../..'), 'docs');
export const read = (name) => yaml.load(readFileSync(join(docs, name), 'utf8'));

const closed = (schema) => {
  if (Array.isArray(schema)) return schema.map(closed);
  if (schema === null || typeof schema !== 'object') return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  if (schema.properties && schema.type === 'object' && schema.additionalProperties === undefined) copy.additionalProperties = false;
  return copy;
};

const methods = ['get', 'post', 'put', 'patch', 'delete'];
const isPart = (template) => /^\{.*\}$/.test(template);

export class Api {
  constructor() {
    this.openapi = read('openapi.yaml');
    this.asyncapi = read('asyncapi.yaml');
    this.seen = new Set(); // "GET /sessions 200"
    this.seenMessages = new Set();
    this.ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
    for (const [name, document] of [['openapi.yaml', this.openapi], ['asyncapi.yaml', this.asyncapi]])
      this.ajv.addSchema({ $id: `http://docs/${name}`, components: { schemas: closed(document.components.schemas) } });
    this.paths = Object.keys(this.openapi.paths).map((path) => ({ path, parts: path.split('/').filter(Boolean) }))
      .sort((a, b) => a.parts.filter(isPart).length - b.parts.filter(isPart).length);
  }

  // [{ method, path, operation }] of everything that is described.
  operations() {
    return Object.entries(this.openapi.paths).flatMap(([path, item]) =>
      methods.filter((method) => item[method]).map((method) => ({ method: method.toUpperCase(), path, operation: item[method] })));
  }

  // Of two paths that fit, the one with fewer parameters that has this method.
  find(target, verb) {
    const parts = target.split('?')[0].split('/').filter(Boolean);
    if (target.startsWith('/app/')) return '/app/{file}';
    if (target.startsWith('/socket.io/')) return '/socket.io/';
    const fits = ({ parts: wanted }) =>
      wanted.length === parts.length && wanted.every((part, i) => isPart(part) || part.toLowerCase() === parts[i].toLowerCase());
    return this.paths.find((one) => fits(one) && this.openapi.paths[one.path][verb])?.path;
  }

  deref(value) {
    return value?.$ref ? value.$ref.slice(2).split('/').reduce((at, key) => at[key], this.openapi) : value;
  }

  check(schema, value, what) {
    const holder = { $id: 'http://docs/openapi.yaml/inline', ...schema };
    const name = schema.$ref && `http://docs/openapi.yaml${schema.$ref}`;
    const validate = name ? this.ajv.getSchema(name) : this.ajv.compile({ ...holder, $id: undefined });
    if (!validate(value))
      throw new Error(`${what} is not as described (${name ?? JSON.stringify(schema)}): ${this.ajv.errorsText(validate.errors)}: ` +
        JSON.stringify(value).slice(0, 600));
  }

  // An event's payload: a name in components.messages of asyncapi.yaml.
  checkMessage(name, payload) {
    const { $ref } = this.asyncapi.components.messages[name].payload;
    this.seenMessages.add(name);
    const validate = this.ajv.getSchema(new URL($ref, 'http://docs/asyncapi.yaml').href);
    if (!validate(payload)) throw new Error(`${name} is not as described: ${this.ajv.errorsText(validate.errors)}: ${JSON.stringify(payload)}`);
  }

  // A webhook to others, against the form of its type.
  checkWebhook(event) {
    const hook = this.openapi.webhooks[event.type];
    if (!hook) throw new Error(`no webhook ${event.type} is described`);
    this.check(hook.post.requestBody.content['application/json'].schema, event, event.type);
  }

  // Throws when no document says that this request may be answered so.
  checkAnswer(method, target, { status, headers, body }) {
    const verb = method === 'HEAD' ? 'GET' : method, what = `${verb} ${target}: the answer ${status}`;
    const path = this.find(target, verb.toLowerCase()), operation = this.openapi.paths[path]?.[verb.toLowerCase()];
    if (method === 'OPTIONS') return;
    if (!operation) {
      if (status !== 404 && !this.openapi['x-every-request'][status]) throw new Error(`${what}: nothing describes this request`);
      if (method !== 'HEAD') this.check({ $ref: '#/components/schemas/Error' }, body, what);
      return;
    }
    // 404 besides: a part of the path is empty or holds a zero.
    const isUnfit = status === 404 && body?.message?.startsWith?.('Cannot ');
    const response = this.deref(operation.responses[status] ?? this.openapi['x-every-request'][status] ??
      (isUnfit && { $ref: '#/components/responses/NotFound' }));
    if (!response) throw new Error(`${what} is not described: ${JSON.stringify(body).slice(0, 300)}`);
    if (operation.responses[status]) this.seen.add(`${verb} ${path} ${status}`);
    const type = headers.get('content-type')?.split(';')[0];
    if (method === 'HEAD' || status === 304) return;
    if (!response.content) {
      if (body !== '') throw new Error(`${what} has a body: ${JSON.stringify(body).slice(0, 300)}`);
      return;
    }
    const media = response.content[type] ?? response.content['*/*'];
    if (!media) throw new Error(`${what}: the type ${type} is not described`);
    if (type === 'application/json') this.check(media.schema, body, what);
  }
}

let shared;
export const api = () => (shared ??= new Api());
