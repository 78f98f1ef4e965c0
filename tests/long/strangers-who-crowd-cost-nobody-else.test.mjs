// Strangers take every place and all attention that they can get, each in its way for a minute.
import { test } from 'node:test';
import { besiege } from './siege.mjs';

test('crowds', (t) => besiege(t, ['handshakes over one connection', 'idle WebSockets', 'idle connections',
  'packets with deep placeholders', 'strangers who talk to themselves', 'refused webhooks']));
