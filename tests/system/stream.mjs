// A client of GET /feedback/:meetingId/live that keeps what it is sent.
import { api } from './api.mjs';
import { eventually, PATIENCE_MS } from './harness.mjs';

class Stream {
  constructor(response, abort) {
    this.status = response.status;
    this.headers = response.headers;
    this.abort = abort;
    this.events = [];
    this.comments = [];
    this.isOver = false;
    this.text = '';
  }

  async read(body) {
    const decoder = new TextDecoder();
    try {
      for await (const part of body) this.take(decoder.decode(part, { stream: true }));
    } catch (error) {
      if (error.name !== 'AbortError') this.error = error;
    }
    this.isOver = true;
  }

  take(text) {
    this.text += text;
    for (let end; (end = this.text.indexOf('\n\n')) >= 0; this.text = this.text.slice(end + 2)) {
      const fields = {};
      for (const line of this.text.slice(0, end).split('\n')) {
        const colon = line.indexOf(': ');
        if (colon === 0 || line.startsWith(':')) this.comments.push(line);
        else fields[line.slice(0, colon)] = line.slice(colon + 2);
      }
      if (fields.retry) this.retry = Number(fields.retry);
      if (!fields.event) continue;
      const data = JSON.parse(fields.data);
      api().checkMessage(`live${fields.event[0].toUpperCase()}${fields.event.slice(1)}`, data);
      this.events.push({ name: fields.event, id: fields.id, data });
    }
  }

  of(name) {
    return this.events.filter((event) => event.name === name);
  }

  // The first event of that name that fits, behind those that came before `from`.
  async next(name, fits = () => true, from = 0) {
    const event = await eventually(`an event ${name}`, () =>
      this.error ?? this.events.slice(from).find((each) => each.name === name && fits(each.data)), { within: PATIENCE_MS });
    if (event === this.error) throw this.error;
    return event;
  }
}

// Resolves with the head of the answer; { body } in place of events when it is refused.
export async function openStream(t, server, meeting, { token, query = '', headers = {} } = {}) {
  const abort = new AbortController();
  const response = await fetch(`${server.url}/feedback/${encodeURIComponent(meeting)}/live${query}`, {
    signal: abort.signal, headers: { ...headers, ...(token && { authorization: `Bearer ${token}` }) } });
  const stream = new Stream(response, abort);
  if (response.status !== 200) {
    stream.body = await response.json();
    return stream;
  }
  stream.read(response.body);
  t.after(() => abort.abort());
  return stream;
}
