/** Whether a mail may be addressed to somebody: asked at RCPT, and by whoever sends for a user. */
import type { Directory } from '../directory/api.ts';
import { MailError } from '../mail/error.ts';
import type { MailStore } from '../mailstore/api.ts';
import type { LocalRecipient } from './arrival.ts';
import type { ReturnPaths } from './return-paths.ts';

/** Takes mail for people elsewhere, whose own server hands it over. Throws `remote-recipient`, and what it refuses with. */
export interface Elsewhere {
  arriving(address: string): Promise<LocalRecipient['account']>;
  /** Is it an account of no person, to which no mail goes? */
  owns(address: string): boolean;
}

export class Recipients {
  readonly #directory: Pick<Directory, 'route'>;
  readonly #store: Pick<MailStore, 'roomFor'>;
  readonly #returnPaths: Pick<ReturnPaths, 'read'> | undefined;
  readonly #elsewhere: Elsewhere | undefined;

  constructor(
    directory: Pick<Directory, 'route'>,
    store: Pick<MailStore, 'roomFor'>,
    returnPaths?: Pick<ReturnPaths, 'read'>,
    elsewhere?: Elsewhere,
  ) {
    this.#directory = directory;
    this.#store = store;
    this.#returnPaths = returnPaths;
    this.#elsewhere = elsewhere;
  }

  /** Of a mail that another server brings: also the return paths of mail from here. Throws as `resolve`; `not-allowed` when it is no
   * report and would be passed on in the name of somebody who forwards. */
  async arriving(address: string, size: number, sender: string): Promise<LocalRecipient> {
    const path = await this.#returnPaths?.read(address);
    if (path === undefined) {
      const elsewhere = this.#elsewhere;
      if (elsewhere === undefined || (await this.#directory.route(address)).kind !== 'remote')
        return this.resolve(address, size);
      return { account: await elsewhere.arriving(address), address, apart: true };
    }
    if (path.kind === 'forward' && sender !== '')
      throw new MailError('not-allowed', 'user', `${address} takes reports only`);
    return { account: path.account, address, apart: true };
  }

  /**
   * `address` may be a bare `postmaster`; `size` is what is known of the mail's size, in bytes. Throws `address-syntax`, `unknown-recipient`, `account-suspended`,
   * `remote-recipient` (it may exist, but not with us), `over-quota`.
   */
  async resolve(address: string, size: number): Promise<LocalRecipient> {
    if (this.#elsewhere?.owns(address)) throw new MailError('unknown-recipient', 'user', `nobody is ${address}`);
    const route = await this.#directory.route(address);
    switch (route.kind) {
      case 'unknown':
        throw new MailError('unknown-recipient', 'user', `nobody here is ${address}`);
      case 'suspended':
        throw new MailError('account-suspended', 'user', `${address} is suspended`);
      case 'remote':
        throw new MailError('remote-recipient', 'user', `${route.domain} is none of our domains`);
      case 'account':
        if (!(await this.#store.roomFor(route.account, size)))
          throw new MailError('over-quota', 'temporary', `the mailbox of ${address} is full`);
        return { account: route.account, address: address.includes('@') ? address : route.address };
    }
  }
}
