/** What all sessions of a server share. */
import { CommandMetrics } from '../../telemetry/command-metrics.ts';
import { KeepAlive } from './keep-alive.ts';
import { COMMAND_NAMES } from './registry.ts';
import type { ImapServices } from './server.ts';

export interface SharedBySessions {
  readonly keepAlive: KeepAlive;
  readonly commands: CommandMetrics;
}

const made = new WeakMap<ImapServices, SharedBySessions>();

/** Made with the first session on these services. */
export function sharedBy(services: ImapServices): SharedBySessions {
  let shared = made.get(services);
  if (shared === undefined) {
    shared = {
      keepAlive: new KeepAlive(services.clock),
      // How long IDLE takes is the client's business.
      commands: new CommandMetrics(services.metrics, 'imap', COMMAND_NAMES, ['IDLE']),
    };
    made.set(services, shared);
  }
  return shared;
}
