/** mailboxid (RFC 9042): a mailbox keeps its id when it is renamed. */
import type { Extension } from '../language.ts';

export const mailboxid: Extension = {
  name: 'mailboxid',
  tests: [
    {
      name: 'mailboxidexists',
      positional: [{ name: 'ids', kind: 'strings' }],
      evaluate: (call, machine) => machine.strings(call, 'ids').every((id) => machine.host.mailboxIdExists(id)),
    },
  ],
  tags: [
    {
      on: ['fileinto'],
      tag: { name: 'mailboxid', value: 'string' },
      check(call, checker) {
        if (call.has(':specialuse')) checker.problem(call, ':mailboxid and :specialuse exclude each other');
      },
    },
  ],
};
