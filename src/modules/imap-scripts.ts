/** Runs the scripts that are bound to mailboxes on what mail programs do there (RFC 6785). */
import type { EventRun } from '../intake/sieve/event-run.ts';
import { eventsOf, hasEvents } from '../intake/sieve/events.ts';
import type { ExtensionModule } from './module.ts';

/** A thousand messages, each with a script, may be one operation. */
const DEADLINE_MS = 600_000;

export function imapScripts(runs: EventRun): ExtensionModule {
  return {
    name: 'imap-scripts',
    does: 'runs the scripts of mailboxes on what mail programs do there',
    events: ['message-added', 'message-moved', 'flags-changed'],
    scope: 'change',
    deadlineMs: DEADLINE_MS,
    wants: hasEvents,
    async handle(_events, { change: account, version }, signal) {
      if (account === undefined) return;
      for (const { id, value } of await eventsOf(account, version)) await runs.run(account, id, value, signal);
    },
  };
}
