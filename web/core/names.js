// Names come from anybody: controls that turn text around or hide it are taken out, and what is too long is cut.
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\ufeff]/g;
const OPENS = /[\u2066-\u2068]/, CLOSES = '\u2069', LONGEST = 80;

/** @param {unknown} raw */
export function cleanName(raw) {
  const text = String(raw ?? '').replace(CONTROLS, '').trim();
  const letters = Array.from(text);
  const cut = letters.length > LONGEST ? [...letters.slice(0, LONGEST - 1), '…'] : letters;
  // Isolates that are not closed would take in what follows; those that close nothing would end an isolate around the name.
  let open = 0, out = '';
  for (const letter of cut) {
    if (letter === CLOSES && open === 0) continue;
    open += OPENS.test(letter) ? 1 : letter === CLOSES ? -1 : 0;
    out += letter;
  }
  return out + CLOSES.repeat(open);
}

/** The name that is shown: else the identity, never nothing. @param {{ name?: string | null, participantId?: string | null }} person */
export function nameOf(person) {
  return cleanName(person.name) || cleanName(person.participantId) || '–';
}

/** For texts without elements (titles, notifications, spoken lines): the name within an isolate of its own. @param {string} name */
export const isolated = (name) => `\u2068${name}\u2069`;
