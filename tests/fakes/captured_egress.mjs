// What a real LiveKit Egress sent for a mono microphone, message by message: tests/fixtures/egress.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

const fixture = (name) => new URL(`../fixtures/egress/${name}`, import.meta.url).pathname;

// Sends all of it with its own timing, or so many times faster. Returns the sound.
export async function playCapture(socket, { faster = 1 } = {}) {
  const pcm = execFileSync('ffmpeg', ['-v', 'error', '-i', fixture('mono.flac'), '-f', 's16le', '-'], { maxBuffer: 1 << 24 });
  const lines = (await readFile(fixture('mono.jsonl'), 'utf8')).trim().split('\n').map((line) => JSON.parse(line));
  const first = lines.find(([, what]) => typeof what === 'number')[0];
  const began = Date.now();
  let at = 0;
  for (const [ms, what] of lines) {
    const due = began + (ms - first) / faster;
    if (due > Date.now() + 5 / faster) await delay(due - Date.now());
    if (typeof what === 'number') socket.send(pcm.subarray(at, (at += what)));
    else if (what.text) socket.send(what.text);
  }
  assert.equal(at, pcm.length);
  return { pcm };
}
