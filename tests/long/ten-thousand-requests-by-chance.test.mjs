// What a property test over docs/openapi.yaml finds in ten thousand requests: no fault of the server, no answer that is not described.
import { test } from 'node:test';
import { askByChance } from '../system/arbitrary.mjs';

test('ten thousand requests by chance', (t) => askByChance(t, { count: 10000 }));
