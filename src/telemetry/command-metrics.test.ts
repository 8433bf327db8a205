import { expect, it } from 'vitest';
import { CommandMetrics } from './command-metrics.ts';
import { Metrics } from './metrics.ts';

it('counts commands by name, and what is none of them as one', async () => {
  const metrics = new Metrics();
  const commands = new CommandMetrics(metrics, 'imap', ['NOOP', 'IDLE'], ['IDLE']);
  commands.end('NOOP', commands.begin(), false);
  commands.end('NOOP', commands.begin(), true);
  commands.end('IDLE', commands.begin(), false);
  commands.end(undefined, commands.begin(), true);
  commands.end('NOOP\r\nx', commands.begin(), true);
  const text = await metrics.exposition();
  const count = (command: string, result: string) =>
    new RegExp(`^pabal_commands_total{protocol="imap",command="${command}",result="${result}"} (\\d+)$`, 'm').exec(
      text,
    )?.[1];
  expect(count('NOOP', 'done')).toBe('1');
  expect(count('NOOP', 'failed')).toBe('1');
  expect(count('IDLE', 'done')).toBe('1');
  expect(count('unknown', 'failed')).toBe('2');
  expect(text).toContain('pabal_command_seconds_count{protocol="imap",command="NOOP"} 2');
  expect(text).not.toContain('pabal_command_seconds_count{protocol="imap",command="IDLE"}');
});
