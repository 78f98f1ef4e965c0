// A row a participant, in the order in which they joined: a light, the level, the share of talk and the last five minutes. Only rows in
// sight are drawn, and nothing while the page is hidden or paused.
import { bdi, el, fill, setAttr, setText, syncList } from '../core/dom.js';
import { number, percent, t } from '../core/i18n.js';
import { icon, setIcon } from '../core/icons.js';
import { nameOf } from '../core/names.js';
import { onRepaint } from '../core/paint.js';
import { drawMeter, drawRibbon, METER, RIBBON, zoneOf } from './meter.js';
import { FLAG, runsOf, stateOf } from './ribbon.js';

/** @import { Live, Row } from './state.js' */

const FOLD_OVER = 12, METER_MS = 80, NUMBER_MS = 400;

/** Seconds of each kind in a ribbon: the table behind the picture. @param {string} cells */
function secondsIn(cells) {
  /** @type {Record<string, number>} */
  const seconds = {};
  for (const [letter, , count] of runsOf(cells)) seconds[letter] = (seconds[letter] ?? 0) + count;
  return seconds;
}

class PersonRow {
  state = icon('away');
  stateWord = el('span', { class: 'state-word' });
  name = bdi('', 'person-name');
  badges = el('span', { class: 'badges' });
  level = el('canvas', { class: 'meter', width: METER.width, height: METER.height, 'aria-hidden': 'true' });
  number = el('span', { class: 'level-number' });
  clip = el('button', { type: 'button', class: 'clip', hidden: true });
  share = el('span', { class: 'share-bar' }, el('span', { class: 'share-fill' }));
  shareText = el('span', { class: 'share-text' });
  ribbon = el('canvas', { class: 'ribbon', width: RIBBON.width, height: RIBBON.height, 'aria-hidden': 'true' });
  ribbonText = el('span', { class: 'only-read' });
  mark = el('button', { type: 'button', class: 'mark quiet' });
  inSight = true;
  #drawnLevel = '';
  #drawnCells = '';
  #clipsSeen = 0;
  #numberMs = -Infinity;

  /** @param {string} id @param {(id: string) => void} onMark */
  constructor(id, onMark) {
    this.node = el('tr', { role: 'row' },
      el('th', { role: 'rowheader', scope: 'row', class: 'cell-name' }, this.state, this.name, this.badges, this.stateWord),
      el('td', { role: 'cell', class: 'cell-level' }, this.level, this.number, this.clip),
      el('td', { role: 'cell', class: 'cell-share' }, this.share, this.shareText),
      el('td', { role: 'cell', class: 'cell-ribbon' }, this.ribbon, this.ribbonText),
      el('td', { role: 'cell', class: 'cell-mark' }, this.mark));
    this.clip.addEventListener('click', () => this.#resetClip());
    this.mark.addEventListener('click', () => onMark(id));
    this.clips = 0;
  }

  #resetClip() {
    this.#clipsSeen = this.clips;
    setAttr(this.clip, 'hidden', true);
  }

  /** Words and numbers. @param {Row} row @param {boolean} presents */
  update(row, presents) {
    const { info, talk } = row, state = stateOf(row.flags), name = nameOf(info);
    setText(this.name, name);
    setIcon(this.state, state);
    setText(this.stateWord, t(`state.${state}`));
    setAttr(this.node, 'data-state', state);
    setAttr(this.node, 'data-left', info.isPresent === false);
    const badges = [info.isHost && t('person.host'), presents && t('mark.presents'), info.isPresent === false && t('person.left')].filter(Boolean).join(' · ');
    setText(this.badges, badges);
    setText(this.shareText, talk?.talkShare === undefined ? '–' : percent(talk.talkShare));
    this.share.style.setProperty('--share', String(talk?.talkShare ?? 0));
    this.clips = row.clips;
    setAttr(this.clip, 'hidden', row.clips <= this.#clipsSeen);
    setText(this.clip, t('level.clip'));
    setAttr(this.clip, 'title', t('level.clip.reset'));
    setText(this.mark, presents ? t('mark.presents.off') : t('mark.presents.on'));
    setAttr(this.mark, 'aria-pressed', presents ? 'true' : 'false');
    setAttr(this.mark, 'aria-label', `${presents ? t('mark.presents.off') : t('mark.presents.on')}: ${name}`);
  }

  /** @param {Row} row @param {number} now */
  drawLevel(row, now) {
    const isMuted = (row.flags & FLAG.muted) !== 0, dbfs = row.dbfs === null ? null : Math.round(row.dbfs);
    const key = `${isMuted ? 'm' : dbfs} ${row.flags & ~FLAG.clipped}`;
    if (!this.inSight) return;
    if (key !== this.#drawnLevel) {
      this.#drawnLevel = key;
      drawMeter(this.level, dbfs, isMuted);
      setIcon(this.state, stateOf(row.flags));
      setText(this.stateWord, t(`state.${stateOf(row.flags)}`));
      setAttr(this.node, 'data-state', stateOf(row.flags));
    }
    // Nobody reads a number that changes ten times a second.
    if (now - this.#numberMs < NUMBER_MS) return;
    this.#numberMs = now;
    setText(this.number, isMuted ? t('state.muted') : dbfs === null ? '–' : number(dbfs));
    setAttr(this.number, 'data-zone', isMuted || dbfs === null ? null : zoneOf(dbfs));
  }

  /** @param {Row} row */
  drawRibbon(row) {
    if (row.cells === this.#drawnCells || !this.inSight) return;
    this.#drawnCells = row.cells;
    drawRibbon(this.ribbon, row.cells);
    const seconds = secondsIn(row.cells);
    setText(this.ribbonText, t('ribbon.text', { speech: seconds.s ?? 0, overlap: seconds.o ?? 0, muted: seconds.m ?? 0, gap: seconds.g ?? 0 }));
  }

  forget() {
    this.#drawnLevel = this.#drawnCells = '';
    this.#numberMs = -Infinity;
  }
}

export class People {
  #body = el('tbody', { role: 'rowgroup' });
  #fold = el('button', { type: 'button', class: 'quiet fold', hidden: true });
  #head = el('thead', { role: 'rowgroup' });
  /** @type {Map<string, PersonRow>} */
  #rows = new Map();
  #isFolded = true;
  #lastMs = 0;
  #isAsked = false;
  isPaused = false;
  /** @type {Live | null} */
  #live = null;
  /** @type {Set<string>} */
  #presenting = new Set();
  #sight = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      const row = this.#rows.get(/** @type {any} */ (target).key);
      if (row) row.inSight = isIntersecting;
    }
    this.draw();
  });

  /** @param {(id: string) => void} onMark @param {import('../core/dom.js').Life} life */
  constructor(onMark, life) {
    this.onMark = onMark;
    this.node = el('section', { class: 'people', 'aria-labelledby': 'people-title' },
      el('h2', { id: 'people-title', tabindex: '-1' }), el('table', { role: 'table', class: 'people-table', 'aria-labelledby': 'people-title' }, this.#head, this.#body), this.#fold);
    this.#fold.addEventListener('click', () => {
      this.#isFolded = !this.#isFolded;
      this.update();
    });
    life.undo(onRepaint(() => this.redraw()));
    life.undo(() => this.#sight.disconnect());
    this.translate();
  }

  translate() {
    const columns = /** @type {const} */ (['people.name', 'people.level', 'people.share', 'people.ribbon', 'people.mark']);
    setText(/** @type {Element} */ (this.node.firstElementChild), t('people.title'));
    fill(this.#head, el('tr', { role: 'row' }, columns.map((key) => el('th', { role: 'columnheader', scope: 'col' }, t(key)))));
    this.update();
    this.redraw();
  }

  /** @param {Live} live @param {Set<string>} presenting identities marked as presenting */
  show(live, presenting) {
    this.#live = live;
    this.#presenting = presenting;
    this.update();
  }

  update() {
    const live = this.#live;
    if (!live) return;
    const silent = live.rows.filter((row) => !row.talk?.talkSeconds && !(row.flags & (FLAG.speaks | FLAG.gap)));
    const folds = live.rows.length > FOLD_OVER && silent.length > 1;
    const folded = new Set(folds && this.#isFolded ? silent : []);
    setAttr(this.#fold, 'hidden', !folds);
    setText(this.#fold, folds ? t(this.#isFolded ? 'people.folded' : 'people.fold', { n: silent.length }) : '');
    setAttr(this.#fold, 'aria-expanded', this.#isFolded ? 'false' : 'true');
    syncList(this.#body, live.rows.filter((row) => !folded.has(row)), (row) => row.id, (row) => this.#make(row), (node, row) =>
      this.#rows.get(row.id)?.update(row, this.#presenting.has(row.id)));
    this.draw();
  }

  /** @param {Row} row */
  #make(row) {
    const known = this.#rows.get(row.id);
    if (known) return known.node;
    const person = new PersonRow(row.id, this.onMark);
    this.#rows.set(row.id, person);
    this.#sight.observe(person.node);
    return person.node;
  }

  /** Asks for a drawing, at most twelve times a second. */
  draw() {
    if (this.#isAsked || this.isPaused || document.hidden || this.node.hidden) return;
    this.#isAsked = true;
    requestAnimationFrame((now) => {
      this.#isAsked = false;
      if (!this.#live || now - this.#lastMs < METER_MS) return;
      this.#lastMs = now;
      for (const row of this.#live.rows) {
        const person = this.#rows.get(row.id);
        person?.drawLevel(row, now);
        person?.drawRibbon(row);
      }
    });
  }

  redraw() {
    for (const row of this.#rows.values()) row.forget();
    this.draw();
  }
}
