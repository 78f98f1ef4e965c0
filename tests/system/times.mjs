// Times that tests compare: of requests, and how late the ticks of the shards begin.
const sorted = (values) => [...values].sort((a, b) => a - b);

export const median = (values) => sorted(values)[values.length >> 1];
export const p99 = (values) => sorted(values)[Math.floor(values.length * 0.99)];

// The buckets of the lateness histogram: [[seconds, count], ...]
export async function lateness(server) {
  const { body } = await server.get('/metrics');
  return [...body.matchAll(/^prosa_tick_lateness_seconds_bucket\{le="([^"]+)"\} (\d+)/gm)]
    .map(([, bound, count]) => [bound === '+Inf' ? Infinity : Number(bound), Number(count)]);
}

// The bound in ms below which 99 % of the ticks between two readings began.
export function latenessP99(before, after) {
  const counts = after.map(([bound, count], i) => [bound, count - before[i][1]]);
  return 1000 * counts.find(([, count]) => count >= 0.99 * counts.at(-1)[1])[0];
}
