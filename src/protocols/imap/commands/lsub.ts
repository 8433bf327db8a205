import { command, SIGNED_IN } from '../command.ts';
import { ListPattern } from '../wire/list-pattern.ts';
import { listArguments, listLine } from './list.ts';

/** LSUB (RFC 3501 §6.3.9): subscribed names, existing or not; with `%` also the levels above them. */
export const lsub = command<string | undefined>({
  name: 'LSUB',
  states: SIGNED_IN,
  parse: listArguments,
  async run(pattern, session) {
    const { account, out } = session;
    if (pattern === undefined || pattern === '') return 'LSUB completed';
    await account.refresh();
    const wanted = new ListPattern(pattern);
    const subscribed = new Set(account.subscriptions());
    const above = new Set<string>();
    out.begin();
    for (const path of subscribed) {
      if (out.mustPause()) await out.pause();
      if (wanted.matches(path)) listLine(session, 'LSUB', [], path);
      else if (pattern.includes('%')) {
        for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
          const parent = path.slice(0, at);
          if (!subscribed.has(parent)) above.add(parent);
        }
      }
    }
    for (const path of above) if (wanted.matches(path)) listLine(session, 'LSUB', ['Noselect'], path);
    return 'LSUB completed';
  },
});
