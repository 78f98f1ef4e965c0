// Where the page is: behind the #, so that no address of a meeting or a token is ever sent to the server or kept in its logs.

/** @typedef {{ view: string, id: string, params: URLSearchParams }} Route */

/** @param {string} hash @returns {Route} */
export function readRoute(hash) {
  const text = hash.replace(/^#\/?/, '');
  const [path, query = ''] = text.includes('?') ? [text.slice(0, text.indexOf('?')), text.slice(text.indexOf('?') + 1)]
    : /^\w+=/.test(text) ? ['', text] : [text, ''];
  const [view = '', id = ''] = path.split('/');
  let name = id;
  try {
    name = decodeURIComponent(id);
  } catch {
    // A percent sign that stands for itself.
  }
  return { view, id: name, params: new URLSearchParams(query) };
}

/** @param {string} view @param {string} [id] @param {Record<string, string>} [params] */
export function hashOf(view, id = '', params = {}) {
  const query = new URLSearchParams(params).toString();
  return `#/${view}${id ? `/${encodeURIComponent(id)}` : ''}${query ? `?${query}` : ''}`;
}

/** @param {string} view @param {string} [id] @param {Record<string, string>} [params] */
export function go(view, id, params) {
  location.hash = hashOf(view, id, params);
}

/** Takes a token out of the address before anything else happens: neither "back" nor the history shows it. */
export function takeToken() {
  const route = readRoute(location.hash), token = route.params.get('token');
  if (!token) return null;
  route.params.delete('token');
  history.replaceState(null, '', hashOf(route.view, route.id, Object.fromEntries(route.params)));
  return token;
}

/** @param {string | null} title null: the page's name alone */
export function setTitle(title) {
  const text = title ? `${title} – Prosa` : 'Prosa';
  if (document.title !== text) document.title = text;
}
