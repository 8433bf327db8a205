/** Rights of others in a mailbox (RFC 4314). An identifier is an address of an account here; there are no groups and no negative rights. */
import type { AccountInfo } from '../../../directory/api.ts';
import { MailError } from '../../../mail/error.ts';
import { inOrder, may, RIGHTS, type RightsChange } from '../../../mailstore/rights.ts';
import { command, SIGNED_IN, whenSignedIn } from '../command.ts';
import type { Place } from '../places.ts';
import { Refusal } from '../reply.ts';
import type { Session } from '../session.ts';
import { type Decoder, malformed } from '../wire/decoder.ts';

/** Rights of RFC 2086, and what they are today (RFC 4314 §2.1.1). */
const OLD: ReadonlyMap<string, string> = new Map([
  ['c', 'kx'],
  ['d', 'et'],
]);

function rights(letters: string): string {
  let named = '';
  for (const letter of letters) {
    const today = OLD.get(letter) ?? letter;
    if (!RIGHTS.includes(letter) && today === letter) throw malformed('there is no such right');
    named += today;
  }
  return inOrder(named);
}

/** As they are told: clients of RFC 2086 look for their letters. */
function told(letters: string): string {
  const old = [...OLD].filter(([, today]) => today.split('').some((right) => letters.includes(right)));
  return letters + old.map(([letter]) => letter).join('');
}

interface Grantee {
  readonly path: string;
  readonly who: string;
}

function grantee(d: Decoder): Grantee {
  return { path: d.sp().mailbox(), who: d.sp().text() };
}

/** The mailbox, for who administers it; where it is not to be seen there is none. */
async function administered(session: Session, path: string): Promise<Place> {
  const place = await session.places.existing(path);
  if (!may(place.folder, 'a')) throw new MailError('not-allowed', 'user', 'that needs the right to administer');
  return place;
}

async function account(session: Session, who: string): Promise<AccountInfo> {
  const info = await session.services.directory.account(who);
  if (info === undefined) throw new Refusal('NO', '[CANNOT] There is no such user');
  return info;
}

async function change(session: Session, { path, who }: Grantee, wanted: RightsChange): Promise<void> {
  const { account: owner, folder } = await administered(session, path);
  const { id } = await account(session, who);
  await session.services.store.setRights(session.user, { owner: owner.id, folder: folder.id }, id, wanted);
}

/** SETACL (§3.1). */
export const setAcl = command<Grantee & { change: RightsChange }>({
  name: 'SETACL',
  states: SIGNED_IN,
  capabilities: whenSignedIn('ACL', 'RIGHTS=kxte'),
  parse(d) {
    const args = grantee(d);
    const letters = d.sp().text();
    d.end();
    const mode = letters.startsWith('+') ? 'add' : letters.startsWith('-') ? 'remove' : 'set';
    return { ...args, change: { mode, rights: rights(mode === 'set' ? letters : letters.slice(1)) } };
  },
  async run({ change: wanted, ...args }, session) {
    await change(session, args, wanted);
    return 'SETACL completed';
  },
});

/** DELETEACL (§3.2). */
export const deleteAcl = command<Grantee>({
  name: 'DELETEACL',
  states: SIGNED_IN,
  parse(d) {
    const args = grantee(d);
    d.end();
    return args;
  },
  async run(args, session) {
    await change(session, args, { mode: 'set', rights: '' });
    return 'DELETEACL completed';
  },
});

/** GETACL (§3.3): the owner first, who has all rights. */
export const getAcl = command<string>({
  name: 'GETACL',
  states: SIGNED_IN,
  parse: mailbox,
  async run(path, session) {
    const { account: owner, folder } = await administered(session, path);
    const { out, services } = session;
    out.text('* ACL ').mailbox(path);
    for (const { who, rights } of [{ who: owner.id, rights: RIGHTS }, ...folder.grants]) {
      const info = await services.directory.account(who);
      // Who is no more here has no name, and no way to use it.
      if (info !== undefined)
        out
          .text(' ')
          .string(info.address)
          .text(` ${told(rights)}`);
    }
    out.line('');
    return 'GETACL completed';
  },
});

/** LISTRIGHTS (§3.4): the owner always has all, others any. */
export const listRights = command<Grantee>({
  name: 'LISTRIGHTS',
  states: SIGNED_IN,
  parse(d) {
    const args = grantee(d);
    d.end();
    return args;
  },
  async run({ path, who }, session) {
    const { account: owner } = await administered(session, path);
    const { id } = await account(session, who);
    session.out
      .text('* LISTRIGHTS ')
      .mailbox(path)
      .text(' ')
      .string(who)
      .line(id === owner.id ? ` ${RIGHTS}` : ` "" ${RIGHTS.split('').join(' ')}`);
    return 'LISTRIGHTS completed';
  },
});

/** MYRIGHTS (§3.5). */
export const myRights = command<string>({
  name: 'MYRIGHTS',
  states: SIGNED_IN,
  parse: mailbox,
  async run(path, session) {
    const { folder } = await session.places.existing(path);
    session.out
      .text('* MYRIGHTS ')
      .mailbox(path)
      .line(` ${told(folder.rights ?? RIGHTS)}`);
    return 'MYRIGHTS completed';
  },
});

function mailbox(d: Decoder): string {
  const path = d.sp().mailbox();
  d.end();
  return path;
}
