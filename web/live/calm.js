// The one line of state: how the meeting is, in a few words that change rarely. Pure.

/** @import { Live } from './state.js' */
/** @import { StreamState } from '../net/stream.js' */
/** @import { Topic } from './state.js' */

/**
 * @typedef {'connecting' | 'away' | 'signed-out' | 'forbidden' | 'not-found' | 'gone' | 'ended' | 'waiting' | 'paused' | 'alone' | 'attention' |
 *   'look' | 'well'} Mood
 */

/**
 * @param {{ stream: StreamState, live: Live, open: Topic[] }} of
 * @returns {Mood}
 */
export function moodOf({ stream, live, open }) {
  if (live.status === 'ENDED' || stream === 'ended') return 'ended';
  if (stream !== 'live') return stream;
  if (live.status === 'WAITING') return 'waiting';
  if (live.isPaused) return 'paused';
  if (open.some((topic) => topic.feedback.severity === 'critical')) return 'attention';
  if (open.length) return 'look';
  if (live.rows.filter((row) => row.info.isPresent !== false).length < 2) return 'alone';
  return 'well';
}

/** The picture of a mood. @type {Record<Mood, string>} */
export const MOOD_ICON = {
  connecting: 'wait', away: 'cut', 'signed-out': 'cut', forbidden: 'cut', 'not-found': 'cut', gone: 'cut', ended: 'check', waiting: 'wait',
  paused: 'pause', alone: 'wait', attention: 'critical', look: 'warning', well: 'all',
};

/** Those that stay: at most so many, the ones that were there before others of the same weight. @param {Topic[]} open @param {Set<string>} before @param {number} most */
export function calmChoice(open, before, most) {
  const weight = (/** @type {Topic} */ topic) => (topic.feedback.severity === 'critical' ? 2 : topic.feedback.severity === 'warning' ? 1 : 0);
  const places = new Map([...before].map((key, i) => [key, i])), place = (/** @type {Topic} */ topic) => places.get(topic.key) ?? before.size;
  // In their places of before; what is new comes behind.
  return [...open].sort((a, b) => weight(b) - weight(a) || place(a) - place(b)).slice(0, most).sort((a, b) => place(a) - place(b));
}
