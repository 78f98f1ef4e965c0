// A short run of requests by chance over all of docs/openapi.yaml; tests/long has the long one. The seed is new each time, and is told.
import { test } from 'node:test';
import { askByChance } from './arbitrary.mjs';

test('six hundred requests by chance', (t) => askByChance(t, { count: 600 }));
