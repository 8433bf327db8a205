import type { FolderRole } from '../../../mailstore/api.ts';
import { command, SIGNED_IN, whenSignedIn } from '../command.ts';
import { mailboxId } from '../object-id.ts';
import { malformed } from '../wire/decoder.ts';
import { roleNamed } from '../special-use.ts';
import { Refusal } from '../reply.ts';

interface CreateArgs {
  readonly path: string;
  readonly role: FolderRole | undefined;
}

/** CREATE (RFC 3501 §6.3.3, USE: RFC 6154 §3, MAILBOXID: RFC 8474 §4.1). A separator at the end is dropped, missing parents are made. */
export const create = command<CreateArgs>({
  name: 'CREATE',
  states: SIGNED_IN,
  capabilities: whenSignedIn('CREATE-SPECIAL-USE', 'OBJECTID'),
  parse(d) {
    const path = d.sp().mailbox();
    const uses: string[] = [];
    if (d.take(' ')) {
      d.list(() => {
        if (d.word() !== 'USE') throw malformed('unknown CREATE parameter');
        d.sp().list(() => {
          d.expect('\\');
          uses.push(d.word());
        });
      });
    }
    d.end();
    const role = uses[0] === undefined ? undefined : roleNamed(uses[0]);
    if (uses.length > 1 || (uses.length === 1 && role === undefined)) {
      throw new Refusal('NO', '[USEATTR] A mailbox can have one special use, of those that LIST shows');
    }
    return { path: path.endsWith('/') ? path.slice(0, -1) : path, role };
  },
  async run({ path: wanted, role }, { places }) {
    const { account, path } = await places.accountFor(wanted);
    if (role !== undefined && account.folderWithRole(role) !== undefined) {
      throw new Refusal('NO', '[USEATTR] Another mailbox has that special use');
    }
    const folder = await account.createFolder(path, role === undefined ? {} : { role });
    return `[MAILBOXID (${mailboxId(account, folder)})] CREATE completed`;
  },
});
