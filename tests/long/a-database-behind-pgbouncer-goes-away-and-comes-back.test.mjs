// PgBouncer waits up to a quarter of a minute before it tries its server again.
import { test } from 'node:test';
import { outage } from '../system/outage.mjs';

test('PostgreSQL behind PgBouncer is killed under load', (t) => outage(t, { away: 'kill', back: 'again', hasPooler: true }));
test('PostgreSQL behind PgBouncer is stopped under load', (t) => outage(t, { away: 'pause', back: 'resume', hasPooler: true }));
