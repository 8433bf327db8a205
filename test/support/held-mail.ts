/** A copy that somebody keeps for a recipient, and what the doors ask of it: for tests of the doors alone. */
import { createHash } from 'node:crypto';
import { type HeldMail, type Opened, PickUp } from '../../src/downmail/pick-up.ts';
import { MailError } from '../../src/mail/error.ts';
import type { AccountId, MailStore, Principal } from '../../src/mailstore/api.ts';
import { offerFor } from './scram-client.ts';

export const USER_ID = '/kdhong/tjkimcntcackr/2/';
export const PASSWORD = 'ab2cd3ef4gh5ij6kl7mnopqrst';

export interface HeldCopyOfTest {
  readonly pickUp: Pick<PickUp, 'open' | 'scram'>;
  /** What was marked, in order. */
  readonly log: string[];
  /** From now on it is answered so. */
  end(state: Opened & { kind: 'gone' }): void;
  open: number;
}

export async function heldMail(
  mailstore: MailStore,
  user: Principal & { readonly account: AccountId },
  raw: string,
  keep: HeldMail['keep'] = 'until-deleted',
): Promise<HeldCopyOfTest> {
  const bytes = Buffer.from(raw);
  const [staged] = await mailstore.stage([{ account: user.account }], bytes);
  if (staged === undefined) throw new Error('nothing was staged');
  let gone: (Opened & { kind: 'gone' }) | undefined;
  let fetched: number | undefined;
  const copy: HeldCopyOfTest = {
    log: [],
    open: 0,
    end: (state) => (gone = state),
    pickUp: {
      scram(userId, from) {
        const open = () => copy.pickUp.open(userId, PASSWORD, from);
        return offerFor(
          PASSWORD,
          async () => open,
          async () => async () => copy.pickUp.open(userId, '', from),
        );
      },
      async open(userId, password, { protocol, remote }) {
        const id = userId.endsWith('/') ? userId : `${userId}/`;
        if (remote === '203.0.113.9') throw new MailError('auth-throttled', 'user', 'too often');
        if (id !== USER_ID || password !== PASSWORD) throw new MailError('auth-failed', 'user', `no: ${protocol}`);
        if (gone !== undefined) return gone;
        const account = await mailstore.open(user, user.account);
        copy.open += 1;
        const mail: HeldMail = {
          userId: USER_ID,
          sender: 'kdhong@yahoo.com',
          recipient: 'tjkim@cntc.ac.kr',
          subject: 'A long letter',
          created: 0,
          size: bytes.length,
          digest: createHash('sha256').update(bytes).digest('hex'),
          expires: Date.UTC(2030, 0, 1),
          keep,
          confidential: false,
          atGateway: false,
          fetched,
          content: () => account.staged(staged),
          async markFetched(by) {
            const first = fetched === undefined;
            fetched ??= Date.UTC(2026, 0, 1);
            copy.log.push(`fetched by ${by}`);
            return { first, ended: false };
          },
          async delete() {
            copy.log.push('deleted');
            if (keep === 'until-expired') return 'kept';
            gone = { kind: 'gone', state: 'fetched', at: fetched };
            return 'deleted';
          },
          [Symbol.dispose]() {
            copy.open -= 1;
            account[Symbol.dispose]();
          },
        };
        return { kind: 'mail', mail };
      },
    },
  };
  return copy;
}
