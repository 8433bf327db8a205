import type { FolderRole } from '../../../mailstore/api.ts';
import { command, SIGNED_IN, whenSignedIn } from '../command.ts';
import { mailboxId } from '../object-id.ts';
import { malformed, type NamedMailbox, withoutSeparator } from '../wire/decoder.ts';
import { listOne } from './list.ts';
import { roleNamed } from '../special-use.ts';
import { Refusal } from '../reply.ts';

interface CreateArgs {
  readonly name: NamedMailbox;
  readonly role: FolderRole | undefined;
}

/** CREATE (RFC 3501 §6.3.3, OLDNAME: RFC 9051 §6.3.4, USE: RFC 6154 §3, MAILBOXID: RFC 8474 §4.1). A separator at the end is dropped, missing parents are made. */
export const create = command<CreateArgs>({
  name: 'CREATE',
  states: SIGNED_IN,
  capabilities: whenSignedIn('CREATE-SPECIAL-USE', 'OBJECTID'),
  parse(d) {
    const name = withoutSeparator(d.sp().namedMailbox());
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
    return { name, role };
  },
  async run({ name, role }, session) {
    const { account, path } = await session.places.accountFor(name.path);
    if (role !== undefined && account.folderWithRole(role) !== undefined) {
      throw new Refusal('NO', '[USEATTR] Another mailbox has that special use');
    }
    const folder = await account.createFolder(path, role === undefined ? {} : { role });
    if (session.rev2 && name.path !== name.given) listOne(session, { account, folder, path: name.path }, name);
    return `[MAILBOXID (${mailboxId(account, folder)})] CREATE completed`;
  },
});
