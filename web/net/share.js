// One stream for all tabs of a browser, which opens few connections to one server: one tab leads, reads the stream and passes on what
// comes; when it closes, the next one leads. Without Web Locks (plain HTTP), or in a frame, each tab has a stream of its own.
import { isFramed, session } from './session.js';
import { Stream } from './stream.js';

/** @import { StreamListener, StreamState } from './stream.js' */
/** @typedef {{ close: () => void, setLevels: (levels: boolean) => void }} Subscription */

/**
 * `read` gives what the model knows (it can be cloned), and `restore` takes it: for a tab that comes later.
 * @typedef {StreamListener & { read: () => unknown, restore: (state: any) => void }} Sharer
 */

/** @param {string} meeting @param {Sharer} sharer @param {boolean} levels @returns {Subscription} */
export function subscribe(meeting, sharer, levels) {
  if (!navigator.locks || !window.BroadcastChannel || isFramed) {
    const stream = new Stream(meeting, sharer, { levels }).open();
    return { close: () => stream.close(), setLevels: (wanted) => stream.setLevels(wanted) };
  }
  return new SharedStream(meeting, sharer, levels);
}

class SharedStream {
  #end = new AbortController();
  /** @type {Stream | null} */
  #stream = null;
  /** @type {StreamState} */
  #state = 'connecting';
  /** Tabs that asked for levels, by their own names. @type {Set<string>} */
  #wanting = new Set();
  #self = crypto.randomUUID();
  /** The other tabs: without any, nothing is passed on. @type {Set<string>} */
  #others = new Set();

  /** @param {string} meeting @param {Sharer} sharer @param {boolean} levels */
  constructor(meeting, sharer, levels) {
    const who = session.rightFor(meeting)?.id ?? session.login?.user.id ?? 'open';
    this.name = `prosa ${who} ${meeting} ${document.documentElement.lang}`;
    this.meeting = meeting;
    this.sharer = sharer;
    this.levels = levels;
    this.channel = new BroadcastChannel(this.name);
    this.channel.onmessage = ({ data }) => this.#take(data);
    this.channel.postMessage({ kind: 'hello', from: this.#self, levels });
    navigator.locks.request(this.name, { signal: this.#end.signal }, () => this.#lead()).catch(() => {});
  }

  /** Holds the lock until this tab is done. */
  #lead() {
    if (this.#end.signal.aborted) return;
    if (this.levels) this.#wanting.add(this.#self);
    this.#stream = new Stream(this.meeting, {
      onEvent: (name, data) => {
        this.sharer.onEvent(name, data);
        if (this.#others.size) this.channel.postMessage({ kind: 'event', name, data });
      },
      onState: (state) => this.#tell(state),
      seq: () => this.sharer.seq(),
    }, { levels: this.#wanting.size > 0 });
    this.channel.postMessage({ kind: 'leader' });
    this.#stream.open();
    return new Promise((done) => this.#end.signal.addEventListener('abort', () => done(undefined)));
  }

  /** @param {StreamState} state */
  #tell(state) {
    this.#state = state;
    this.sharer.onState(state);
    this.channel.postMessage({ kind: 'state', state });
  }

  /** @param {any} message */
  #take(message) {
    const isLeader = this.#stream !== null;
    if (message.kind === 'event' && !isLeader) this.sharer.onEvent(message.name, message.data);
    else if (message.kind === 'state' && !isLeader) this.sharer.onState(message.state);
    else if (message.kind === 'leader') this.channel.postMessage({ kind: 'want', from: this.#self, levels: this.levels });
    else if (message.kind === 'model' && !isLeader && message.to === this.#self) {
      this.sharer.restore(message.model);
      this.sharer.onState(message.state);
    } else if (isLeader && message.kind === 'bye') {
      this.#others.delete(message.from);
      this.#want(message.from, false);
    } else if (isLeader && (message.kind === 'hello' || message.kind === 'want')) {
      this.#others.add(message.from);
      this.#want(message.from, message.levels);
      if (message.kind === 'hello' && this.#state !== 'connecting')
        this.channel.postMessage({ kind: 'model', to: message.from, model: this.sharer.read(), state: this.#state });
    }
  }

  /** @param {string} from @param {boolean} levels */
  #want(from, levels) {
    if (levels) this.#wanting.add(from);
    else this.#wanting.delete(from);
    this.#stream?.setLevels(this.#wanting.size > 0);
  }

  /** @param {boolean} levels */
  setLevels(levels) {
    this.levels = levels;
    this.#want(this.#self, levels);
    this.channel.postMessage({ kind: 'want', from: this.#self, levels });
  }

  close() {
    this.channel.postMessage({ kind: 'bye', from: this.#self });
    this.#stream?.close();
    this.#end.abort();
    this.channel.close();
  }
}
