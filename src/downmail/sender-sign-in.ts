/** Signing in to one's sender mailbox with a mail program: the user is `/senderID/`, as it stands before the recipients in notifications, and the password one's own. */
import type { Directory } from '../directory/api.ts';
import type { SenderIds } from './ids.ts';

export interface SenderSignInParts {
  readonly senderIds: Pick<SenderIds, 'owner'>;
  readonly directory: Pick<Directory, 'authenticate' | 'account' | 'scram'>;
}

const NAME = /^\/([a-z0-9]{1,64})\/?$/;
/** No account is called so: whoever tries an id that nobody has waits as long, and counts as much, as with a wrong password. */
const NOBODY = 'nobody@sender-mailbox.invalid';

export class SenderSignIn {
  readonly #parts: SenderSignInParts;

  constructor(parts: SenderSignInParts) {
    this.#parts = parts;
  }

  static isName(name: string): boolean {
    return NAME.test(name);
  }

  /** Throws what the directory throws. */
  async authenticate(
    name: string,
    password: string,
    from: Parameters<Directory['authenticate']>[2],
  ): ReturnType<Directory['authenticate']> {
    return await this.#parts.directory.authenticate((await this.#address(name)) ?? NOBODY, password, from);
  }

  async scram(name: string, from: Parameters<Directory['scram']>[1]): ReturnType<Directory['scram']> {
    // A salt for each id that nobody has, too.
    const nobody = name.replaceAll('/', '') + NOBODY;
    return await this.#parts.directory.scram((await this.#address(name)) ?? nobody, from);
  }

  async #address(name: string): Promise<string | undefined> {
    const { senderIds, directory } = this.#parts;
    const owner = await senderIds.owner(NAME.exec(name)?.[1] ?? '');
    return (owner && (await directory.account(owner)))?.address;
  }
}
