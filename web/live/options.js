// The menu of the live view: what the meeting is, what is silenced, sound, notifications, keys.
import { clock } from '../core/clock.js';
import { bdi, el, fill, setAttr } from '../core/dom.js';
import { choice, t, time, word } from '../core/i18n.js';
import { icon } from '../core/icons.js';
import { cleanName } from '../core/names.js';
import { isFramed } from '../net/session.js';
import { marksOf } from './cards.js';

/** @import { Verdicts } from './verdicts.js' */
/** @import { Word } from '../core/i18n.js' */

/** @param {string} name */
const stored = (name) => ({
  get: () => choice.get(`prosa-${name}`) === 'on',
  set: (/** @type {boolean} */ value) => choice.set(`prosa-${name}`, value ? 'on' : 'off'),
});
export const preferences = { sound: stored('sound'), notify: stored('notify'), keys: { ...stored('keys'), get: () => choice.get('prosa-keys') !== 'off' } };

export class Options {
  node = el('details', { class: 'menu options' });
  #lasting = el('div', { class: 'lasting' });
  #kinds = el('div', { class: 'kinds', role: 'group' });

  /**
   * @param {{ verdicts: Verdicts, nameOf: (id: string) => string, fail: (error: unknown) => void, sound: () => void }} of
   * @param {import('../core/dom.js').Life} life
   */
  constructor(of, life) {
    this.of = of;
    life.on(this.node, 'keydown', (event) => {
      if (event.key !== 'Escape' || !this.node.open) return;
      this.node.open = false;
      this.node.querySelector('summary')?.focus();
    });
    life.on(document, 'pointerdown', ({ target }) => {
      if (!this.node.contains(target)) this.node.open = false;
    });
    this.translate();
  }

  translate() {
    const wasOpen = this.node.open;
    setAttr(this.#kinds, 'aria-label', t('options.kind'));
    fill(this.node, el('summary', { 'aria-label': t('options.title'), title: t('options.title') }, icon('more')), el('div', { class: 'menu-body' },
      el('p', { class: 'menu-title' }, t('options.kind')), this.#kinds,
      el('p', { class: 'menu-title' }, t('options.tell')),
      this.#box('options.sound', preferences.sound, () => this.of.sound()), this.#notifications(),
      this.#box('options.keys', preferences.keys),
      el('p', { class: 'hint' }, t('options.keys.list')),
      el('p', { class: 'menu-title' }, t('options.lasting')), this.#lasting));
    this.node.open = wasOpen;
    this.update();
  }

  /** @param {Word} label @param {{ get: () => boolean, set: (value: boolean) => void }} preference @param {() => void} [onOn] */
  #box(label, preference, onOn) {
    const box = el('input', { type: 'checkbox', checked: preference.get() });
    box.addEventListener('change', () => {
      preference.set(box.checked);
      if (box.checked) onOn?.();
    });
    return el('label', { class: 'check' }, box, t(label));
  }

  #notifications() {
    // A frame may not ask, nor may a page without HTTPS.
    if (isFramed || !('Notification' in window) || !window.isSecureContext) return el('p', { class: 'hint' }, t('options.notify.never'));
    return this.#box('options.notify', preferences.notify, () => void Notification.requestPermission());
  }

  update() {
    const { verdicts, fail } = this.of, now = clock.now();
    const kind = marksOf(verdicts.items, null).find((mark) => mark.type === 'interview' || mark.type === 'class');
    fill(this.#kinds, /** @type {const} */ (['talk', 'interview', 'class']).map((type) => el('button', { type: 'button', class: 'choice',
      'aria-pressed': (kind?.type ?? 'talk') === type ? 'true' : 'false', on: { click: () => void this.#setKind(type).catch(fail) } }, t(`kind.${type}`))));
    const lasting = verdicts.lasting(now);
    fill(this.#lasting, lasting.length ? el('ul', { class: 'plain' }, lasting.map((one) => el('li', null,
      el('span', null, one.verdict === 'mark' ? word('mark.', one.type) : word('type.', one.type), one.participantId && one.participantId !== '*'
        ? [': ', bdi(this.of.nameOf(one.participantId))] : null,
      one.verdict === 'mark' ? null : el('small', null, one.until ? ` ${t('until', { at: time(one.until) })}` : ` ${t('until.end')}`)),
      el('button', { type: 'button', class: 'quiet', on: { click: () => void verdicts.undo(one).catch(fail) } }, icon('undo'), t('undo')))))
      : el('p', { class: 'hint' }, t('options.lasting.none')));
  }

  /** @param {'talk' | 'interview' | 'class'} type */
  async #setKind(type) {
    const { verdicts } = this.of;
    for (const mark of marksOf(verdicts.items, null)) await verdicts.undo(mark);
    if (type !== 'talk') await verdicts.add({ type, verdict: 'mark', ts: clock.now() });
  }
}

/** A short, soft tone: two notes for what is critical. */
export function chime() {
  const context = new AudioContext(), now = context.currentTime, gain = context.createGain();
  gain.connect(context.destination);
  gain.gain.setValueAtTime(0, now);
  for (const at of [0, 0.22]) {
    gain.gain.linearRampToValueAtTime(0.08, now + at + 0.02);
    gain.gain.linearRampToValueAtTime(0, now + at + 0.2);
  }
  const tone = context.createOscillator();
  tone.frequency.setValueAtTime(523, now);
  tone.frequency.setValueAtTime(659, now + 0.22);
  tone.connect(gain);
  tone.start(now);
  tone.stop(now + 0.5);
  tone.onended = () => void context.close();
}

/** Without a name: a screen may be shared while it comes. @param {string} type */
export function notifyOf(type) {
  if (!preferences.notify.get() || !('Notification' in window) || Notification.permission !== 'granted') return;
  new Notification(t('brand'), { body: cleanName(word('type.', type)), tag: 'prosa', icon: 'icon.svg' });
}
