// Ten thousand clients leave something unfinished, each kind for a minute.
import { test } from 'node:test';
import { besiege } from './siege.mjs';

test('hoarders', (t) => besiege(t, ['sessions that nobody polls', 'bodies less one byte', 'messages less their last fragment',
  'rooms with long names', 'half logins']));
