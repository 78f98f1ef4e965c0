// Reads canonical WAV files: { channels, rate, frames, sample(frame, channel) }.
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

export async function readWav(path) {
  const bytes = await readFile(path);
  const size = bytes.readUInt32LE(40);
  const channels = bytes.readUInt16LE(22);
  const data = bytes.subarray(44, 44 + size);
  return {
    channels,
    rate: bytes.readUInt32LE(24),
    frames: size / channels / 2,
    sample: (frame, channel = 0) => data.readInt16LE((frame * channels + channel) * 2),
  };
}

export async function recordings(server, meetingId) {
  const folder = join(server.folder, 'storage/egress/audio', meetingId);
  const names = (await readdir(folder)).filter((name) => name.endsWith('.wav')).sort();
  return Promise.all(names.map((name) => readWav(join(folder, name))));
}

// The frequency of a tone, by its upward zero crossings.
export function pitch(wav, from = 0, to = wav.frames) {
  let crossings = 0;
  for (let i = from + 1; i < to; i++) if (wav.sample(i - 1) < 0 && wav.sample(i) >= 0) crossings++;
  return (crossings * wav.rate) / (to - from);
}
