// Server-sent events out of pieces of text, wherever those are cut (the HTML standard, 9.2.6). Comments only show that the
// connection lives.

/** @typedef {{ name: string, data: string, id: string | null }} StreamEvent */

export class EventParser {
  #rest = '';
  #name = '';
  /** @type {string[]} */
  #data = [];
  /** The last id, as it goes into Last-Event-ID. @type {string | null} */
  id = null;
  /** What the server wants between two tries. @type {number | null} */
  retryMs = null;

  /** @param {string} piece @returns {StreamEvent[]} */
  take(piece) {
    const lines = (this.#rest + piece).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    return lines.map((line) => this.#line(line)).filter((event) => event !== null);
  }

  /** @param {string} line @returns {StreamEvent | null} */
  #line(line) {
    if (line === '') return this.#end();
    const [, field, value] = /^([^:]*):? ?([^]*)$/.exec(line) ?? [];
    if (field === 'event') this.#name = value;
    else if (field === 'data') this.#data.push(value);
    else if (field === 'id' && !value.includes('\0')) this.id = value;
    else if (field === 'retry' && /^\d+$/.test(value)) this.retryMs = Number(value);
    return null;
  }

  #end() {
    const event = this.#data.length ? { name: this.#name || 'message', data: this.#data.join('\n'), id: this.id } : null;
    this.#name = '';
    this.#data = [];
    return event;
  }
}
