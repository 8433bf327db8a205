/** fileinto (RFC 5228 §4.1), with the tags that other extensions give it. */
import type { Extension } from '../language.ts';
import { quoted } from '../machine.ts';

/** Characters of the path of a mailbox. */
const LONGEST = 1_000;

export const fileinto: Extension = {
  name: 'fileinto',
  commands: [
    {
      name: 'fileinto',
      positional: [{ name: 'mailbox', kind: 'string' }],
      check(call, checker) {
        const name = checker.constant(call.text('mailbox'));
        const wrong = name === undefined ? undefined : wrongMailbox(name);
        if (wrong !== undefined) checker.problem(call, wrong);
      },
      run(call, machine) {
        const mailbox = machine.string(call, 'mailbox');
        const wrong = wrongMailbox(mailbox);
        if (wrong !== undefined) machine.fail(wrong);
        if (!call.has(':copy')) machine.implicitKeep = false;
        const id = call.text(':mailboxid');
        const use = call.text(':specialuse');
        machine.act({
          type: 'fileinto',
          mailbox,
          flags: machine.flagsOf(call),
          create: call.has(':create'),
          mailboxId: id && machine.expand(id),
          specialUse: use && machine.expand(use),
          header: machine.header,
        });
      },
    },
  ],
};

function wrongMailbox(name: string): string | undefined {
  if (name === '' || name.length > LONGEST || /[\0-\x1f\x7f]/.test(name) || !name.isWellFormed())
    return `${quoted(name)} cannot be the name of a mailbox`;
  return undefined;
}
