// How long webhooks take, beside requests for /health, which show what the machine itself takes.
import assert from 'node:assert/strict';

// Publishes `count` tracks; the names of their participants begin with `prefix`. Times in ms.
export async function timeWebhooks({ livekit, server }, room, count, prefix) {
  const webhooks = [], others = [];
  for (let i = 0; i < count; i++) {
    const person = livekit.participant(room, `${prefix}-${i}`);
    const answer = await livekit.publish(room, person, livekit.track(person));
    assert.equal(answer.status, 204);
    webhooks.push(answer.ms);
    const began = performance.now();
    await server.get('/health');
    others.push(performance.now() - began);
  }
  return { webhooks, others };
}
