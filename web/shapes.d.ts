// The JSON of the server, as docs/live.md, docs/report.md and docs/accounts.md define it. Types only: not part of the page.
export type Millis = number;

export interface Participant {
  participantId: string; name?: string; isHost?: boolean; isPresent?: boolean; isConnected?: boolean; isMuted?: boolean;
  joinedAt?: Millis; leftAt?: Millis;
}
export interface Talk {
  participantId: string; talkSeconds?: number; talkShare?: number; turns?: number; longestTurnSeconds?: number;
  interruptionsGiven?: number; interruptionsTaken?: number; overlapSeconds?: number; syllablesPerSecond?: number | null;
}
export type Severity = 'info' | 'warning' | 'critical';
export interface Feedback {
  id: string; type: string; severity: Severity; ts: Millis; meetingId: string; participantId: string; participantName?: string;
  window?: { start: Millis; end: Millis }; message: string; tips?: string[]; metadata?: Record<string, unknown>; seq?: number;
}
export interface OpenFeedback { count: number; firstTs: Millis; feedback: Feedback }
export interface Snapshot {
  meetingId: string; roomName: string; status: 'WAITING' | 'ACTIVE' | 'ENDED'; startedAt?: Millis; now: Millis; seq?: number;
  isPaused?: boolean; revision?: number; participants?: Participant[];
  ribbon?: { from: Millis; cellMs: number; cells: string[] }; talk?: Talk[]; open?: OpenFeedback[];
}
export interface Participants { ts: Millis; revision: number; participants: Participant[] }
export interface Stats { ts: Millis; talk: Talk[] }
export interface Levels { ts: Millis; revision: number; dbfs: (number | null)[]; flags: number[] }
export interface Gap { after: number; next: number }
export interface End { reason: 'ended' | 'expired' | 'forbidden' | 'gone'; meetingId: string; endedAt?: Millis; report?: string }

export type VerdictWord = 'told' | 'wrong' | 'quiet' | 'mark';
export interface Verdict {
  id: string; feedbackId?: string | null; type: string; participantId?: string | null; verdict: VerdictWord;
  until?: Millis | null; ts?: Millis; by?: string | null;
}

export interface Session {
  id?: string; meetingId: string; roomName: string; status: 'ACTIVE' | 'ENDED'; startedAt: string; endedAt?: string | null;
}
export interface Page<T> { items: T[]; nextCursor?: string | null }
export interface Login {
  accessToken: string; refreshToken?: string; expiresIn: number; isCookie?: boolean;
  user: { id: string; email: string; name?: string | null }; organization: { id: string; name: string; slug: string };
  role?: string;
}
export interface Me { user: Login['user']; organization: Login['organization']; role: string }
export interface Right { id: string; token: string; meetingId: string; roomName: string; expiresAt: Millis }
export interface GivenRight { id: string; meetingId: string; subject?: string | null; createdAt: string; expiresAt: string; revokedAt?: string | null }
export interface About { version: string; access: 'open' | 'report' | 'host'; locale: string; moods: boolean }

export interface Notice {
  roomName: string; isRecorded: boolean; isSentToProsody: boolean; isForEverybody: boolean; recordingDays: number | null; feedbackDays: number;
  reportDays: number; contact: string | null;
}
export interface Operators {
  version: string; now: Millis; uptimeSeconds: number; degraded: string[]; doors: string[]; shards: number; meetings: number; audioTracks: number;
  videoTracks: number; pausedMeetings: number; disk: { freeBytes: number; trackHours: number; queuedBytes: number; lostBytes: number };
  hour: { stepSeconds: number; tracks: number[]; lateTicks: number[]; queueBytes: number[]; drops: number[] };
}
export interface Figure { mean?: number | null; minutes?: (number | null)[] }
export interface Person {
  participantId: string; name?: string | null; isHost?: boolean;
  attendance?: { joinedAt: Millis | null; leftAt: Millis | null; presentSeconds: number | null; reconnects: number;
                 intervals: [Millis, Millis | null][] };
  talkSeconds: number | null; talkShare: number | null; presenceShare: number | null; turns: number | null;
  longestTurnSeconds: number | null; longestTurnAt: Millis | null;
  interruptions?: { tookFloor: number; spokeAlong: number; lostFloor: number; joinedBy: number };
  overlapSeconds: number | null; mutedSeconds: number | null; gapSeconds: number | null;
  responseGaps?: { count: number; meanSeconds: number | null; medianSeconds: number | null };
  pace?: { syllablesPerSecond: number | null; minutes: (number | null)[] };
  melody?: { semitones: number | null; minutes: (number | null)[] };
  loudness?: { dbfs: number | null; minutes: (number | null)[] };
  ribbon?: string;
}
export interface MatrixCell { by: number; of: number; tookFloor: number; spokeAlong: number; moments?: { at: Millis; tookFloor: boolean }[] }
export interface Moment {
  kind: 'exchange' | 'event' | 'turn' | 'silence'; from: Millis; to: Millis; people: number[]; turns?: number; type?: string;
  severity?: Severity; seconds?: number;
}
export interface Report {
  version: number; meetingId: string; roomName: string; source?: string; isFinal: boolean; isComplete: boolean;
  startedAt: Millis; until: Millis; lengthSeconds: number; analysedSeconds?: number;
  group: {
    speechSeconds: number | null; spokenSeconds: number | null; overlapSeconds: number | null; silenceSeconds: number | null;
    turns: number | null; tookFloor: number | null; spokeAlong: number | null;
    silences?: { count: number; longestSeconds: number | null; longestAt: Millis | null };
    responseGaps?: { count: number; meanSeconds: number | null; medianSeconds: number | null };
  };
  people: Person[]; matrix?: MatrixCell[]; ribbon?: { from: Millis; cellMs: number };
  eventCounts?: Record<string, number>; events?: Feedback[]; moments?: Moment[];
  marks?: { type: string; participantId?: string }[];
}
