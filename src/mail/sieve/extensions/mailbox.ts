/** mailbox (RFC 5490 §3). */
import type { Extension } from '../language.ts';

export const mailbox: Extension = {
  name: 'mailbox',
  tests: [
    {
      name: 'mailboxexists',
      positional: [{ name: 'mailboxes', kind: 'strings' }],
      evaluate: (call, machine) => machine.strings(call, 'mailboxes').every((name) => machine.host.mailboxExists(name)),
    },
  ],
  tags: [{ on: ['fileinto'], tag: { name: 'create' } }],
};
