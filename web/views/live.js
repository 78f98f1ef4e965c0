// The live view: beside a call, calm unless asked for more.
import { clock } from '../core/clock.js';
import { el, fill, Life, setAttr, setText } from '../core/dom.js';
import { choice, duration, onLocale, t, time, timeExact, word } from '../core/i18n.js';
import { icon, setIcon } from '../core/icons.js';
import { cleanName, nameOf } from '../core/names.js';
import { Speaker } from '../core/say.js';
import { CALM_CARDS, Intake, marksOf, openTopics } from '../live/cards.js';
import { calmChoice, MOOD_ICON, moodOf } from '../live/calm.js';
import { CardList, cleanText, whoOf } from '../live/card.js';
import { chime, notifyOf, Options, preferences } from '../live/options.js';
import { People } from '../live/people.js';
import { applyEvent, newLive, pruneTopics, restoreLive } from '../live/state.js';
import { Verdicts } from '../live/verdicts.js';
import { HttpError, session } from '../net/session.js';
import { subscribe } from '../net/share.js';
import { Sound } from '../report/sound.js';
import { go, setTitle } from './route.js';

/** @import { Topic } from '../live/state.js' */
/** @import { StreamState } from '../net/stream.js' */
/** @import { Choice } from '../live/card.js' */
/** @import { Subscription } from '../net/share.js' */

const HEARD_MS = 10000, STALE_S = 20, REPORT_AFTER_MS = 4000;

class LiveView extends HTMLElement {
  meeting = '';
  #life = new Life();
  #live = newLive();
  /** @type {StreamState} */
  #stream = 'connecting';
  #staleSince = 0;
  /** @type {Subscription | null} */
  #subscription = null;
  #intake = new Intake();
  /** @type {Topic[]} */
  #open = [];
  /** @type {Topic[]} */
  #digest = [];
  /** @type {Set<string>} */
  #calm = new Set();
  #isWide = choice.get('prosa-everyone') === 'on';
  #isDiscreet = false;
  #isAsked = false;
  /** @type {Sound | null} */
  #sound = null;

  #title = el('h1', { tabindex: '-1' });
  #meta = el('p', { class: 'live-meta' });
  #moodIcon = icon('wait');
  #moodText = el('span', { class: 'mood-text' });
  #mood = el('p', { class: 'mood' }, this.#moodIcon, this.#moodText);
  #notice = el('p', { class: 'notice', role: 'status' });
  #digestButton = el('button', { type: 'button', class: 'quiet digest', hidden: true });
  #all = el('div', { class: 'live-body' });
  #cover = el('div', { class: 'discreet', hidden: true });
  #speaker = new Speaker(() => this.#sentence());
  #everyone = el('button', { type: 'button', class: 'tool' });
  #pause = el('button', { type: 'button', class: 'tool' });
  #discreet = el('button', { type: 'button', class: 'tool' });

  connectedCallback() {
    const life = this.#life;
    this.verdicts = new Verdicts(this.meeting);
    this.cards = new CardList({ judge: (topic, wanted) => void this.#judge(topic, wanted), hear: (topic, button) => this.#hear(topic, button),
      startedAt: () => this.#live.startedAt }, life);
    this.people = new People((id) => void this.#markPresents(id).catch((error) => this.#fail(error)), life);
    this.options = new Options({ verdicts: this.verdicts, nameOf: (id) => this.#nameOf(id), fail: (error) => this.#fail(error), sound: chime }, life);
    this.verdicts.onChange(() => this.#ask());
    this.#everyone.addEventListener('click', () => this.#setWide(!this.#isWide));
    this.#pause.addEventListener('click', () => this.#setPaused(!this.people?.isPaused));
    this.#discreet.addEventListener('click', () => this.#setDiscreet(true));
    this.#digestButton.addEventListener('click', () => {
      this.#intake.admit(this.#digest, clock.now());
      if (!this.#isWide) this.#setWide(true);
      this.#draw(true);
    });
    fill(this.#all, el('header', { class: 'live-head' }, el('div', { class: 'live-name' }, this.#title, this.#meta),
      el('div', { class: 'tools' }, this.#discreet, this.#pause, this.#everyone, this.options.node)),
    this.#mood, this.#notice, this.cards.pill, this.cards.list, this.#digestButton, this.people.node);
    fill(this, this.#all, this.#cover, this.#speaker.polite, this.#speaker.urgent);
    life.on(document, 'keydown', (event) => this.#key(event));
    life.on(document, 'visibilitychange', () => document.hidden || this.#draw());
    life.undo(onLocale(() => this.#translate()));
    life.undo(session.onChange(() => this.#ask()));
    life.every(1000, () => this.#draw());
    this.#translate();
    this.#start();
  }

  disconnectedCallback() {
    document.documentElement.removeAttribute('data-discreet');
    this.#life.end();
    this.#subscription?.close();
    this.#speaker.stop();
    this.#sound?.close();
  }

  // ---- The stream ----

  #start() {
    this.#subscription?.close();
    this.#subscription = subscribe(this.meeting, {
      onEvent: (name, data) => this.#take(name, data),
      onState: (state) => this.#setStream(state),
      seq: () => this.#live.seq,
      read: () => this.#live,
      restore: (model) => {
        this.#live = restoreLive(model);
        clock.hear(this.#live.ts);
        this.#ask();
      },
    }, this.#isWide);
    this.#loadVerdicts();
  }

  #loadVerdicts() {
    this.verdicts?.load().catch((error) => {
      if (!(error instanceof HttpError) || error.status >= 500) this.#fail(error);
    });
  }

  /** @param {string} name @param {any} data */
  #take(name, data) {
    const before = this.#live.status;
    if (name === 'snapshot') clock.hear(data.now);
    else if (data.ts && name !== 'feedback') clock.hear(data.ts);
    if (!applyEvent(this.#live, name, data)) return;
    this.#staleSince = 0;
    if (name === 'levels') {
      this.people?.draw();
      return;
    }
    if (name === 'feedback') this.#announce(data.id);
    if (name === 'snapshot' && before === 'WAITING' && this.#live.status === 'ACTIVE') void this.#began();
    if (name === 'end' && data.reason === 'ended') setTimeout(() => this.isConnected && go('report', this.#live.meetingId || this.meeting), REPORT_AFTER_MS);
    this.#ask();
  }

  /** The meeting that a host waited for has begun: the token becomes a right that outlives it. */
  async #began() {
    if (session.waiting) await session.exchange(session.waiting.token).catch(() => null);
    this.#loadVerdicts();
  }

  /** @param {StreamState} state */
  #setStream(state) {
    if (this.#stream === 'live' && state === 'away') {
      this.#staleSince = this.#live.ts;
      this.#speaker.call(t('say.away'));
    }
    if (this.#stream === 'away' && state === 'live') this.#speaker.say(t('say.back'));
    this.#stream = state;
    this.#ask();
  }

  // ---- What is shown ----

  /** Draws soon, once for all that comes meanwhile. */
  #ask() {
    if (this.#isAsked) return;
    this.#isAsked = true;
    requestAnimationFrame(() => {
      this.#isAsked = false;
      this.#draw();
    });
  }

  #draw(isAsked = false) {
    if (!this.isConnected || !this.verdicts || !this.cards || !this.people) return;
    const now = clock.now(), live = this.#live;
    pruneTopics(live, now);
    this.#open = openTopics(live.topics, this.verdicts.items, now, { moods: session.about?.moods === true });
    const { cards, digest } = this.#intake.take(this.#open, now);
    this.#digest = digest;
    if (document.hidden && !this.#isDiscreet) return this.#drawTitle();
    this.#drawHead(now);
    const shown = this.#isWide ? cards : calmChoice(cards, this.#calm, CALM_CARDS);
    this.#calm = new Set(shown.map((topic) => topic.key));
    this.cards.show(shown, isAsked);
    const rest = this.#open.length - shown.length;
    setAttr(this.#digestButton, 'hidden', rest === 0);
    setText(this.#digestButton, rest ? t('live.digest', { n: rest }) : '');
    if (this.#isWide) this.people.show(live, new Set(this.verdicts.items.filter((one) => one.verdict === 'mark' && one.type === 'presents')
      .map((one) => one.participantId ?? '')));
    if (this.options && !this.options.node.open) this.options.update();
    this.#drawCover();
  }

  #drawTitle() {
    const room = cleanName(this.#live.roomName || this.meeting);
    setTitle(this.#isDiscreet ? null : [this.#open.length ? `(${this.#open.length})` : '', room].join(' ').trim());
  }

  /** @param {number} now */
  #drawHead(now) {
    const live = this.#live, mood = moodOf({ stream: this.#stream, live, open: this.#open });
    setText(this.#title, cleanName(live.roomName || this.meeting));
    const age = live.ts ? clock.age(live.ts) : 0, isStale = this.#stream === 'away' || age > STALE_S;
    const end = live.endedAt ?? now;
    const parts = [
      live.startedAt ? t('live.since', { at: time(live.startedAt), length: duration((end - live.startedAt) / 1000) }) : '',
      live.rows.length ? t('live.people', { n: live.rows.filter((row) => row.info.isPresent !== false).length }) : '',
      isStale && live.ts ? t('live.stale', { at: timeExact(this.#staleSince || live.ts) }) : this.#stream === 'live' ? t('live.fresh') : '',
      live.lost ? t('live.lost', { n: live.lost }) : '',
    ];
    setText(this.#meta, parts.filter(Boolean).join(' · '));
    setAttr(this, 'data-stale', isStale);
    setAttr(this, 'data-mood', mood);
    setAttr(this.#mood, 'data-mood', mood);
    setIcon(this.#moodIcon, MOOD_ICON[mood]);
    setText(this.#moodText, t(`mood.${mood}`, { n: this.#open.length }));
    this.#drawTitle();
  }

  #drawCover() {
    setAttr(this.#all, 'hidden', this.#isDiscreet);
    setAttr(this.#cover, 'hidden', !this.#isDiscreet);
    if (!this.#isDiscreet) return this.#cover.replaceChildren();
    const mood = moodOf({ stream: this.#stream, live: this.#live, open: this.#open });
    if (!this.#cover.firstChild)
      fill(this.#cover, el('span', { class: 'dot' }), el('button', { type: 'button', class: 'quiet', on: { click: () => this.#setDiscreet(false) } }, t('discreet.end')));
    setAttr(this.#cover, 'data-mood', mood);
  }

  #translate() {
    const tool = (/** @type {HTMLElement} */ node, /** @type {string} */ name, /** @type {string} */ label) => {
      fill(node, icon(name), el('span', { class: 'tool-label' }, label));
      setAttr(node, 'title', label);
    };
    tool(this.#everyone, 'people', t('live.everyone'));
    tool(this.#pause, this.people?.isPaused ? 'play' : 'pause', t(this.people?.isPaused ? 'live.resume' : 'live.pause'));
    tool(this.#discreet, 'eye', t('live.discreet'));
    setAttr(this.#everyone, 'aria-pressed', this.#isWide ? 'true' : 'false');
    setAttr(this.#pause, 'hidden', !this.#isWide);
    if (this.people) setAttr(this.people.node, 'hidden', !this.#isWide);
    setAttr(this, 'data-wide', this.#isWide);
    if (this.cards) setAttr(this.cards.list, 'aria-label', t('live.cards'));
    this.cards?.clear();
    this.#cover.replaceChildren();
    this.people?.translate();
    this.options?.translate();
    this.#draw();
  }

  // ---- What the host does ----

  /** @param {boolean} isWide */
  #setWide(isWide) {
    this.#isWide = isWide;
    choice.set('prosa-everyone', isWide ? 'on' : 'off');
    setAttr(this.#everyone, 'aria-pressed', isWide ? 'true' : 'false');
    setAttr(this.#pause, 'hidden', !isWide);
    setAttr(this, 'data-wide', isWide);
    if (this.people) this.people.node.hidden = !isWide;
    this.#subscription?.setLevels(isWide);
    this.#draw();
  }

  /** @param {boolean} isPaused */
  #setPaused(isPaused) {
    if (!this.people) return;
    this.people.isPaused = isPaused;
    fill(this.#pause, icon(isPaused ? 'play' : 'pause'), el('span', { class: 'tool-label' }, t(isPaused ? 'live.resume' : 'live.pause')));
    setAttr(this.#pause, 'title', t(isPaused ? 'live.resume' : 'live.pause'));
    this.people.draw();
  }

  /** @param {boolean} isDiscreet */
  #setDiscreet(isDiscreet) {
    this.#isDiscreet = isDiscreet;
    document.documentElement.toggleAttribute('data-discreet', isDiscreet);
    if (isDiscreet) this.#speaker.forget();
    this.#draw();
    if (isDiscreet) this.#cover.querySelector('button')?.focus();
    else this.#discreet.focus();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.ctrlKey || event.metaKey || event.altKey || target.matches?.('input, select, textarea') || !preferences.keys.get()) return;
    const key = event.key.toLowerCase();
    if (key === 'd') this.#setDiscreet(!this.#isDiscreet);
    else if (this.#isDiscreet) return;
    else if (key === 'e') this.#setWide(!this.#isWide);
    else if (key === 'p') this.#setPaused(!this.people?.isPaused);
    else if (key === 'r') this.#speaker.answer(this.#sentence());
    else return;
    event.preventDefault();
  }

  /** @param {string} id */
  #nameOf(id) {
    const row = this.#live.rows.find((one) => one.id === id);
    return row ? nameOf(row.info) : cleanName(id);
  }

  /** The state in words: for a screen reader, or the key that asks. */
  #sentence() {
    const mood = moodOf({ stream: this.#stream, live: this.#live, open: this.#open });
    return [t(`mood.${mood}`, { n: this.#open.length }), ...this.#open.slice(0, CALM_CARDS).map((topic) => cleanText(topic.feedback.message))].join(' ');
  }

  /** @param {string} id of the feedback that came */
  #announce(id) {
    const topic = this.#live.topics.find((one) => one.feedback.id === id);
    if (!topic || !this.verdicts) return;
    const [open] = openTopics([topic], this.verdicts.items, clock.now(), { moods: session.about?.moods === true });
    if (!open) return;
    if (topic.feedback.severity !== 'critical') {
      if (!this.#isDiscreet) this.#speaker.say(cleanText(topic.feedback.message));
      return;
    }
    if (!this.#isDiscreet) this.#speaker.call(cleanText(topic.feedback.message));
    if (preferences.sound.get()) chime();
    notifyOf(topic.type);
  }

  /** @param {Topic} topic @param {Choice} wanted */
  async #judge(topic, wanted) {
    const { verdicts, cards } = this;
    if (!verdicts || !cards) return;
    const participantId = wanted.verdict === 'quiet' ? wanted.participantId : topic.participantId === 'group' ? null : topic.participantId;
    const until = wanted.untilMs ? Math.round(clock.now() + wanted.untilMs) : undefined;
    try {
      const promise = verdicts.add({ feedbackId: topic.feedback.id, type: topic.type, ...(participantId ? { participantId } : {}),
        verdict: wanted.verdict, ...(until ? { until } : {}), ts: Math.max(clock.now(), topic.feedback.ts) });
      const who = participantId === '*' ? t('card.everybody') : whoOf(topic);
      const text = wanted.verdict === 'quiet' ? t('settled.quiet', { who, at: until ? t('until', { at: time(until) }) : t('until.end') }) : t(`settled.${wanted.verdict === 'told' ? 'told' : 'wrong'}`);
      cards.settle(topic.key, text, null);
      const stored = await promise;
      const undo = () => void verdicts.undo(/** @type {any} */ (stored)).then(() => {
        cards.unsettle(topic.key);
        this.#ask();
      }).catch((error) => this.#fail(error));
      cards.settle(topic.key, text, undo);
      this.#offerUndo(text, undo);
    } catch (error) {
      cards.unsettle(topic.key);
      this.#fail(error);
    }
  }

  /** @param {string} text @param {() => void} undo */
  #offerUndo(text, undo) {
    fill(this.#notice, el('span', null, text, ' '), el('button', { type: 'button', class: 'quiet', on: { click: () => {
      this.#notice.replaceChildren();
      undo();
    } } }, icon('undo'), t('undo')));
  }

  /** @param {string} id */
  async #markPresents(id) {
    const { verdicts } = this;
    if (!verdicts) return;
    const [mark] = marksOf(verdicts.items, id);
    if (mark) await verdicts.undo(mark);
    else await verdicts.add({ type: 'presents', participantId: id, verdict: 'mark', ts: clock.now() });
  }

  /** @param {Topic} topic @param {HTMLElement} button */
  #hear(topic, button) {
    const end = topic.feedback.window?.end ?? topic.feedback.ts;
    const wasHere = this.#sound !== null && button.hasAttribute('data-sound');
    const isPlaying = this.#sound?.state === 'playing' || this.#sound?.state === 'loading';
    this.#sound?.close();
    for (const other of this.querySelectorAll('[data-sound]')) {
      other.removeAttribute('data-sound');
      fill(other, icon('play'), t('card.hear'));
    }
    this.#sound = null;
    if (wasHere && isPlaying) return;
    const sound = new Sound(this.#live.meetingId || this.meeting, end - HEARD_MS, end, () => {
      setAttr(button, 'data-sound', sound.state);
      const isOn = sound.state === 'playing' || sound.state === 'loading';
      fill(button, icon(isOn ? 'pause' : 'play'), t(sound.state === 'failed' ? 'card.hear.failed' : isOn ? 'card.hear.stop' : 'card.hear'));
    });
    this.#sound = sound;
    if (topic.participantId !== 'group' && topic.type !== 'overlap_fala' && topic.type !== 'interrupcoes_frequentes') sound.tracks = [topic.participantId];
    void sound.play();
  }

  /** @param {unknown} error */
  #fail(error) {
    const status = error instanceof HttpError ? error.status : 0;
    fill(this.#notice, status ? `${t('error.refused')} ${word('status.', String(status))}` : t('error.away'));
  }
}
customElements.define('prosa-live', LiveView);
