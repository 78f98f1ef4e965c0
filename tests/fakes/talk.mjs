// A meeting as the stream and the report show it: made from a seed, of any number of people.
export const MINUTE = 60000;
const NAMES = ['Ana Souza', 'Bruno Lima', 'Carla Nunes', 'Diego Alves', 'Elisa Prado', 'Fábio Reis'];

function random(seed) {
  let state = seed;
  return () => ((state = (state * 1664525 + 1013904223) >>> 0) / 2 ** 32);
}

export const personOf = (i, startedAt) => ({ participantId: `p${i}`, name: NAMES[i] ?? `Participant ${i + 1}`, isHost: i === 0, isPresent: true, isConnected: true, isMuted: i === 4,
  joinedAt: startedAt + i * 1000 });

// People take turns; every few turns somebody speaks along. One letter a second for each of them.
export function ribbonsOf(people, seconds, seed = 7) {
  const next = random(seed), rows = Array.from({ length: people }, (_, i) => Array(seconds).fill(i === 4 ? 'm' : '.'));
  const speakers = Math.min(people, 4);
  for (let at = 0, who = 0; at < seconds;) {
    const length = 3 + Math.floor(next() * 25), pause = next() < 0.15 ? 4 + Math.floor(next() * 12) : 0;
    for (let i = at; i < Math.min(seconds, at + length); i++) rows[who][i] = 's';
    const along = (who + 1 + Math.floor(next() * (speakers - 1))) % speakers;
    if (next() < 0.35 && along !== who) for (let i = at + length - 3; i < Math.min(seconds, at + length); i++) if (i >= 0) rows[along][i] = rows[who][i] = 'o';
    who = (who + 1 + Math.floor(next() * (speakers - 1))) % speakers;
    at += length + pause;
  }
  if (people > 5) for (let i = Math.floor(seconds * 0.6); i < Math.min(seconds, Math.floor(seconds * 0.6) + 20); i++) rows[5][i] = 'g';
  return rows.map((row) => row.join(''));
}

export const packed = (cells) => cells.replace(/(.)\1*/g, (run) => (run.length > 1 ? run.length : '') + run[0]);

export function feedbackOf(seq, { type = 'volume_baixo', who = 1, ts = Date.now(), severity = 'warning', message, name, metadata } = {}) {
  const participantName = name ?? NAMES[who] ?? `Participant ${who + 1}`;
  return { id: `f${seq}`, type, severity, ts, meetingId: 'RM_1', participantId: who === null ? 'group' : `p${who}`, ...(who === null ? {} : { participantName }),
    window: { start: ts - 10000, end: ts }, message: message ?? `${participantName}: almost inaudible; turn the microphone up now.`,
    tips: ['Raise the input gain', 'Move closer to the microphone'],
    metadata: metadata ?? { rmsDbfs: -37.3, limit: -32, windowSeconds: 10, speechCoverage: 0.62, usualDbfs: -25, belowUsualDb: 12, why: '12 dB softer than usual (-37 dBFS over 10 s of speech)', delayMs: 2600 }, seq };
}

export function snapshotOf({ people = 5, now = Date.now(), minutes = 40, seq = 0, open = [], ...more } = {}) {
  const startedAt = now - minutes * MINUTE, from = now - 300000;
  const ribbons = ribbonsOf(people, 300);
  const spoken = ribbons.map((row) => [...row].filter((letter) => letter === 's' || letter === 'o').length), sum = spoken.reduce((a, b) => a + b, 0) || 1;
  return { meetingId: 'RM_1', roomName: 'daily-standup', status: 'ACTIVE', startedAt, now, seq, isPaused: false, revision: 1,
    participants: Array.from({ length: people }, (_, i) => personOf(i, startedAt)), ribbon: { from, cellMs: 1000, cells: ribbons.map(packed) },
    talk: spoken.map((seconds, i) => ({ participantId: `p${i}`, talkSeconds: seconds, talkShare: seconds / sum, turns: 9 })), open, ...more };
}

export function levelsOf(snapshot, ts, i) {
  const speaker = Math.floor(i / 30) % 4;
  return { ts, revision: snapshot.revision, dbfs: snapshot.participants.map((_, p) => (p === 4 ? null : p === speaker ? -20 - (i % 7) : -55 - ((i + p) % 5))),
    flags: snapshot.participants.map((_, p) => (p === 4 ? 9 : p === speaker ? 3 : 1)) };
}

export function reportOf({ people = 5, minutes = 30, startedAt = Date.UTC(2026, 10, 30, 17, 0), ...more } = {}) {
  const seconds = minutes * 60, ribbons = ribbonsOf(people, seconds), until = startedAt + seconds * 1000;
  const spoken = ribbons.map((row) => [...row].filter((letter) => letter === 's' || letter === 'o').length), sum = spoken.reduce((a, b) => a + b, 0);
  const next = random(3), minute = (low, high) => Array.from({ length: minutes }, () => (next() < 0.1 ? null : Number((low + next() * (high - low)).toFixed(1))));
  const events = [[1, 'volume_baixo', 'warning', 0.1], [2, 'volume_alto', 'critical', 0.25], [3, 'monologo_prolongado', 'warning', 0.6], [null, 'silencio_prolongado', 'warning', 0.72]]
    .map(([who, type, severity, part], i) => ({ ...feedbackOf(i + 1, { who, type, severity, ts: Math.round(startedAt + part * seconds * 1000) }) }));
  return { version: 1, meetingId: 'RM_1', roomName: 'daily-standup', source: 'live', isFinal: true, isComplete: true, startedAt, until, lengthSeconds: seconds, analysedSeconds: seconds,
    group: { speechSeconds: sum, spokenSeconds: Math.round(seconds * 0.84), overlapSeconds: 74, silenceSeconds: Math.round(seconds * 0.16), turns: 168, tookFloor: 9, spokeAlong: 31,
      silences: { count: 3, longestSeconds: 15, longestAt: startedAt + 400000 }, responseGaps: { count: 120, meanSeconds: 0.6, medianSeconds: 0.4 } },
    people: Array.from({ length: people }, (_, i) => ({ participantId: `p${i}`, name: NAMES[i] ?? `Participant ${i + 1}`, isHost: i === 0,
      attendance: { joinedAt: startedAt + i * 20000, leftAt: until, presentSeconds: seconds - i * 20, reconnects: i === 2 ? 2 : 0,
        intervals: i === 2 ? [[startedAt + 40000, startedAt + 500000], [startedAt + 530000, startedAt + 1000000], [startedAt + 1030000, until]] : [[startedAt + i * 20000, until]] },
      talkSeconds: spoken[i], talkShare: spoken[i] / sum, presenceShare: spoken[i] / seconds, turns: i === 4 ? 0 : 30 + i * 7, longestTurnSeconds: i === 4 ? null : 27.5, longestTurnAt: i === 4 ? null : startedAt + 120000 * (i + 1),
      interruptions: { tookFloor: 3 - Math.min(3, i), spokeAlong: 8, lostFloor: i, joinedBy: 7 }, overlapSeconds: 18, mutedSeconds: i === 4 ? seconds : 0, gapSeconds: i === 5 ? 20 : 0,
      responseGaps: { count: 20, meanSeconds: 0.5, medianSeconds: 0.4 }, pace: { syllablesPerSecond: i === 4 ? null : 4.6 + i * 0.2, minutes: i === 4 ? [] : minute(3.8, 6.1) },
      melody: { semitones: i === 4 ? null : 2.4, minutes: i === 4 ? [] : minute(1.2, 3.6) }, loudness: { dbfs: i === 4 ? null : -25 + i, minutes: i === 4 ? [] : minute(-32, -19) }, ribbon: packed(ribbons[i]) })),
    matrix: [[0, 1, 2, 5], [1, 0, 1, 4], [2, 3, 4, 7], [3, 0, 1, 9], [1, 2, 1, 6]].map(([by, of, tookFloor, spokeAlong]) => ({ by, of, tookFloor, spokeAlong,
      moments: [{ at: startedAt + 200000 + by * 30000, tookFloor: true }, { at: startedAt + 400000, tookFloor: false }] })),
    ribbon: { from: startedAt, cellMs: 1000 }, eventCounts: { volume_baixo: 1, volume_alto: 1, monologo_prolongado: 1, silencio_prolongado: 1 }, events,
    moments: [{ kind: 'exchange', from: startedAt + 300000, to: startedAt + 330000, people: [0, 1, 3], turns: 9 }, { kind: 'event', from: startedAt + 440000, to: startedAt + 450000, people: [2], type: 'volume_alto', severity: 'critical' },
      { kind: 'turn', from: startedAt + 480000, to: startedAt + 507500, people: [3], seconds: 27.5 }], ...more };
}
