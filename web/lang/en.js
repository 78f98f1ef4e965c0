// English.
/** @import { Entry } from './pt-BR.js' */
/** @import { ptBR } from './pt-BR.js' */

/** @type {Record<keyof typeof ptBR, Entry>} */
export const en = {
  brand: 'Prosa', nav: 'Pages', language: 'Language', skip: 'Skip to the content', loading: 'Loading…', more: 'Show more', again: 'Try again',
  undo: 'Undo', hear: 'Hear', search: 'Search', signout: 'Sign out', 'to.signin': 'Sign in', minute: 'min {n}',
  'search.by': 'Search by', 'search.room': 'room', 'search.person': 'person',

  'signin.title': 'Sign in', 'signin.lead': 'How a conversation goes, while it goes.', 'signin.email': 'E-mail', 'signin.password': 'Password',
  'signin.do': 'Sign in', 'signin.wrong': 'E-mail or password is not right.', 'signin.slow': 'Too many tries; wait a little.',
  'signin.invalid': 'Check the e-mail and the password.',
  'signin.plain': 'This connection is not secure (HTTP): you stay signed in in this tab only, until it closes.',
  'signin.framed': 'This page is inside another one. Access comes from there; no password is typed here.', 'signin.window': 'Open in a window of its own',
  'link.bad': 'This link has expired or is not valid. Ask whoever sent it for a new one.', 'link.forbidden': 'This link does not make you a host of that room.',
  'link.unknown': 'The meeting of this link does not exist.',
  'open.title': 'Without signing in', 'open.lead': 'On this server feedback is open to everybody.', 'open.room': 'Name of the room', 'open.do': 'Open',
  'rights.title': 'Meetings of this browser', 'rights.until': 'until {at}', 'rights.revoke': 'Give access back',

  'error.away': 'The server does not answer. The page keeps trying.', 'error.refused': 'That was not possible.',
  'status.400': 'The request was not understood.', 'status.401': 'Not signed in: this needs an account or a host’s link.',
  'status.403': 'Your account has no right to this meeting: you must be its host, or belong to the organization that owns it.', 'status.404': 'This meeting does not exist, or is another organization’s.',
  'status.409': 'Not now: the meeting has not begun, or not ended.', 'status.429': 'Too many requests; wait a little.', 'status.500': 'The server failed at this request.',
  'status.503': 'The server is busy or leaving; try again in a moment.',

  'meetings.title': 'Meetings', 'meetings.live': 'Now', 'meetings.since': 'since {at}', 'meetings.none': 'There have been no meetings yet.',
  'meetings.none.found': 'Nothing found.', 'meetings.found': ['{n} meeting', '{n} meetings'],

  'live.everyone': 'Everyone', 'live.pause': 'Pause pictures', 'live.resume': 'Resume pictures', 'live.discreet': 'Discreet', 'live.cards': 'What to look at',
  'live.new': ['{n} new', '{n} new'], 'live.digest': ['{n} more matter', '{n} more matters'], 'live.since': 'since {at} · {length}',
  'live.people': ['{n} person', '{n} people'], 'live.stale': 'data from {at}', 'live.fresh': 'up to date', 'live.lost': ['{n} old notice is gone', '{n} old notices are gone'],
  'mood.connecting': 'Connecting…', 'mood.away': 'Connection lost; coming back by itself', 'mood.signed-out': 'Access has ended; sign in again', 'mood.forbidden': 'No right to this meeting',
  'mood.not-found': 'This meeting is not known here', 'mood.gone': 'The room was forgotten', 'mood.ended': 'The meeting is over; its report comes', 'mood.waiting': 'Waiting for the meeting to begin',
  'mood.paused': 'Analysis rests: the server is busy', 'mood.alone': 'Waiting for people', 'mood.attention': ['Needs attention now', 'Needs attention now ({n} matters)'],
  'mood.look': ['One matter to look at', '{n} matters to look at'], 'mood.well': 'The conversation goes well',
  'say.away': 'The connection to the server is lost.', 'say.back': 'The connection is back.', 'discreet.end': 'Show again',

  'severity.info': 'Note', 'severity.warning': 'Warning', 'severity.critical': 'Critical',
  'card.group': 'the group', 'card.everybody': 'everybody', 'card.why': 'Why?', 'card.hear': 'Hear these ten seconds', 'card.hear.stop': 'Stop', 'card.hear.failed': 'No sound of this part',
  'card.told': 'Told them', 'card.wrong': 'Wrong', 'card.quiet': 'Not again…', 'card.quiet.quarter': 'for 15 minutes', 'card.quiet.end': 'until the meeting ends',
  'card.count': ['{n} time', '{n} times'], 'card.minute': 'minute {at}', 'card.measured': 'Measured', 'card.limit': 'Limit', 'card.window': 'Over', 'card.sure': 'Basis',
  'card.speech': '{share} speech', 'card.delay': 'Delay of sound', 'card.when': 'When', 'card.also': 'Also',
  'settled.told': 'Marked as told', 'settled.wrong': 'Noted: it was wrong', 'settled.quiet': 'Silenced: {who}, {at}', until: 'until {at}', 'until.end': 'until the meeting ends',

  'people.title': 'Participants', 'people.name': 'Name', 'people.level': 'Level (dBFS)', 'people.share': 'Talk', 'people.ribbon': 'Last five minutes', 'people.mark': 'Mark',
  'people.folded': ['and {n} who has not spoken', 'and {n} who have not spoken'], 'people.fold': 'Fold those who have not spoken',
  'person.host': 'host', 'person.left': 'left',
  'state.speaks': 'speaks', 'state.overlaps': 'speaks along', 'state.silent': 'silent', 'state.muted': 'muted', 'state.gap': 'no sound', 'state.away': 'no microphone',
  'level.clip': 'clipped', 'level.clip.reset': 'The sound reached its maximum. Click to clear the mark.',
  'ribbon.text': '{speech} s of speech, {overlap} s along with others, {muted} s muted, {gap} s without sound', 'ribbon.s': 'speech', 'ribbon.o': 'speech along', 'ribbon.m': 'muted', 'ribbon.g': 'no sound', 'ribbon.event': 'notice',
  'mark.presents': 'presents', 'mark.interview': 'Interview', 'mark.class': 'Class', 'mark.presents.on': 'Presents', 'mark.presents.off': 'Presents no more',
  'kind.talk': 'Conversation', 'kind.interview': 'Interview', 'kind.class': 'Class',

  'options.title': 'Options', 'options.kind': 'This meeting is', 'options.tell': 'Tell me', 'options.sound': 'Sound for what is critical', 'options.notify': 'Notification for what is critical (no names)',
  'options.notify.never': 'Notifications need HTTPS and a window of their own.', 'options.keys': 'Single-letter keys', 'options.keys.list': 'E everyone · P pause · D discreet · R read the state',
  'options.lasting': 'Silenced things and marks', 'options.lasting.none': 'Nothing is silenced.',

  'type.volume_baixo': 'Low volume', 'type.volume_alto': 'High volume', 'type.silencio_prolongado': 'Silence', 'type.overlap_fala': 'Talk at the same time', 'type.monologo_prolongado': 'Monologue',
  'type.interrupcoes_frequentes': 'Interruptions', 'type.ritmo_acelerado': 'Fast pace', 'type.ritmo_pausado': 'Halting pace', 'type.monotonia_prosodica': 'Flat voice', 'type.ruido_de_fundo': 'Background noise',
  'type.tendencia_emocional_negativa': 'Negative trend', 'type.engajamento_baixo': 'Low engagement', 'type.frustracao_crescente': 'Frustration', 'type.entusiasmo_alto': 'Enthusiasm',
  'type.energia_grupo_baixa': 'Energy of the group', 'type.polarizacao_emocional': 'Polarization', 'type.efeito_pos_interrupcao': 'After an interruption',
  'unit.syllables': 'syllables/s', 'unit.semitones': 'semitones', 'unit.pace': 'syllables per second', 'unit.melody': 'semitones', 'unit.loudness': 'dBFS',

  'report.title': 'Report', 'report.of': 'Report of {room}', 'report.save': 'Save', 'report.print': 'Print', 'report.live': 'Watch live', 'report.running': 'The meeting goes on; this is up to {at}.',
  'report.incomplete': 'Not everything was heard: {heard} analysed.', 'report.newer': 'There is more, up to {at}.', 'report.show': 'Show', 'report.moments': 'Moments worth hearing', 'report.timeline': 'Timeline',
  'report.talk': 'How people talked', 'report.matrix': 'Who came into whose speech', 'report.attendance': 'Who was there', 'report.over': 'Over time', 'report.events': 'What the host was told', 'report.events.none': 'Nothing was told.',
  'report.none': 'Too little speech to measure.', 'report.foot': 'All of this is measured on the sound that reached the server. Nobody is scored.',
  'report.joined': 'Joined', 'report.left': 'Left', 'report.stays': 'still there', 'report.present': 'Present', 'report.reconnects': 'Reconnects', 'report.when': 'When', 'report.share': 'Share of talk',
  'report.presence': 'Of time present', 'report.length': 'Talked', 'report.turns': 'Turns', 'report.longest': 'Longest turn', 'report.gaps': 'Response (s)', 'report.pace': 'Pace', 'report.melody': 'Melody', 'report.loudness': 'Loudness',
  'figure.people': 'People', 'figure.speech': 'With speech', 'figure.turns': 'Turns', 'figure.floor': 'Took the floor / spoke along', 'figure.floor.more': 'speaking along takes nothing from anybody', 'figure.overlap': 'At the same time',
  'figure.silence': 'Silence', 'figure.silence.more': ['{n} long pause, of {longest}', '{n} long pauses, the longest of {longest}'],
  'moments.none': 'No moments yet.', 'moment.exchange': 'The liveliest exchange: {who}, {n} changes of voice', 'moment.turn': 'The longest turn: {who}, {length}', 'moment.silence': 'The longest silence, {length}',
  'marks.person': '{who} presented: read the shares with that in mind.', 'marks.interview': 'It was an interview.', 'marks.class': 'It was a class.',
  'matrix.none': 'Nobody came into anybody’s speech.', 'matrix.read': 'Row: who came in. Column: who was speaking. In bold, took the floor; behind the slash, spoke along.', 'matrix.corner': 'came in ↓ while spoke →',
  'matrix.cell': '{by} into {of}’s speech: took the floor {took} ×, spoke along {along} ×', 'matrix.plays': 'Part {n} of {all}, at {at}',
  'table.show': 'As a table', 'hear.at': 'Hear the ten seconds up to {at}', 'hear.span': 'Hear {length}',
  'player.title': 'Sound of the meeting', 'player.hear': 'Press to hear {at}', 'player.pause': 'Pause', 'player.back': 'Ten seconds back (J)', 'player.on': 'Ten seconds on (L)', 'player.place': 'Place in the meeting',
  'player.rate': 'Speed', 'player.tracks': 'Whose voice', 'player.all': 'Everybody', 'player.skip': 'Skip silences', 'player.failed': 'There is no sound of this part: not recorded, erased, or the server does not answer.', 'player.until': 'Recorded up to {at}.',
  'csv.excel': 'for spreadsheets', 'csv.plain': 'for programs', 'csv.json': 'everything, as the server has it',
  'csv.name': 'Name', 'csv.id': 'Identity', 'csv.joined': 'Joined', 'csv.left': 'Left', 'csv.present': 'Present (s)', 'csv.reconnects': 'Reconnects', 'csv.talk': 'Talk (s)', 'csv.share': 'Share of talk', 'csv.presence': 'Talk of time present',
  'csv.turns': 'Turns', 'csv.longest': 'Longest turn (s)', 'csv.took': 'Took the floor', 'csv.along': 'Spoke along', 'csv.overlap': 'Overlap (s)', 'csv.gaps': 'Median response (s)', 'csv.pace': 'Syllables/s', 'csv.melody': 'Semitones', 'csv.loudness': 'dBFS',
};
