// An object store that believes nothing: every signature, hash and MD5 is computed again, in code of its own. It has multipart
// uploads, preconditions and signed links, and fails when it is told to: `store.fail(request => answer)`.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { atEnd } from '../system/harness.mjs';

const PART_MIN = 5 << 20;

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const md5 = (bytes) => createHash('md5').update(bytes).digest();
const hmac = (key, text) => createHmac('sha256', key).update(text).digest();
const encode = (text) => encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
const xml = (root, body) => `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${body}</${root}>`;

class Refusal extends Error {
  constructor(status, code, more = '') {
    super(code);
    Object.assign(this, { status, code, more });
  }

  body() {
    return `<?xml version="1.0"?><Error><Code>${this.code}</Code><Message>told by the fake</Message>${this.more}</Error>`;
  }
}

export class FakeS3 {
  constructor({ bucket = 'gravacoes', region = 'sa-east-1', key = 'AKIDEXAMPLE', secret = 'a secret of forty characters, as they are' } = {}) {
    Object.assign(this, { bucket, region, key, secret });
    this.objects = new Map(); // key -> { bytes, etag, headers }
    this.uploads = new Map(); // id -> { key, headers, parts: number -> { bytes, etag } }
    this.requests = [];       // { method, path, query, headers, status }
    this.failures = [];
    this.skewMs = 0;          // how far its clock is ahead
    this.count = 0;
  }

  async listen(t) {
    this.server = createServer((request, response) => this.serve(request, response));
    await new Promise((done) => this.server.listen(0, '127.0.0.1', done));
    atEnd(t, () => { this.server.closeAllConnections(); return new Promise((done) => this.server.close(done)); });
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  environment() {
    return { S3_BUCKET: this.bucket, S3_ENDPOINT: this.url, AWS_REGION: this.region, AWS_ACCESS_KEY_ID: this.key, AWS_SECRET_ACCESS_KEY: this.secret };
  }

  // The next `times` requests for which `answer` returns something get that: 'cut' ends the connection, 'lose' does what was asked and
  // ends it then, { status, code, more } is an error, { as200: code } one in a good answer.
  fail(answer, times = 1) {
    this.failures.push({ answer, times });
  }

  async serve(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const url = new URL(request.url, this.url);
    const [path, query = ''] = request.url.split('?');
    const seen = { method: request.method, path: decodeURIComponent(path), query: url.searchParams, headers: request.headers };
    this.requests.push(seen);
    response.setHeader('Date', new Date(Date.now() + this.skewMs).toUTCString());
    try {
      this.check(request, path, query, body);
      const told = this.told(seen);
      if (told === 'cut') return request.socket.destroy();
      if (told?.status) throw new Refusal(told.status, told.code, told.more);
      if (told?.as200) return this.answer(seen, response, 200, {}, `   \n${new Refusal(200, told.as200).body().replace(/^<\?xml.*?\?>/, '')}`);
      const result = this.act(seen, body);
      if (told === 'lose') return request.socket.destroy();
      this.answer(seen, response, result.status ?? 200, result.headers ?? {}, result.body ?? '');
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      this.answer(seen, response, refusal.status, {}, refusal.body());
    }
  }

  told(seen) {
    for (const failure of this.failures) {
      const told = failure.answer(seen);
      if (!told) continue;
      if (--failure.times === 0) this.failures = this.failures.filter((other) => other !== failure);
      return told;
    }
  }

  answer(seen, response, status, headers, body) {
    seen.status = status;
    response.writeHead(status, { 'Content-Length': Buffer.byteLength(body), ...headers });
    response.end(seen.method === 'HEAD' ? undefined : body);
  }

  // ---- Signatures

  check(request, path, query, body) {
    const params = new URLSearchParams(query);
    if (params.has('X-Amz-Signature')) this.checkLink(request, path, query, params);
    else this.checkHeader(request, path, query, body);
  }

  signature(scope, date, canonical) {
    const [day, region, service] = scope.split('/');
    let key = Buffer.from(`AWS4${this.secret}`);
    for (const part of [day, region, service, 'aws4_request']) key = hmac(key, part);
    return hmac(key, ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n'));
  }

  verify(request, { scope, id, date, signed, signature, path, query, hash }) {
    if (id !== this.key) throw new Refusal(403, 'InvalidAccessKeyId');
    if (scope.split('/')[1] !== this.region)
      throw new Refusal(400, 'AuthorizationHeaderMalformed', `<Region>${this.region}</Region>`);
    const when = Date.UTC(+date.slice(0, 4), +date.slice(4, 6) - 1, +date.slice(6, 8), +date.slice(9, 11), +date.slice(11, 13), +date.slice(13, 15));
    if (Math.abs(Date.now() + this.skewMs - when) > 15 * 60 * 1000) throw new Refusal(403, 'RequestTimeTooSkewed');
    const names = signed.split(';');
    if (!names.includes('host')) throw new Refusal(403, 'AccessDenied');
    for (const name of Object.keys(request.headers))
      if (name.startsWith('x-amz-') && !names.includes(name)) throw new Refusal(403, 'AccessDenied');
    const sorted = query.split('&').filter(Boolean);
    if (sorted.join() !== [...sorted].sort().join() || sorted.some((part) => !part.includes('='))) throw new Refusal(403, 'SignatureDoesNotMatch');
    const clean = path.split('/').map((part) => encode(decodeURIComponent(part))).join('/');
    const canonical = [request.method, clean, query, ...names.map((name) => `${name}:${request.headers[name].trim()}`), '', signed, hash].join('\n');
    const expected = this.signature(scope, date, canonical);
    const given = Buffer.from(signature, 'hex');
    if (given.length !== 32 || !timingSafeEqual(given, expected)) throw new Refusal(403, 'SignatureDoesNotMatch');
  }

  checkHeader(request, path, query, body) {
    const [, id, scope, signed, signature] =
      /^AWS4-HMAC-SHA256 Credential=([^/]+)\/([^,]+),\s*SignedHeaders=([^,]+),\s*Signature=(\w+)$/.exec(request.headers.authorization ?? '') ?? [];
    if (!id) throw new Refusal(403, 'AccessDenied');
    const hash = request.headers['x-amz-content-sha256'];
    if (!hash) throw new Refusal(400, 'InvalidRequest');
    this.verify(request, { id, scope, signed, signature, path, query, hash, date: request.headers['x-amz-date'] });
    if (hash !== sha256(body)) throw new Refusal(400, 'XAmzContentSHA256Mismatch');
    const sum = request.headers['content-md5'];
    if (sum && sum !== md5(body).toString('base64')) throw new Refusal(400, 'BadDigest');
  }

  checkLink(request, path, query, params) {
    const at = query.indexOf('&X-Amz-Signature=');
    const [id, ...scope] = params.get('X-Amz-Credential').split('/');
    const date = params.get('X-Amz-Date');
    this.verify(request, { id, scope: scope.join('/'), date, signed: params.get('X-Amz-SignedHeaders'), signature: params.get('X-Amz-Signature'),
      path, query: query.slice(0, at), hash: 'UNSIGNED-PAYLOAD' });
  }

  // ---- Operations

  act(seen, body) {
    const prefix = `/${this.bucket}/`;
    if (!seen.path.startsWith(prefix)) throw new Refusal(404, 'NoSuchBucket');
    const key = seen.path.slice(prefix.length), { query } = seen;
    if (query.has('uploads')) return this.begin(key, seen);
    if (query.has('uploadId')) return this.ofUpload(key, seen, body);
    switch (seen.method) {
      case 'PUT': return this.put(key, body, seen.headers, `"${md5(body).toString('hex')}"`);
      case 'DELETE': this.objects.delete(key); return { status: 204 };
      default: return this.get(key, seen);
    }
  }

  put(key, bytes, headers, etag, match = headers['if-none-match']) {
    if (match === '*' && this.objects.has(key)) throw new Refusal(412, 'PreconditionFailed');
    this.objects.set(key, { bytes, etag, headers });
    return { headers: { ETag: etag } };
  }

  get(key, seen) {
    const object = this.objects.get(key);
    if (!object) throw new Refusal(404, 'NoSuchKey');
    const headers = { ETag: object.etag, 'Content-Type': seen.query.get('response-content-type') ?? object.headers['content-type'] ?? 'binary/octet-stream' };
    const disposition = seen.query.get('response-content-disposition');
    if (disposition) headers['Content-Disposition'] = disposition;
    for (const [name, value] of Object.entries(object.headers)) if (name.startsWith('x-amz-meta-')) headers[name] = value;
    const range = /^bytes=(\d+)-(\d*)$/.exec(seen.headers.range ?? '');
    if (!range) return { headers: { ...headers, 'Content-Length': object.bytes.length }, body: object.bytes };
    const last = range[2] ? Math.min(+range[2], object.bytes.length - 1) : object.bytes.length - 1;
    const body = object.bytes.subarray(+range[1], last + 1);
    return { status: 206, headers: { ...headers, 'Content-Range': `bytes ${range[1]}-${last}/${object.bytes.length}` }, body };
  }

  begin(key, seen) {
    const id = `upload/${++this.count}+=`;
    this.uploads.set(id, { key, headers: seen.headers, parts: new Map() });
    return { body: xml('InitiateMultipartUploadResult', `<Key>${key}</Key><UploadId>${id}</UploadId>`) };
  }

  ofUpload(key, seen, body) {
    const id = seen.query.get('uploadId'), upload = this.uploads.get(id);
    if (!upload || upload.key !== key) throw new Refusal(404, 'NoSuchUpload');
    switch (seen.method) {
      case 'PUT': {
        const etag = `"${md5(body).toString('hex')}"`;
        upload.parts.set(+seen.query.get('partNumber'), { bytes: body, etag });
        return { headers: { ETag: etag } };
      }
      case 'GET': return this.listParts(upload, +(seen.query.get('part-number-marker') ?? 0));
      case 'DELETE': this.uploads.delete(id); return { status: 204 };
      default: return this.complete(id, upload, seen, body.toString());
    }
  }

  // Two a page, so that every list has several.
  listParts(upload, after) {
    const all = [...upload.parts].sort(([a], [b]) => a - b).filter(([number]) => number > after);
    const page = all.slice(0, 2);
    const parts = page.map(([number, { bytes, etag }]) =>
      `<Part><PartNumber>${number}</PartNumber><ETag>${etag.replaceAll('"', '&quot;')}</ETag><Size>${bytes.length}</Size></Part>`);
    return { body: xml('ListPartsResult', `<IsTruncated>${all.length > 2}</IsTruncated><NextPartNumberMarker>${page.at(-1)?.[0] ?? 0}</NextPartNumberMarker>${parts.join('')}`) };
  }

  complete(id, upload, seen, list) {
    const named = [...list.matchAll(/<Part><PartNumber>(\d+)<\/PartNumber><ETag>(.*?)<\/ETag><\/Part>/g)].map(([, number, etag]) => [+number, etag.replaceAll('&quot;', '"')]);
    const parts = named.map(([number, etag], i) => {
      const part = upload.parts.get(number);
      if (!part || part.etag !== etag || number !== i + 1) throw new Refusal(400, 'InvalidPart');
      if (i < named.length - 1 && part.bytes.length < PART_MIN) throw new Refusal(400, 'EntityTooSmall');
      if (i > 0 && i < named.length - 1 && part.bytes.length !== upload.parts.get(1).bytes.length) throw new Refusal(400, 'InvalidPart');
      return part;
    });
    const etag = `"${md5(Buffer.concat(parts.map((part) => Buffer.from(part.etag.slice(1, -1), 'hex')))).toString('hex')}-${parts.length}"`;
    this.put(upload.key, Buffer.concat(parts.map((part) => part.bytes)), upload.headers, etag, seen.headers['if-none-match']);
    this.uploads.delete(id);
    return { body: xml('CompleteMultipartUploadResult', `<ETag>${etag.replaceAll('"', '&quot;')}</ETag>`) };
  }
}
