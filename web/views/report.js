// The report: one page about one meeting, to look at, to hear, to print and to send.
import { el, fill, Life } from '../core/dom.js';
import { currentLocale, onLocale, t, time, word } from '../core/i18n.js';
import { icon } from '../core/icons.js';
import { cleanName, isolated } from '../core/names.js';
import { MOODS } from '../live/cards.js';
import { HttpError, session } from '../net/session.js';
import { linkList } from '../report/links.js';
import { fileMenu, reportHead, reportParts } from '../report/parts.js';
import { Player } from '../report/player.js';
import { Timeline } from '../report/timeline.js';
import { errorBox } from './say-error.js';
import { hashOf, setTitle } from './route.js';

/** @import { Feedback, Person, Report } from '../shapes' */

const RUNNING_MS = 10000;

class ReportView extends HTMLElement {
  meeting = '';
  params = new URLSearchParams();
  #life = new Life();
  /** Of what is drawn: ends when it is drawn anew. */
  #drawing = new Life();
  /** @type {Report | null} */
  #report = null;
  /** @type {Player | null} */
  #player = null;
  #body = el('div', { class: 'page report' });
  #note = el('p', { class: 'hint', role: 'status' });

  connectedCallback() {
    fill(this, this.#body);
    this.#life.undo(onLocale(() => this.#draw()));
    // What an owner may do is known a moment after the login.
    let role = session.login?.role;
    this.#life.undo(session.onChange(() => {
      if (session.login?.role === role) return;
      role = session.login?.role;
      this.#draw();
    }));
    fill(this.#body, el('p', { class: 'empty', role: 'status' }, t('loading')));
    void this.#load();
  }

  disconnectedCallback() {
    this.#life.end();
    this.#drawing.end();
  }

  /** The same report at another place. @param {URLSearchParams} params */
  goTo(params) {
    const at = Number(params.get('at'));
    if (at && this.#player) this.#player.hear(at, null);
  }

  async #load() {
    try {
      this.#report = await session.get(`meetings/${encodeURIComponent(this.meeting)}/report?locale=${currentLocale()}`, { meeting: this.meeting });
      this.#draw();
      if (this.#report && !this.#report.isFinal) this.#watch();
    } catch (error) {
      setTitle(null);
      fill(this.#body, el('h1', { tabindex: '-1' }, t('report.title')), errorBox(error, () => void this.#load(), t('report.unknown')));
    }
  }

  /** A running meeting grows: what is there is said, and more is offered, so that nothing moves by itself. */
  #watch() {
    const timer = setInterval(async () => {
      if (document.hidden || !this.#report) return;
      const newer = /** @type {Report | null} */ (await session.get(`meetings/${encodeURIComponent(this.meeting)}/report?locale=${currentLocale()}`, { meeting: this.meeting }).catch(() => null));
      if (!newer || newer.until <= this.#report.until) return;
      fill(this.#note, t('report.newer', { at: time(newer.until) }), ' ', el('button', { type: 'button', class: 'quiet', on: { click: () => {
        this.#report = newer;
        this.#draw();
      } } }, t('report.show')));
      if (newer.isFinal) clearInterval(timer);
    }, RUNNING_MS);
    this.#life.undo(() => clearInterval(timer));
  }

  /** @returns {Feedback[]} */
  #events() {
    const moods = session.about?.moods === true;
    return (this.#report?.events ?? []).filter((one) => moods || !MOODS.has(one.type));
  }

  #draw() {
    const report = this.#report;
    if (!report) return;
    this.#drawing.end();
    this.#drawing = new Life();
    const life = this.#drawing, events = this.#events(), at = this.#player?.sound.at;
    /** @param {number} from @param {number | null} to @param {string[]} tracks */
    const hear = (from, to, tracks) => player.hear(from, to, tracks);
    const timeline = new Timeline(report, events, (where) => player.hear(where, null, player.sound.tracks), life);
    const player = new Player(report, (where) => timeline.showAt(where), life);
    this.#player = player;
    if (at) player.seek(at);
    setTitle(t('report.of', { room: isolated(cleanName(report.roomName)) }));
    fill(this.#body, this.#head(report), reportParts(report, events, timeline, hear, session.login?.role === 'OWNER' && report.isFinal ? (person, name) => this.#askToErase(person, name) : null),
      ['OWNER', 'ADMIN'].includes(session.login?.role ?? '') ? linkList(report.meetingId) : null,
      el('p', { class: 'hint foot' }, t('report.foot')), player.node);
    const wanted = Number(this.params.get('at'));
    if (wanted) player.seek(wanted);
  }

  /** Somebody of the meeting asked for it, and an owner does it: for good, so it is said once more. @param {Person} person @param {string} name */
  #askToErase(person, name) {
    const report = /** @type {Report} */ (this.#report), problem = el('p', { class: 'bad', role: 'alert' });
    const sure = el('button', { type: 'button', class: 'danger', on: { click: async () => {
      sure.disabled = true;
      try {
        await session.request(`meetings/${encodeURIComponent(report.meetingId)}/participants/${encodeURIComponent(person.participantId)}`, { method: 'DELETE' });
        dialog.close();
        await this.#load();
        fill(this.#note, t('erase.done', { who: isolated(name) }));
      } catch (error) {
        sure.disabled = false;
        fill(problem, icon('warning'), error instanceof HttpError ? word('status.', String(error.status)) : t('error.away'));
      }
    } } }, t('erase.sure'));
    const dialog = el('dialog', { class: 'dialog', 'aria-labelledby': 'erase-title', on: { close: () => dialog.remove() } },
      el('h2', { id: 'erase-title' }, t('erase.title', { who: isolated(name) })), el('p', null, t('erase.what')), problem,
      el('div', { class: 'dialog-actions' }, el('button', { type: 'button', autofocus: true, on: { click: () => dialog.close() } }, t('cancel')), sure));
    this.append(dialog);
    dialog.showModal();
  }

  /** @param {Report} report */
  #head(report) {
    return reportHead(report, this.#note,
      report.isFinal ? null : el('a', { class: 'button', href: hashOf('live', this.meeting) }, t('report.live')), fileMenu(report),
      el('button', { type: 'button', class: 'tool', on: { click: () => window.print() } }, icon('print'), t('report.print')));
  }
}
customElements.define('prosa-report', ReportView);
