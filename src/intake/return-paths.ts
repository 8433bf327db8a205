/**
 * Envelope senders that lead back to us: those of mail whose bounces are to be known (VERP), and those of mail that is passed on
 * for its owner (SRS). Both are signed, so that nobody else can make one.
 */
import type { Directory } from '../directory/api.ts';
import { parseMailbox } from '../mail/path.ts';
import { isSrs, srsForward, srsKept, srsKeptToken, srsReverse } from '../mail/srs.ts';
import { isVerp, readVerp, verpAddress } from '../mail/verp.ts';
import type { AccountId } from '../mailstore/api.ts';
import type { SubmissionId } from '../mailstore/submission.ts';
import type { Clock } from '../ports/clock.ts';

export type ReturnPath =
  | { readonly kind: 'bounce'; readonly account: AccountId; readonly submission: SubmissionId; readonly part: number }
  /** `to`: who sent the mail that was passed on. `account`: who sees to that his reports reach him. */
  | { readonly kind: 'forward'; readonly account: AccountId; readonly to: string };

/** Senders that fit into no address of ours, each under a token: base32, lower case, at most 40 digits. */
export interface KeptSenders {
  /** Durable when resolved. */
  keep(sender: string): Promise<string>;
  find(token: string): Promise<string | undefined>;
}

export interface ReturnPathParts {
  readonly directory: Pick<Directory, 'route'>;
  readonly clock: Clock;
  readonly kept: KeptSenders;
  /** Stays the same over restarts. */
  readonly secret: Uint8Array;
}

export class ReturnPaths {
  readonly #parts: ReturnPathParts;

  constructor(parts: ReturnPathParts) {
    this.#parts = parts;
  }

  /** In place of `sender`, which stays as it is where that cannot be. `at`: the same for each attempt of a mail, so that servers that
   * ask unknown senders to come again know it then. */
  bounceAddress(sender: string, account: AccountId, submission: SubmissionId, part: number, at: number): string {
    const domain = parseMailbox(sender)?.domain;
    if (domain === undefined || !/^[0-9a-f]{24}$/.test(account)) return sender;
    return verpAddress({ account, id: submission, part }, domain, this.#parts.secret, at);
  }

  /** For a mail of `sender` that `owner` passes on: at the owner's domain, so that SPF holds; the owner's own address where nobody could
   * take reports back. */
  async forwardAddress(sender: string, owner: string): Promise<string> {
    const domain = parseMailbox(owner)?.domain;
    if (sender === '' || domain === undefined) return sender;
    // Somebody must carry what comes back.
    if ((await this.#carrier(domain)) === undefined) return owner;
    const { secret, clock, kept } = this.#parts;
    const rewritten = srsForward(sender, domain, secret, clock.now());
    if (rewritten !== undefined) return rewritten;
    // Each mail of a list has a sender of its own, as long as an address may be.
    return parseMailbox(sender) === undefined ? owner : srsKept(await kept.keep(sender), domain, secret, clock.now());
  }

  /** Undefined when it is none of ours, or one from too long ago. */
  async read(address: string): Promise<ReturnPath | undefined> {
    const { secret, clock } = this.#parts;
    const mailbox = parseMailbox(address);
    if (mailbox === undefined) return undefined;
    if (isVerp(mailbox.local)) {
      const facts = readVerp(mailbox.address, secret, clock.now());
      if (facts === undefined) return undefined;
      const { account, id, part } = facts;
      return { kind: 'bounce', account: account as AccountId, submission: id as SubmissionId, part };
    }
    if (!isSrs(mailbox.local)) return undefined;
    const token = srsKeptToken(mailbox.address, secret, clock.now());
    const to =
      token === undefined ? srsReverse(mailbox.address, secret, clock.now()) : await this.#parts.kept.find(token);
    const account = to === undefined ? undefined : await this.#carrier(mailbox.domain);
    return to === undefined || account === undefined ? undefined : { kind: 'forward', account, to };
  }

  /** The postmaster of a domain answers for its reports (RFC 5321 §4.5.1). */
  async #carrier(domain: string): Promise<AccountId | undefined> {
    const route = await this.#parts.directory.route(`postmaster@${domain}`);
    return route.kind === 'account' ? route.account : undefined;
  }
}
