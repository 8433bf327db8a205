/** What is handed out for watching the service names only what the service has. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');

/** Names of metrics as they are made in the code, without prefix. */
function known(): Set<string> {
  const names = new Set<string>();
  for (const name of readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }))
    if (name.endsWith('.ts') && !name.endsWith('.test.ts'))
      for (const [, found] of read(join('src', name)).matchAll(
        /\.(?:counter|gauge|histogram|watched)\(\s*'([a-z_]+)'/g,
      ))
        if (found !== undefined) names.add(found);
  return names;
}

/** Of `collectDefaultMetrics` and of Prometheus itself. */
const OTHERS =
  /^(process_resident_memory_bytes|process_cpu_seconds_total|nodejs_heap_size_used_bytes|nodejs_eventloop_lag_p99_seconds)$/;

test.each(['deploy/alerts.yaml', 'deploy/dashboard.json'])('%s names metrics that are there', (file) => {
  const names = known();
  expect(names.size).toBeGreaterThan(30);
  const used = [...read(file).matchAll(/pabal_([a-z_0-9]+)/g)].map(([, name = '']) => name.replace(/_bucket$/, ''));
  expect(used.length).toBeGreaterThan(10);
  expect(used.filter((name) => !names.has(name) && !OTHERS.test(name))).toEqual([]);
});

test('each alert is explained', () => {
  const alerts = [...read('deploy/alerts.yaml').matchAll(/- alert: (\w+)/g)].map(([, name = '']) => name);
  expect(alerts.length).toBeGreaterThan(10);
  const explained = read('docs/monitoring.md');
  expect(alerts.filter((name) => !explained.includes(name))).toEqual([]);
});
