import { EventEmitter } from 'node:events';
import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { createLog } from './log.ts';
import { Metrics } from './metrics.ts';
import { watchStray } from './stray.ts';

test('a promise that fails while nobody waits is told and counted, until nobody listens any more', async () => {
  const lines: string[] = [];
  const destination = new Writable({ write: (line, _, done) => (lines.push(String(line)), done()) });
  const metrics = new Metrics();
  const from = new EventEmitter();
  {
    using _watching = watchStray(createLog({ level: 'info', destination }), metrics, from);
    from.emit('unhandledRejection', new Error('nobody waits'));
  }
  expect(from.listenerCount('unhandledRejection')).toBe(0);
  expect(lines.join('')).toContain('nobody waits');
  expect(await metrics.exposition()).toContain('pabal_stray_failures_total 1\n');
});
