// Which of all topics the host sees now: what is settled, silenced or resting is left out, and new ones come in slowly. Pure.

/** @import { Severity, Verdict } from '../shapes' */
/** @import { Topic } from './state.js' */

/** What the prosody service says of people's moods: a class of its own, off unless the operator says otherwise. */
export const MOODS = new Set(['tendencia_emocional_negativa', 'engajamento_baixo', 'frustracao_crescente', 'entusiasmo_alto',
  'energia_grupo_baixa', 'polarizacao_emocional', 'efeito_pos_interrupcao']);
/** What rests while somebody presents. */
const BALANCE = new Set(['monologo_prolongado', 'energia_grupo_baixa', 'engajamento_baixo']);
/** In an interview or a class one person talks and others do not; that is no monologue of anybody. */
const ROLES = new Set(['interview', 'class']);

export const CARDS_MAX = 20, CALM_CARDS = 2;
const NEW_A_MINUTE = 2, MINUTE_MS = 60000;
/** @type {Record<Severity, number>} */
const WEIGHT = { info: 0, warning: 1, critical: 2 };

/** @param {string | null | undefined} id */
const personOf = (id) => id ?? 'group';

/** The silencing that covers a topic, if there is one. @param {Verdict[]} verdicts @param {{ type: string, participantId: string }} topic @param {number} now */
export function quietFor(verdicts, topic, now) {
  return verdicts.find((one) => one.verdict === 'quiet' && one.type === topic.type && (one.until ?? Infinity) > now &&
    (one.participantId === '*' || personOf(one.participantId) === topic.participantId)) ?? null;
}

/** @param {Verdict[]} verdicts @param {string | null} participantId null: of the whole meeting */
export const marksOf = (verdicts, participantId) =>
  verdicts.filter((one) => one.verdict === 'mark' && (one.participantId ?? null) === participantId);

/** @param {Verdict[]} verdicts @param {{ type: string, participantId: string }} topic */
function rests(verdicts, topic) {
  if (!BALANCE.has(topic.type)) return false;
  return marksOf(verdicts, null).some((mark) => ROLES.has(mark.type)) || marksOf(verdicts, topic.participantId).length > 0 ||
    (topic.participantId === 'group' && verdicts.some((one) => one.verdict === 'mark'));
}

/** Settled by "told" or "wrong", and not come back since. @param {Verdict[]} verdicts @param {Topic} topic */
function isSettled(verdicts, topic) {
  return verdicts.some((one) => (one.verdict === 'told' || one.verdict === 'wrong') && one.type === topic.type &&
    personOf(one.participantId) === topic.participantId && (one.ts ?? 0) >= topic.feedback.ts);
}

/**
 * The topics that are open now, the gravest and then the latest first.
 * @param {Topic[]} topics @param {Verdict[]} verdicts @param {number} now @param {{ moods: boolean }} options
 */
export function openTopics(topics, verdicts, now, { moods }) {
  return topics
    .filter((topic) => (moods || !MOODS.has(topic.type)) && !quietFor(verdicts, topic, now) && !rests(verdicts, topic) &&
      !isSettled(verdicts, topic))
    .sort((a, b) => WEIGHT[b.feedback.severity] - WEIGHT[a.feedback.severity] || b.feedback.ts - a.feedback.ts);
}

/** Lets new topics in: two a minute, and critical ones at once while there is room. The others are the digest. */
export class Intake {
  /** Key -> when it came in. @type {Map<string, number>} */
  #shown = new Map();
  /** @type {number[]} */
  #recent = [];
  #began = false;

  /** @param {Topic[]} open @param {number} now @returns {{ cards: Topic[], digest: Topic[] }} */
  take(open, now) {
    const keys = new Set(open.map((topic) => topic.key));
    for (const key of this.#shown.keys()) if (!keys.has(key)) this.#shown.delete(key);
    this.#recent = this.#recent.filter((ts) => now - ts < MINUTE_MS);
    for (const topic of open) {
      if (this.#shown.has(topic.key) || this.#shown.size >= CARDS_MAX) continue;
      // What was there before the page was opened is not new.
      const mayEnter = !this.#began || topic.feedback.severity === 'critical' || this.#recent.length < NEW_A_MINUTE;
      if (!mayEnter) continue;
      this.#shown.set(topic.key, now);
      if (this.#began) this.#recent.push(now);
    }
    if (open.length) this.#began = true;
    return { cards: open.filter((topic) => this.#shown.has(topic.key)), digest: open.filter((topic) => !this.#shown.has(topic.key)) };
  }

  /** The host asked for the digest: all of it comes in, as far as there is room. @param {Topic[]} digest @param {number} now */
  admit(digest, now) {
    for (const topic of digest) if (this.#shown.size < CARDS_MAX) this.#shown.set(topic.key, now);
  }
}

/** @param {unknown} value */
const isNumber = (value) => typeof value === 'number' && Number.isFinite(value);

/** What each type measures: the metadata member, and the unit it is shown in. @type {Record<string, [string, string][]>} */
const MEASURES = {
  volume_baixo: [['rmsDbfs', 'dbfs']],
  volume_alto: [['clipFraction', 'share'], ['rmsDbfs', 'dbfs']],
  silencio_prolongado: [['silenceSeconds', 'seconds']],
  overlap_fala: [['overlapSeconds', 'seconds']],
  monologo_prolongado: [['speechSeconds', 'seconds'], ['speechCoverage', 'share']],
  interrupcoes_frequentes: [['interruptions', 'count']],
  ritmo_acelerado: [['syllablesPerSecond', 'syllables']],
  ritmo_pausado: [['pauseShare', 'share'], ['syllablesPerSecond', 'syllables']],
  monotonia_prosodica: [['pitchRangeSemitones', 'semitones']],
  ruido_de_fundo: [['noiseDbfs', 'dbfs']],
};

/**
 * Why a card is there: the measured value, what it was held against, over how long, and how sure that is. Null for what is not known.
 * @param {{ type: string, metadata?: Record<string, unknown>, window?: { start: number, end: number } }} feedback
 */
export function reasonsOf(feedback) {
  const facts = feedback.metadata ?? {};
  const measure = (MEASURES[feedback.type] ?? []).find(([name]) => isNumber(facts[name])) ?? null;
  const get = (/** @type {string} */ name) => (isNumber(facts[name]) ? Number(facts[name]) : null);
  const window = feedback.window ? (feedback.window.end - feedback.window.start) / 1000 : null;
  return {
    value: measure && get(measure[0]), unit: measure?.[1] ?? null, limit: get('limit'), windowSeconds: get('windowSeconds') ?? window,
    speechShare: get('speechCoverage'), why: typeof facts.why === 'string' ? facts.why : null, delayMs: get('delayMs'),
  };
}
