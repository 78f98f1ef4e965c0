// The first thing that runs: takes a token out of the address, finds out who reads, and shows the view that is asked for.
import { bdi, custom, el, fill } from './core/dom.js';
import { chooseLocale, currentLocale, locales, onLocale, startLocale, t } from './core/i18n.js';
import { cleanName } from './core/names.js';
import { isFramed, session } from './net/session.js';
import { errorBox } from './views/say-error.js';
import { go, readRoute, setTitle, takeToken } from './views/route.js';
import './views/sign-in.js';
import './views/meetings.js';

/** @import { Locale } from './core/i18n.js' */

const main = /** @type {HTMLElement} */ (document.getElementById('main'));
const bar = /** @type {HTMLElement} */ (document.getElementById('bar'));
const names = { 'pt-BR': 'Português', en: 'English', es: 'Español' };
/** What went wrong with the link that led here. @type {unknown} */
let linkFailure = null;

// ---- The bar ----

function drawBar() {
  const languages = el('select', { 'aria-label': t('language'), on: { change: (/** @type {Event} */ event) =>
    chooseLocale(/** @type {Locale} */ (/** @type {HTMLSelectElement} */ (event.currentTarget).value)) } },
  locales.map((one) => el('option', { value: one, lang: one, selected: one === currentLocale() }, names[one])));
  const { view } = readRoute(location.hash), login = session.login;
  const link = (/** @type {string} */ to, /** @type {string} */ text) =>
    el('a', { href: `#/${to}`, 'aria-current': view === to ? 'page' : false }, text);
  fill(bar, el('a', { class: 'brand', href: '#/' }, el('img', { src: 'icon.svg', alt: '', width: '24', height: '24' }), 'Prosa'),
    el('nav', { 'aria-label': t('nav') }, login ? link('meetings', t('meetings.title')) : null,
      login && ['OWNER', 'ADMIN'].includes(login.role ?? '') ? link('operators', t('operators.title')) : null),
    el('div', { class: 'bar-end' }, login ? bdi(cleanName(login.user.name || login.user.email), 'who') : null,
      login ? el('button', { type: 'button', class: 'quiet', on: { click: () => void session.signOut().then(() => go('')) } }, t('signout')) : null, languages));
}

// ---- The view ----

/** Views that are asked for seldom come when they are. @type {Record<string, () => Promise<unknown>>} */
const modules = { live: () => import('./views/live.js'), report: () => import('./views/report.js'),
  operators: () => import('./views/operators.js'),
  notice: () => import('./views/notice.js'),
};
let shown = '';

async function show() {
  const route = readRoute(location.hash);
  if (route.view === '' && session.login) return go('meetings');
  if (route.view === 'meetings' && !session.login) return go('');
  drawBar();
  const name = `${route.view}/${route.id}`;
  if (name === shown) return /** @type {any} */ (main.firstElementChild)?.goTo?.(route.params);
  shown = name;
  try {
    await modules[route.view]?.();
  } catch (error) {
    shown = '';
    fill(main, errorBox(error, () => void show()));
    return;
  }
  if (name !== shown) return;
  const node = custom(`prosa-${route.view === '' || !customElements.get(`prosa-${route.view}`) ? 'sign-in' : route.view}`);
  Object.assign(node, { meeting: route.id, params: route.params, failure: linkFailure });
  linkFailure = null;
  main.replaceChildren(node);
  document.body.dataset.view = route.view || 'sign-in';
  setTitle(null);
  window.scrollTo(0, 0);
  /** @type {HTMLElement | null} */ (main.querySelector('h1[tabindex]'))?.focus({ preventScroll: true });
}

// ---- Links and frames ----

/** @param {string} token */
async function useToken(token) {
  try {
    const right = await session.exchange(token);
    const { view } = readRoute(location.hash);
    const id = right ? right.meetingId : session.waiting?.room ?? '';
    go(view === 'report' && right ? 'report' : 'live', id);
  } catch (error) {
    linkFailure = error;
    shown = '';
    go('');
    await show();
  }
}

/** The page around a frame hands a token over when it is told that this one is ready; who may be around it is the server's policy. */
function listenToFrame() {
  window.addEventListener('message', (event) => {
    if (event.source !== window.parent || event.data?.type !== 'prosa-token' || typeof event.data.token !== 'string') return;
    void useToken(event.data.token);
  });
  window.parent.postMessage({ type: 'prosa-ready' }, '*');
}

startLocale();
const token = takeToken();
document.documentElement.toggleAttribute('data-framed', isFramed);
const skip = /** @type {HTMLElement} */ (document.getElementById('skip'));
// The address stays: what is behind the # is the view.
skip.addEventListener('click', (event) => {
  event.preventDefault();
  main.focus();
});
skip.textContent = t('skip');
drawBar();
await session.start();
session.onChange(drawBar);
onLocale(drawBar);
onLocale(() => (skip.textContent = t('skip')));
window.addEventListener('hashchange', () => {
  // A link that is followed while the page is open brings its token the same way.
  const late = takeToken();
  if (late) void useToken(late);
  else void show();
});
if (token) await useToken(token);
await show();
if (isFramed) listenToFrame();
