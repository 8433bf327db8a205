/** special-use (RFC 8579): mailboxes by what they are for. */
import type { Extension } from '../language.ts';

export const specialUse: Extension = {
  name: 'special-use',
  tests: [
    {
      name: 'specialuse_exists',
      positional: [
        { name: 'mailbox', kind: 'string', optional: true },
        { name: 'special uses', kind: 'strings' },
      ],
      evaluate(call, machine) {
        const mailbox = call.has('mailbox') ? machine.string(call, 'mailbox') : undefined;
        return machine.strings(call, 'special uses').every((use) => machine.host.specialUseExists(use, mailbox));
      },
    },
  ],
  tags: [{ on: ['fileinto'], tag: { name: 'specialuse', value: 'string' } }],
};
