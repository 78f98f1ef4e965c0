// Making and updating elements. Text becomes text nodes and attributes only, never markup, whatever it holds; styles go through
// properties, as the page's policy wants.

/** @typedef {Node | string | number | null | undefined | false} Child */
/** @typedef {Record<string, any> & { on?: Record<string, (event: any) => void>, class?: string }} Props */

const SVG = 'http://www.w3.org/2000/svg';

/** @param {Element} node @param {Props} props */
export function setProps(node, props) {
  for (const [name, value] of Object.entries(props)) {
    if (name === 'on') {
      for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    } else if (name === 'style' || /^on/i.test(name)) {
      throw new Error(`${name} is no attribute to be set`);
    } else if (value === false || value === null || value === undefined) {
      node.removeAttribute(name);
    } else {
      node.setAttribute(name, value === true ? '' : String(value));
    }
  }
}

/** @param {Node} node @param {(Child | Child[])[]} children */
function append(node, children) {
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    node.appendChild(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag @param {Props | null} [props] @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function el(tag, props, ...children) {
  const node = document.createElement(tag);
  if (props) setProps(node, props);
  append(node, children);
  return node;
}

/** @param {string} tag @param {Props | null} [props] @param {...(Child | Child[])} children @returns {SVGElement} */
export function svg(tag, props, ...children) {
  const node = document.createElementNS(SVG, tag);
  if (props) setProps(node, props);
  append(node, children);
  return node;
}

/** Of an element's own: the tag of a custom element, which TypeScript does not know.
 * @param {string} tag @param {Props | null} [props] @param {...(Child | Child[])} children @returns {HTMLElement} */
export const custom = (tag, props, ...children) => el(/** @type {any} */ (tag), props, ...children);

/** Replaces all children. @param {Element} node @param {...(Child | Child[])} children */
export function fill(node, ...children) {
  node.replaceChildren();
  append(node, children);
  return node;
}

/** Touches the text only when it changed: nothing to lay out, nothing for screen readers. @param {Element} node @param {string} text */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** @param {Element} node @param {string} name @param {string | number | boolean | null | undefined} value */
export function setAttr(node, name, value) {
  if (value === null || value === undefined || value === false) {
    if (node.hasAttribute(name)) node.removeAttribute(name);
    return;
  }
  const text = value === true ? '' : String(value);
  if (node.getAttribute(name) !== text) node.setAttribute(name, text);
}

/**
 * Makes a parent's children those of `items`, in their order. Nodes are kept by key, so focus and selection stay where they are, and
 * only what is in another place is moved.
 * @template I
 * @template {Element} N
 * @param {Element} parent @param {Iterable<I>} items @param {(item: I) => string} keyOf
 * @param {(item: I) => N} make @param {(node: N, item: I) => void} update
 */
export function syncList(parent, items, keyOf, make, update) {
  const kept = new Map(Array.from(parent.children, (node) => [/** @type {any} */ (node).key, node]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    let node = /** @type {N | undefined} */ (kept.get(key));
    kept.delete(key);
    if (!node) {
      node = make(item);
      /** @type {any} */ (node).key = key;
    }
    update(node, item);
    if (node === place) place = place.nextElementSibling;
    else parent.insertBefore(node, place);
  }
  for (const node of kept.values()) node.remove();
}

/** A name inside other text: whatever direction it is written in turns nothing around it. @param {string} name @param {string} [className] */
export const bdi = (name, className) => el('bdi', { ...(className ? { class: className } : {}), dir: 'auto' }, name);

/** Lets the events of one element's life be removed together. */
export class Life {
  #end = new AbortController();

  /** @param {EventTarget} target @param {string} event @param {(event: any) => void} listener @param {AddEventListenerOptions} [options] */
  on(target, event, listener, options = {}) {
    target.addEventListener(event, listener, { ...options, signal: this.#end.signal });
  }

  /** @param {() => void} run @param {number} ms */
  every(ms, run) {
    const timer = setInterval(run, ms);
    this.#end.signal.addEventListener('abort', () => clearInterval(timer));
  }

  /** @param {() => void} undo */
  undo(undo) {
    this.#end.signal.addEventListener('abort', undo);
  }

  get signal() {
    return this.#end.signal;
  }

  end() {
    this.#end.abort();
  }
}
