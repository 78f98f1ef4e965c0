import { test } from 'node:test';
import { fillDisk, mayMount } from './full_disk.mjs';

test('a full disk', { skip: !mayMount && 'nobody may mount a small file system here' }, (t) => fillDisk(t, { forMs: 0 }));
