// The report: one page about one meeting, to look at, to hear, to print and to send.
import { bdi, el, fill, Life } from '../core/dom.js';
import { currentLocale, duration, listed, moment, number, onLocale, percent, span, t, time, word } from '../core/i18n.js';
import { icon } from '../core/icons.js';
import { cleanName, isolated, nameOf } from '../core/names.js';
import { MOODS } from '../live/cards.js';
import { HttpError, session } from '../net/session.js';
import { dialectOf, fileName, PLAIN, reportCsv } from '../report/export.js';
import { linkList } from '../report/links.js';
import { Player } from '../report/player.js';
import { sparks } from '../report/sparks.js';
import { attendanceTable, matrixTable, namesAt, talkTable } from '../report/tables.js';
import { eventTable, Timeline } from '../report/timeline.js';
import { errorBox } from './say-error.js';
import { hashOf, setTitle } from './route.js';

/** @import { Feedback, Moment, Person, Report } from '../shapes' */

const RUNNING_MS = 10000, LEAST_CLIP_MS = 6000;

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
    const section = (/** @type {string} */ id, /** @type {string} */ title, /** @type {(Node | null | undefined)[]} */ ...children) =>
      el('section', { class: `part part-${id}`, 'aria-labelledby': `part-${id}` }, el('h2', { id: `part-${id}` }, title), ...children);
    setTitle(t('report.of', { room: isolated(cleanName(report.roomName)) }));
    fill(this.#body, this.#head(report), this.#figures(report),
      section('moments', t('report.moments'), this.#moments(report, hear)),
      section('timeline', t('report.timeline'), timeline.node),
      section('talk', t('report.talk'), this.#marks(report), talkTable(report, hear)),
      section('matrix', t('report.matrix'), matrixTable(report, hear)),
      section('attendance', t('report.attendance'), attendanceTable(report, session.login?.role === 'OWNER' && report.isFinal ? (person, name) => this.#askToErase(person, name) : null)),
      section('time', t('report.over'), el('div', { class: 'spark-grid' }, sparks(report.people, 'pace'), sparks(report.people, 'melody'), sparks(report.people, 'loudness'))),
      section('events', t('report.events'), events.length ? eventTable(events, report, hear) : el('p', { class: 'hint' }, t('report.events.none'))),
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
    const files = el('details', { class: 'menu' }, el('summary', null, icon('download'), t('report.save')), el('div', { class: 'menu-body' },
      this.#file('CSV', 'csv.excel', () => [reportCsv(report, t, dialectOf(currentLocale())), 'text/csv;charset=utf-8', 'csv']),
      this.#file('CSV', 'csv.plain', () => [reportCsv(report, t, PLAIN), 'text/csv;charset=utf-8', 'csv']),
      this.#file('JSON', 'csv.json', () => [JSON.stringify(report, null, 2), 'application/json', 'json'])));
    const states = [report.isFinal ? null : t('report.running', { at: time(report.until) }), report.isComplete ? null : t('report.incomplete', { heard: span(report.analysedSeconds) })];
    return el('header', { class: 'report-head' }, el('div', null, el('p', { class: 'over-title' }, t('report.title')), el('h1', { tabindex: '-1' }, bdi(cleanName(report.roomName))),
      el('p', { class: 'when' }, `${moment(report.startedAt)} · ${span(report.lengthSeconds)}`), states.map((text) => text && el('p', { class: 'caveat' }, icon('info'), text)), this.#note),
    el('div', { class: 'tools' }, report.isFinal ? null : el('a', { class: 'button', href: hashOf('live', this.meeting) }, t('report.live')), files,
      el('button', { type: 'button', class: 'tool', on: { click: () => window.print() } }, icon('print'), t('report.print'))));
  }

  /** @param {string} kind @param {import('../core/i18n.js').Word} label @param {() => [string, string, string]} make */
  #file(kind, label, make) {
    return el('button', { type: 'button', class: 'choice', on: { click: () => {
      const [text, type, ending] = make(), url = URL.createObjectURL(new Blob([text], { type }));
      const link = el('a', { href: url, download: fileName(/** @type {Report} */ (this.#report), ending) });
      link.click();
      setTimeout(() => URL.revokeObjectURL(url), 1000);
    } } }, el('strong', null, kind), el('span', null, t(label)));
  }

  /** @param {Report} report */
  #figures(report) {
    const { group } = report, figures = /** @type {[string, string, string | null][]} */ ([
      [t('figure.people'), number(report.people.length), null],
      [t('figure.speech'), span(group.spokenSeconds), group.spokenSeconds === null ? null : percent(group.spokenSeconds / Math.max(1, report.lengthSeconds))],
      [t('figure.turns'), group.turns === null ? '–' : number(group.turns), null],
      [t('figure.floor'), `${group.tookFloor ?? '–'} / ${group.spokeAlong ?? '–'}`, t('figure.floor.more')],
      [t('figure.overlap'), span(group.overlapSeconds), null],
      [t('figure.silence'), span(group.silenceSeconds), group.silences?.count ? t('figure.silence.more', { n: group.silences.count, longest: span(group.silences.longestSeconds) }) : null],
    ]);
    return el('dl', { class: 'figures' }, figures.map(([name, value, more]) => el('div', null, el('dt', null, name), el('dd', null, value, more ? el('small', null, more) : null))));
  }

  /** @param {Report} report @param {(from: number, to: number | null, tracks: string[]) => void} hear */
  #moments(report, hear) {
    const moments = report.moments ?? [];
    if (!moments.length) return el('p', { class: 'hint' }, t('moments.none'));
    return el('ol', { class: 'moments plain' }, moments.map((one) => el('li', { class: 'moment' }, el('p', { class: 'moment-at' }, duration((one.from - report.startedAt) / 1000)), el('p', { class: 'moment-what' }, this.#momentText(one, report)),
      el('button', { type: 'button', on: { click: () => hear(one.from, Math.max(one.to, one.from + LEAST_CLIP_MS), []) } }, icon('play'), t('hear.span', { length: span(Math.max(LEAST_CLIP_MS, one.to - one.from) / 1000) })))));
  }

  /** @param {Moment} one @param {Report} report */
  #momentText(one, report) {
    const who = listed(namesAt(report.people, one.people).map(isolated));
    if (one.kind === 'exchange') return t('moment.exchange', { who, n: one.turns ?? 0 });
    if (one.kind === 'turn') return t('moment.turn', { who, length: span(one.seconds) });
    if (one.kind === 'silence') return t('moment.silence', { length: span(one.seconds) });
    return who ? `${word('type.', one.type ?? '')}: ${who}` : word('type.', one.type ?? '');
  }

  /** Where somebody presented, shares of talk are read with that. @param {Report} report */
  #marks(report) {
    const marks = report.marks ?? [];
    if (!marks.length) return null;
    const names = new Map(report.people.map((person) => [person.participantId, nameOf(person)]));
    return el('p', { class: 'caveat' }, icon('info'), marks.map((mark) => mark.participantId ? t('marks.person', { who: isolated(names.get(mark.participantId) ?? cleanName(mark.participantId)) }) : word('marks.', mark.type)).join(' '));
  }
}
customElements.define('prosa-report', ReportView);
