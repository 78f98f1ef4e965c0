// What was recorded, against what was said: a row for each recording.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decoded, follow, median, percentile, RATE, WINDOW } from './speech.mjs';

// The sidecars of a room's recordings, each with the path of its file.
export async function recordingsOf(server, room, kind = 'audio') {
  const root = join(server.folder, 'storage', 'egress', kind);
  const found = [];
  for (const folder of await readdir(root).catch(() => []))
    for (const file of await readdir(join(root, folder)))
      if (file.endsWith('.json')) {
        const about = JSON.parse(await readFile(join(root, folder, file), 'utf8'));
        if (about.room === room) found.push({ ...about, path: join(root, folder, about.file) });
      }
  return found;
}

// When the sample at `at` seconds of a recording was said, by what its sidecar says: ms by the wall clock.
function wallOf(about, at) {
  const before = about.pauses.filter(({ atFrame, to }) => to && atFrame / RATE <= at);
  return Date.parse(about.startedAt) + at * 1000 + before.reduce((ms, { from, to }) => ms + Date.parse(to) - Date.parse(from), 0);
}

const monoOf = ({ said, channels }) => (channels === 1 ? said : Int16Array.from({ length: said.length / 2 }, (_, i) => (said[2 * i] + said[2 * i + 1]) / 2));

// How far from their middle nine of ten lie, and the one that lies farthest: a client that has no turn for a while may leave
// something out, and in a moment that is half silent the same sound may be found twice.
function scatter(values) {
  const middle = median(values), distances = values.map((value) => Math.abs(value - middle));
  return { most: percentile(distances, 0.9), worst: Math.max(...distances) };
}

// Of a line and its recording: `lostMs` of what was said first are missing; `offsetMs` later than it was said it is, by the sidecar;
// `spreadMs`: how far the same two moments are apart in the recording but not in what was said, pauses left out.
export async function compare(line, about, { said = monoOf(line), channel } = {}) {
  const samples = await decoded(about.path, { channel });
  const bounds = about.pauses.map(({ atFrame }) => atFrame / RATE);
  const places = (await follow(samples, said)).filter(({ at }) => bounds.every((bound) => at >= bound || at + WINDOW <= bound));
  const offsets = places.map((place) => wallOf(about, place.at) - line.began - place.said * 1000);
  const lags = places.map((place) => (place.said - place.at) * 1000);
  const run = (at) => bounds.filter((bound) => bound <= at).length;
  const spreads = [...Array(bounds.length + 1).keys()].map((i) => lags.filter((_, k) => run(places[k].at) === i))
    .filter(({ length }) => length).map(scatter);
  return {
    seconds: samples.length / RATE,
    found: places.length,
    lostMs: lags[0],
    offsetMs: median(offsets),
    offsetSpreadMs: scatter(offsets).most,
    spreadMs: Math.max(...spreads.map(({ most }) => most)),
    worstMs: Math.max(...spreads.map(({ worst }) => worst)),
    lastSaid: places.at(-1)?.said,
    places,
  };
}
