/** Quota (RFC 9208): one root, '', for the account as a whole; an account without a limit has none. */
import { command, SIGNED_IN, whenSignedIn } from '../command.ts';
import { Refusal } from '../reply.ts';
import type { Session } from '../session.ts';

/** `* QUOTA "" (STORAGE used limit)`, in units of 1,024 bytes (§5.1). */
function writeQuota(session: Session, used: number, limit: number): void {
  session.out.line(`* QUOTA "" (STORAGE ${Math.ceil(used / 1024)} ${Math.floor(limit / 1024)})`);
}

/** GETQUOTA (§4.1.1). */
export const getQuota = command<string>({
  name: 'GETQUOTA',
  states: SIGNED_IN,
  capabilities: whenSignedIn('QUOTA', 'QUOTA=RES-STORAGE'),
  parse(d) {
    const root = d.sp().astring().toString('latin1');
    d.end();
    return root;
  },
  async run(root, session) {
    await session.account.refresh();
    const { used, limit } = session.account.quota();
    if (root !== '' || limit === undefined) throw new Refusal('NO', '[NONEXISTENT] There is no such quota root');
    writeQuota(session, used, limit);
    return 'GETQUOTA completed';
  },
});

/** GETQUOTAROOT (§4.1.2). */
export const getQuotaRoot = command<string>({
  name: 'GETQUOTAROOT',
  states: SIGNED_IN,
  parse(d) {
    const path = d.sp().mailbox();
    d.end();
    return path;
  },
  async run(path, session) {
    const { account, folder, path: name } = await session.places.existing(path);
    // How full somebody else's account is, is his business.
    const { used, limit } = folder.rights === undefined ? account.quota() : { used: 0, limit: undefined };
    session.out
      .text('* QUOTAROOT ')
      .mailbox(name)
      .line(limit === undefined ? '' : ' ""');
    if (limit !== undefined) writeQuota(session, used, limit);
    return 'GETQUOTAROOT completed';
  },
});
