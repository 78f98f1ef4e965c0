// Who reads this page: a user with an account, the holder of a right to one meeting, or somebody where no one is asked. Access
// tokens live in memory only. What outlasts a reload is the cookie of an account (HTTPS), a refresh token in this tab alone (plain
// HTTP, where a browser keeps no such cookie), and rights to single meetings. In a frame nothing is kept.
import { choice } from '../core/i18n.js';

/** @import { Login, Right, About } from '../shapes' */

export const isFramed = window.self !== window.top;
/** A cookie that scripts cannot read needs HTTPS. */
const hasCookie = location.protocol === 'https:';
/** The server's address: the page lies under app/, whatever stands in front of that. */
export const base = new URL('../', document.baseURI);

const RIGHTS = 'prosa-rights', TAB = 'prosa-refresh', EARLY_MS = 30000;

export class HttpError extends Error {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** @param {Response} response */
export async function failure(response) {
  const body = await response.json().catch(() => null);
  const message = Array.isArray(body?.message) ? body.message.join('; ') : body?.message;
  return new HttpError(response.status, typeof message === 'string' ? message : response.statusText);
}

/** @param {string} path @param {RequestInit} [options] */
export async function ask(path, options = {}) {
  const response = await fetch(new URL(path, base), { cache: 'no-store', credentials: 'same-origin', referrerPolicy: 'no-referrer',
    ...options });
  if (!response.ok) throw await failure(response);
  return response;
}

/** @param {string} path @param {unknown} [body] @param {string | null} [token] */
async function post(path, body, token) {
  const headers = new Headers(body === undefined ? {} : { 'content-type': 'application/json' });
  if (token) headers.set('authorization', `Bearer ${token}`);
  const response = await ask(path, { method: 'POST', headers, body: body === undefined ? undefined : JSON.stringify(body) });
  return response.status === 204 ? null : response.json();
}

/** @returns {Record<string, Right>} */
function readRights() {
  try {
    const all = isFramed ? {} : JSON.parse(choice.get(RIGHTS) ?? '{}');
    return Object.fromEntries(Object.entries(all).filter(([, right]) => right?.expiresAt > Date.now()));
  } catch {
    return {};
  }
}

/** @param {string} [value] */
function tabRefresh(value) {
  try {
    if (isFramed) return null;
    if (value === '') sessionStorage.removeItem(TAB);
    else if (value) sessionStorage.setItem(TAB, value);
    return sessionStorage.getItem(TAB);
  } catch {
    return null;
  }
}

class SessionState {
  /** @type {Login | null} */
  login = null;
  /** When its access token should be replaced, on the monotonic clock: a while before it ends. */
  #renewAtMs = 0;
  /** @type {Record<string, Right>} by meeting */
  rights = readRights();
  /** A LiveKit host token whose meeting has not begun: { token, room }. @type {{ token: string, room: string } | null} */
  waiting = null;
  /** @type {About | null} */
  about = null;
  /** @type {Promise<boolean> | null} */
  #renewal = null;
  /** @type {Set<() => void>} */
  #listeners = new Set();

  /** @param {() => void} listener */
  onChange(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #changed() {
    for (const listener of this.#listeners) listener();
  }

  /** Whether a login may come back by itself: by its cookie, or by what this tab keeps. */
  async start() {
    this.about = await ask('page/about').then((response) => response.json()).catch(() => null);
    if (!isFramed && (hasCookie || tabRefresh())) await this.renew();
  }

  get isOpen() {
    return this.about?.access === 'open' || this.about?.access === 'report';
  }

  get keepsLogin() {
    return hasCookie;
  }

  /** @param {Login} login */
  #take(login) {
    this.login = login;
    this.#renewAtMs = performance.now() + login.expiresIn * 1000 - Math.min(EARLY_MS, (login.expiresIn * 1000) / 3);
    if (login.refreshToken) tabRefresh(login.refreshToken);
    this.#changed();
    if (!login.role) void this.#learnRole(login);
  }

  /** The login does not say which role it has; only what the page offers depends on it. @param {Login} login */
  async #learnRole(login) {
    const headers = { authorization: `Bearer ${login.accessToken}` };
    const me = await ask('auth/me', { headers }).then((response) => response.json()).catch(() => null);
    if (this.login !== login || !me) return;
    login.role = me.role;
    this.#changed();
  }

  /** @param {string} email @param {string} password */
  async signIn(email, password) {
    this.#take(await post(hasCookie ? 'page/login' : 'auth/login', { email, password }));
  }

  /** Asks for a new access token; one request, however many wait for it. False: the login is over. @returns {Promise<boolean>} */
  renew() {
    this.#renewal ??= this.#renew().finally(() => (this.#renewal = null));
    return this.#renewal;
  }

  async #renew() {
    const kept = tabRefresh();
    if (!hasCookie && !kept) return false;
    try {
      // Tabs of one login take turns: a refresh token that is used twice would end it.
      const run = () => (hasCookie ? post('page/refresh') : post('auth/refresh', { refreshToken: kept }));
      this.#take(await (navigator.locks ? navigator.locks.request('prosa-refresh', run) : run()));
      return true;
    } catch (error) {
      if (error instanceof HttpError && error.status < 500) {
        this.login = null;
        tabRefresh('');
        this.#changed();
      }
      return false;
    }
  }

  async signOut() {
    const refreshToken = tabRefresh();
    await (hasCookie ? post('page/logout') : post('auth/logout', { refreshToken: refreshToken ?? '' })).catch(() => {});
    tabRefresh('');
    this.login = null;
    this.#changed();
  }

  // ---- Rights to one meeting ----

  /** Exchanges a LiveKit host token. Answers the right, or null when the meeting has not begun: then the token waits. @param {string} token */
  async exchange(token) {
    try {
      const right = /** @type {Right} */ (await post('page/rights', { token }));
      this.rights[right.meetingId] = right;
      this.waiting = null;
      this.#keepRights();
      return right;
    } catch (error) {
      if (!(error instanceof HttpError) || error.status !== 409) throw error;
      this.waiting = { token, room: roomOfToken(token) };
      return null;
    }
  }

  #keepRights() {
    if (!isFramed) choice.set(RIGHTS, JSON.stringify(this.rights));
    this.#changed();
  }

  /** @param {string} name a meeting's id or its room's */
  rightFor(name) {
    const all = Object.values(this.rights).filter((right) => right.expiresAt > Date.now());
    return this.rights[name] ?? all.filter((right) => right.roomName === name).sort((a, b) => b.expiresAt - a.expiresAt)[0] ?? null;
  }

  /** Gives a right back: neither this browser nor a copy of the token opens the meeting any more. @param {Right} right */
  async revoke(right) {
    await ask(`page/rights/${encodeURIComponent(right.id)}`, { method: 'DELETE', headers: { authorization: `Bearer ${right.token}` } });
    delete this.rights[right.meetingId];
    this.#keepRights();
  }

  /** @param {string} meetingId */
  forget(meetingId) {
    delete this.rights[meetingId];
    this.#keepRights();
  }

  // ---- Requests ----

  /** The token for a meeting (or for what belongs to the account); renewed when it ends soon. @param {string} [meeting] */
  async tokenFor(meeting) {
    if (meeting !== undefined) {
      const right = this.rightFor(meeting);
      if (right) return right.token;
      if (this.waiting?.room === meeting) return this.waiting.token;
    }
    if (this.login && performance.now() > this.#renewAtMs) await this.renew();
    return this.login?.accessToken ?? null;
  }

  /** When the token for a meeting should be replaced, on the monotonic clock; null: never. @param {string} meeting */
  endOf(meeting) {
    return this.login && !this.rightFor(meeting) && this.waiting?.room !== meeting ? this.#renewAtMs : null;
  }

  /**
   * A request with the right that fits. One that is refused with 401 is asked again with a new token.
   * @param {string} path @param {RequestInit & { meeting?: string }} [options]
   */
  async request(path, { meeting, ...options } = {}) {
    const send = async () => {
      const token = await this.tokenFor(meeting);
      const headers = new Headers(options.headers);
      if (token) headers.set('authorization', `Bearer ${token}`);
      return ask(path, { ...options, headers });
    };
    try {
      return await send();
    } catch (error) {
      const mayRenew = error instanceof HttpError && error.status === 401 && this.login && (await this.renew());
      if (!mayRenew) throw error;
      return send();
    }
  }

  /** @param {string} path @param {{ meeting?: string, signal?: AbortSignal }} [options] */
  async get(path, options) {
    return (await this.request(path, options)).json();
  }

  /** @param {string} path @param {unknown} body @param {{ meeting?: string }} [options] */
  async post(path, body, options) {
    const response = await this.request(path, { ...options, method: 'POST', headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body) });
    return response.status === 204 ? null : response.json();
  }
}

/** The room that a LiveKit token joins, without believing it: the server does that. @param {string} token */
export function roomOfToken(token) {
  try {
    const part = token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/');
    const claims = JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(part), (letter) => letter.charCodeAt(0))));
    return String(claims.video?.room ?? '');
  } catch {
    return '';
  }
}

export const session = new SessionState();
