import { test } from 'node:test';
import { fillDisk, mayMount } from '../system/full_disk.mjs';

test('a disk that is full for half a minute', { skip: !mayMount && 'nobody may mount a small file system here' },
  (t) => fillDisk(t, { forMs: 30000 }));
