import { command, SIGNED_IN } from '../command.ts';
import { ListPattern } from '../wire/list-pattern.ts';
import { above, listLine, pattern } from './list.ts';

/** LSUB (RFC 3501 §6.3.9): subscribed names, existing or not; with `%` also the levels above them. */
export const lsub = command<string | undefined>({
  name: 'LSUB',
  states: SIGNED_IN,
  parse(d) {
    const reference = d.sp().reference();
    const name = d.sp().listMailbox();
    d.end();
    return name === '' ? undefined : pattern(reference, name);
  },
  async run(asked, session) {
    const { account, out } = session;
    if (asked === undefined) return 'LSUB completed';
    await account.refresh();
    const wanted = new ListPattern(asked.normalize('NFC'));
    const subscribed = new Set(account.subscriptions());
    const parents = new Set<string>();
    out.begin();
    for (const path of subscribed) {
      if (out.mustPause()) await out.pause();
      if (wanted.matches(path)) listLine(session, 'LSUB', [], path);
      else if (asked.includes('%')) for (const parent of above(path)) if (!subscribed.has(parent)) parents.add(parent);
    }
    for (const path of parents) if (wanted.matches(path)) listLine(session, 'LSUB', ['Noselect'], path);
    return 'LSUB completed';
  },
});
