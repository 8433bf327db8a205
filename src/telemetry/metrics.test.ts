import { expect, test } from 'vitest';
import { Metrics } from './metrics.ts';

test('the same name answers the same metric, and the exposition shows it', async () => {
  const metrics = new Metrics();
  metrics.counter('things_total', 'Things.', ['kind']).inc({ kind: 'a' });
  metrics.counter('things_total', 'Things.', ['kind']).inc({ kind: 'a' });
  metrics.gauge('open', 'Open.').set(3);
  metrics.histogram('wait_seconds', 'Waited.').observe(0.002);
  const text = await metrics.exposition();
  expect(text).toContain('pabal_things_total{kind="a"} 2');
  expect(text).toContain('pabal_open 3');
  expect(text).toContain('pabal_wait_seconds_count 1');
});
