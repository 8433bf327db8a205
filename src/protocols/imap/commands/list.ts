import type { Folder } from '../../../mailstore/api.ts';
import { command, SIGNED_IN, whenSignedIn } from '../command.ts';
import { attributeOf } from '../special-use.ts';
import type { Session } from '../session.ts';
import { type Decoder, malformed } from '../wire/decoder.ts';
import { ListPattern } from '../wire/list-pattern.ts';
import { encodeMailboxName } from '../wire/mailbox-name.ts';

/** Bytes of a pattern and its reference together. */
const PATTERN = 2000;

/** Reference and pattern as one; '' asks for the separator only, undefined can match nothing. */
export function listArguments(d: Decoder): string | undefined {
  const reference = d.sp().reference();
  const pattern = d.sp().listMailbox();
  d.end();
  if (pattern === '') return '';
  if (reference === undefined || pattern === undefined) return undefined;
  if (reference.length + pattern.length > PATTERN) throw malformed('pattern too long');
  return reference + pattern;
}

/** `* LIST (\Attributes) "/" name` */
export function listLine(session: Session, kind: 'LIST' | 'LSUB', attributes: readonly string[], path: string): void {
  session.out
    .text(`* ${kind} (${attributes.map((name) => `\\${name}`).join(' ')}) "/" `)
    .string(encodeMailboxName(path))
    .line('');
}

function attributes(folder: Folder, parents: ReadonlySet<number>): string[] {
  const names = [parents.has(folder.id) ? 'HasChildren' : 'HasNoChildren'];
  const use = folder.role === undefined ? undefined : attributeOf(folder.role);
  if (use !== undefined) names.push(use);
  return names;
}

/** LIST (RFC 3501 §6.3.8, CHILDREN: RFC 3348, SPECIAL-USE: RFC 6154). */
export const list = command<string | undefined>({
  name: 'LIST',
  states: SIGNED_IN,
  capabilities: whenSignedIn('CHILDREN', 'SPECIAL-USE'),
  parse: listArguments,
  async run(pattern, session) {
    const { account, out } = session;
    if (pattern === '') {
      out.line('* LIST (\\Noselect) "/" ""');
      return 'LIST completed';
    }
    if (pattern === undefined) return 'LIST completed';
    await account.refresh();
    const folders = account.folders();
    const parents = new Set(folders.flatMap(({ parent }) => parent ?? []));
    const wanted = new ListPattern(pattern);
    out.begin();
    for (const folder of folders) {
      if (out.mustPause()) await out.pause();
      if (wanted.matches(folder.path)) listLine(session, 'LIST', attributes(folder, parents), folder.path);
    }
    return 'LIST completed';
  },
});
