// What is known of a running meeting: made from the events of its stream and from nothing else, so that a page which was opened late,
// or comes back, knows the same. Knows no time of its own and no page; can be cloned.
import { FLAG, RIBBON_CELLS, Second, unpackRibbon } from './ribbon.js';

/** @import { End, Feedback, Gap, Levels, Participant, Snapshot, Stats, Talk } from '../shapes' */

/**
 * @typedef {{ id: string, info: Participant, talk: Talk | null, dbfs: number | null, flags: number, clips: number, cells: string,
 *   second: Second }} Row
 * @typedef {{ key: string, type: string, participantId: string, times: number[], feedback: Feedback }} Topic
 */

export const TOPIC_MS = 600000;
const TIMES_MAX = 2000;

export function newLive() {
  return {
    status: /** @type {'UNKNOWN' | 'WAITING' | 'ACTIVE' | 'ENDED'} */ ('UNKNOWN'),
    meetingId: '', roomName: '',
    startedAt: /** @type {number | null} */ (null),
    endedAt: /** @type {number | null} */ (null),
    report: /** @type {string | null} */ (null),
    isPaused: false,
    seq: 0, revision: -1, ts: 0,
    rows: /** @type {Row[]} */ ([]),
    topics: /** @type {Topic[]} */ ([]),
    /** The second that is being counted. */
    secondAt: 0,
    /** Feedback that the server no longer has. */
    lost: 0,
  };
}
/** @typedef {ReturnType<typeof newLive>} Live */

/** About whom, and of which type. @param {{ type: string, participantId?: string | null }} of */
export const topicKey = (of) => `${of.type} ${of.participantId ?? 'group'}`;

/** @param {Participant} info @returns {Row} */
const newRow = (info) => ({ id: info.participantId, info, talk: null, dbfs: null, flags: 0, clips: 0, cells: '', second: new Second() });

/** @param {Live} live @param {Participant[]} list @param {number} revision */
function setPeople(live, list, revision) {
  const known = new Map(live.rows.map((row) => [row.id, row]));
  live.revision = revision;
  live.rows = list.map((info) => {
    const row = known.get(info.participantId) ?? newRow(info);
    row.info = info;
    if (!info.isConnected || info.isMuted) row.dbfs = null;
    if (!row.flags || !info.isConnected || info.isMuted)
      row.flags = info.isMuted ? FLAG.muted | FLAG.connected : info.isConnected ? FLAG.connected : 0;
    return row;
  });
}

/** @param {Live} live @param {Talk[] | undefined} list */
function setTalk(live, list) {
  const talk = new Map((list ?? []).map((one) => [one.participantId, one]));
  for (const row of live.rows) row.talk = talk.get(row.id) ?? row.talk;
}

/** @param {Live} live @param {Feedback} feedback @param {number[]} times */
function addTopic(live, feedback, times) {
  const key = topicKey(feedback);
  const topic = live.topics.find((one) => one.key === key);
  if (topic) {
    topic.times = [...topic.times, ...times].slice(-TIMES_MAX);
    topic.feedback = feedback;
  } else {
    live.topics.push({ key, type: feedback.type, participantId: feedback.participantId, times, feedback });
  }
}

/** So many times between the first and the last: a snapshot says only those two. @param {number} first @param {number} last @param {number} count */
const spread = (first, last, count) =>
  Array.from({ length: Math.min(count, TIMES_MAX) }, (_, i) => (count < 2 ? last : first + ((last - first) * i) / (count - 1)));

/** @param {Live} live @param {Snapshot} snapshot */
function applySnapshot(live, snapshot) {
  const isSame = live.meetingId === snapshot.meetingId && live.seq > 0 && (snapshot.seq ?? 0) >= live.seq;
  if (!isSame) {
    live.topics = [];
    live.seq = snapshot.seq ?? 0;
    for (const { count, firstTs, feedback } of snapshot.open ?? []) addTopic(live, feedback, spread(firstTs, feedback.ts, count));
  }
  live.status = snapshot.status;
  live.meetingId = snapshot.meetingId;
  live.roomName = snapshot.roomName;
  live.startedAt = snapshot.startedAt ?? null;
  live.isPaused = snapshot.isPaused ?? false;
  live.ts = snapshot.now;
  const clips = new Map(live.rows.map((row) => [row.id, row.clips]));
  live.rows = [];
  setPeople(live, snapshot.participants ?? [], snapshot.revision ?? 0);
  setTalk(live, snapshot.talk);
  live.secondAt = 0;
  live.rows.forEach((row, i) => {
    row.clips = clips.get(row.id) ?? 0;
    row.cells = unpackRibbon(snapshot.ribbon?.cells[i], RIBBON_CELLS).slice(-RIBBON_CELLS);
    // A ribbon that ends early means "away" for the rest.
    const longest = snapshot.ribbon ? Math.floor((snapshot.now - snapshot.ribbon.from) / snapshot.ribbon.cellMs) : 0;
    row.cells = row.cells.padEnd(Math.min(longest, RIBBON_CELLS), '-');
  });
}

/** @param {Live} live @param {number} ts */
function closeSeconds(live, ts) {
  const at = Math.floor(ts / 1000);
  if (live.secondAt && at > live.secondAt) {
    const missed = Math.min(at - live.secondAt - 1, RIBBON_CELLS);
    for (const row of live.rows) {
      row.cells = (row.cells + row.second.letter() + ' '.repeat(missed)).slice(-RIBBON_CELLS);
      row.second = new Second();
    }
  }
  live.secondAt = Math.max(live.secondAt, at);
}

/** @param {Live} live @param {Levels} levels */
function applyLevels(live, levels) {
  if (levels.revision !== live.revision) return;
  closeSeconds(live, levels.ts);
  live.rows.forEach((row, i) => {
    const flags = levels.flags[i] ?? 0;
    row.dbfs = levels.dbfs[i] ?? null;
    row.flags = flags;
    row.second.add(flags);
    if (flags & FLAG.clipped) row.clips++;
  });
}

/**
 * Takes one event. Answers whether it was news: feedback that is already known is none.
 * @param {Live} live @param {string} name @param {any} data
 */
export function applyEvent(live, name, data) {
  if (data.ts) live.ts = Math.max(live.ts, data.ts);
  if (name === 'snapshot') {
    applySnapshot(live, data);
  } else if (name === 'feedback') {
    const feedback = /** @type {Feedback} */ (data);
    if (feedback.seq !== undefined && feedback.seq <= live.seq) return false;
    live.seq = feedback.seq ?? live.seq;
    addTopic(live, feedback, [feedback.ts]);
  } else if (name === 'participants') {
    setPeople(live, data.participants, data.revision);
  } else if (name === 'stats') {
    setTalk(live, /** @type {Stats} */ (data).talk);
  } else if (name === 'levels') {
    applyLevels(live, data);
  } else if (name === 'gap') {
    const { after, next } = /** @type {Gap} */ (data);
    if (next <= after) live.seq = 0;
    else live.lost += Math.max(0, next - after - 1);
  } else if (name === 'end') {
    const end = /** @type {End} */ (data);
    if (end.reason === 'ended') live.status = 'ENDED';
    live.endedAt = end.endedAt ?? null;
    live.report = end.report ?? null;
  } else {
    return false;
  }
  return true;
}

/** Forgets what happened longer than ten minutes ago. @param {Live} live @param {number} now the server's time */
export function pruneTopics(live, now) {
  for (const topic of live.topics) {
    const first = topic.times.findIndex((ts) => ts > now - TOPIC_MS);
    topic.times = first < 0 ? [] : first ? topic.times.slice(first) : topic.times;
  }
  live.topics = live.topics.filter((topic) => topic.times.length > 0);
}

/** A clone has no methods: seconds are made anew. @param {any} plain @returns {Live} */
export function restoreLive(plain) {
  for (const row of plain.rows) row.second = Object.assign(new Second(), row.second);
  return plain;
}
