// Tracks that begin to speak at the same moment wait for their turn to connect, and lose nothing by it.
import { test } from 'node:test';
import { crowd } from './crowd.mjs';
import { undisturbed } from './undisturbed.mjs';

for (const generation of ['v0', 'v1'])
  test(`${generation}: 20 tracks at once`, (t) =>
    undisturbed(t, (t) => crowd(t, generation, { tracks: 20, own: 1, within: 10000 })));
