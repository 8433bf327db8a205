import { command, SIGNED_IN, whenSignedIn } from '../command.ts';
import { type NotifyRequest, notifyRequest } from '../wire/notify.ts';

/** NOTIFY (RFC 5465): what is told without being asked for, also of mailboxes that are not selected. */
export const notify = command<NotifyRequest>({
  name: 'NOTIFY',
  states: SIGNED_IN,
  capabilities: whenSignedIn('NOTIFY'),
  parse: notifyRequest,
  async run(request, session) {
    // An implicit NOOP (§3.1).
    await session.refresh();
    await session.notify(request);
    return 'NOTIFY completed';
  },
});
