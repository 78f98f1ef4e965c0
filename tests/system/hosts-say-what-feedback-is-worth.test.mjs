// Verdicts on feedback: told, wrong, not again until, who presents; with undo, and counted by type.
import assert from 'node:assert/strict';
import test from 'node:test';
import { startServer } from './harness.mjs';
import { livekit, livekitToken, startRoom, webhook } from './meeting.mjs';

const by = (token) => ({ headers: { authorization: `Bearer ${token}` } });

test('a verdict is kept, listed, undone and counted', async (t) => {
  const env = { ...livekit, FEEDBACK_ACCESS: 'host' };
  const server = await startServer(t, { env });
  const path = '/feedback/RM_v/verdicts';
  await startRoom(server, 'RM_v', 'daily');
  await webhook(server, 'participant_joined', { room: { sid: 'RM_v', name: 'daily' },
    participant: { sid: 'PA_1', identity: 'bob', state: 'ACTIVE' } });
  const host = by(livekitToken());
  const say = (body, options = host) => server.post(path, body, options);

  const until = Date.now() + 600000;
  const said = [
    { verdict: 'told', type: 'volume_baixo', participantId: 'bob', feedbackId: 'f-1' },
    { verdict: 'wrong', type: 'volume_baixo', participantId: 'bob' },
    { verdict: 'quiet', type: 'overlap_fala', until },
    { verdict: 'quiet', type: 'ritmo_acelerado', participantId: '*' },
    { verdict: 'mark', type: 'presents', participantId: 'bob' },
  ];
  const ids = [];
  for (const one of said) {
    const { status, body } = await say(one);
    assert.equal(status, 201);
    assert.ok(body.id && Math.abs(body.ts - Date.now()) < 60000);
    for (const [name, value] of Object.entries(one)) assert.equal(body[name], value);
    assert.equal(body.by, 'ana');
    ids.push(body.id);
  }
  const { body: list } = await server.get('/feedback/daily/verdicts', host);
  assert.deepEqual(list.items.map((item) => item.id).sort(), [...ids].sort());
  assert.deepEqual([list.items[0].until, list.items[2].participantId, list.items[2].until], [null, null, until]);

  await t.test('what makes no sense, and who has no right', async () => {
    for (const bad of [{}, { verdict: 'told' }, { verdict: 'maybe', type: 'volume_baixo' }, { verdict: 'told', type: 'presents' },
      { verdict: 'mark', type: 'volume_baixo' }, { verdict: 'told', type: 'volume_baixo', participantId: 'x'.repeat(300) },
      { verdict: 'quiet', type: 'volume_baixo', until: 'soon' }, { verdict: 'quiet', type: 'volume_baixo', until: -1 }])
      assert.equal((await say(bad)).status, 400, JSON.stringify(bad));
    assert.equal((await say('[1]')).status, 400);
    assert.equal((await say('{')).status, 400);
    assert.equal((await say(said[0], {})).status, 401);
    assert.equal((await say(said[0], by(livekitToken({ room: 'other' })))).status, 403);
  });

  await t.test('marks are in the report, and what is undone is gone', async () => {
    const { body: report } = await server.get('/meetings/RM_v/report', host);
    assert.deepEqual(report.marks, [{ type: 'presents', participantId: 'bob' }]);
    const undo = async (id, options = host) => (await server.get(`${path}/${id}`, { method: 'DELETE', ...options })).status;
    assert.equal(await undo(ids[4], {}), 401);
    assert.equal(await undo(ids[4]), 204);
    assert.equal(await undo(ids[4]), 404);
    assert.deepEqual((await server.get('/meetings/RM_v/report', host)).body.marks, []);
    assert.equal((await server.get(path, host)).body.items.length, 4);
  });

  await t.test('counted by type, and kept over a restart', async () => {
    assert.equal(await server.metric('prosa_feedback_wrong_total', { type: 'volume_baixo' }), 1);
    assert.equal(await server.metric('prosa_feedback_quiet_total'), 2);
    await server.stop();
    const next = await startServer(t, { env: { ...env, FEEDBACK_ACCESS: 'open' }, folder: server.folder });
    assert.equal((await next.get(path)).body.items.length, 4);
  });
});
