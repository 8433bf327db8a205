/** Operations leave an entry in the audit trail before they are done, unless all they do is to tell how the service fares. */
import { aboutOf } from '../directory/audit.ts';
import type { AnyOperation } from './server.ts';
import type { OperationIo } from './operation.ts';
import type { Service } from './service.ts';

/** They show nobody's mail, and change nothing or tend the store: what looks for damage, or makes room, must not write first. */
export const OBSERVING: ReadonlySet<string> = new Set([
  'account.list',
  'account.roles',
  'account.show',
  'audit.list',
  'audit.verify',
  'deliverability',
  'domain.list',
  'domain.show',
  'downmail.list',
  'downmail.show',
  // Each message of a list of which there is an entry.
  'export.message',
  'import.message',
  'domain.catch-all',
  'hold.list',
  'intake.stages',
  'module.dead',
  'module.list',
  'oauth.clients',
  'quarantine.list',
  'queue.counts',
  'queue.list',
  'queue.show',
  'reject.list',
  'reports.list',
  'reports.waiting',
  'status',
  'suppression.list',
  'sweep',
  'tls.status',
  'verify',
]);

export async function runAudited(
  service: Service,
  operation: AnyOperation,
  args: unknown,
  // oxlint-disable-next-line typescript/no-explicit-any -- as the operations are kept
  io: OperationIo<any>,
): Promise<unknown> {
  if (OBSERVING.has(operation.name) && !changes(args)) return await operation.run(service, args, io);
  const event = { by: 'operator', what: operation.name, about: aboutOf(args) };
  await service.audit.add({ ...event, outcome: 'asked' });
  try {
    return await operation.run(service, args, io);
  } catch (error) {
    await service.audit.add({ ...event, outcome: 'failed' });
    throw error;
  }
}

/** `verify` only looks, unless it is told to put right what it finds. */
function changes(args: unknown): boolean {
  return (args as { repair?: unknown }).repair === true;
}
