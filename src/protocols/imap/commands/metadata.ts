/**
 * METADATA (RFC 5464): annotations of mailboxes and, under the name "", of the account as a whole. An account has one user, so what is
 * `/private/` and what is `/shared/` are kept alike. Which use a mailbox has can be read as `/private/specialuse` (RFC 6154 §4).
 */
import { MailError } from '../../../mail/error.ts';
import {
  annotate,
  annotation,
  ANNOTATION_LIMITS,
  annotations,
  type Annotation,
  type AnnotationPlace,
  entryName,
  WHOLE_ACCOUNT,
} from '../../../mailstore/annotations.ts';
import { command, SIGNED_IN, whenSignedIn } from '../command.ts';
import { Refusal } from '../reply.ts';
import type { Session } from '../session.ts';
import { attributeOf } from '../special-use.ts';
import { type Decoder, malformed, namedMailbox } from '../wire/decoder.ts';

const SPECIAL_USE = '/private/specialuse';

type Depth = '0' | '1' | 'infinity';

interface GetArgs {
  /** Undefined: the account as a whole. */
  readonly path: string | undefined;
  readonly entries: readonly string[];
  /** Bytes above which a value is left out. */
  readonly maxSize: number;
  readonly depth: Depth;
}

interface SetArgs {
  readonly path: string | undefined;
  readonly values: ReadonlyMap<string, Uint8Array | undefined>;
}

/** '' is no mailbox, but what stands above all of them. */
function place(d: Decoder): string | undefined {
  const name = d.astring();
  return name.length === 0 ? undefined : namedMailbox(name, d.utf8).path;
}

function entry(d: Decoder): string {
  return entryName(d.astring().toString('latin1'));
}

function options(d: Decoder): Partial<Pick<GetArgs, 'maxSize' | 'depth'>> {
  let maxSize: number | undefined;
  let depth: Depth | undefined;
  const given = d.list(() => {
    if (d.takeWord('MAXSIZE')) maxSize = d.sp().number();
    else if (d.takeWord('DEPTH')) depth = depthOf(d.sp());
    else throw malformed('unknown GETMETADATA option');
  });
  if (given.length === 0) throw malformed('option expected');
  return { ...(maxSize !== undefined && { maxSize }), ...(depth !== undefined && { depth }) };
}

function depthOf(d: Decoder): Depth {
  const word = d.word();
  if (word !== '0' && word !== '1' && word !== 'INFINITY') throw malformed('DEPTH is 0, 1 or infinity');
  return word === 'INFINITY' ? 'infinity' : word;
}

function parseGet(d: Decoder): GetArgs {
  let given = {};
  d.sp();
  if (d.next('(')) {
    given = options(d);
    d.sp();
  }
  const path = place(d);
  d.sp();
  // The grammar of §5 has options before the mailbox, the example of §4.2.1 behind it: programs do either.
  if (d.nextIs('(MAXSIZE') || d.nextIs('(DEPTH')) {
    given = { ...given, ...options(d) };
    d.sp();
  }
  const entries = d.next('(') ? d.list(() => entry(d)) : [entry(d)];
  if (entries.length === 0) throw malformed('entry expected');
  d.end();
  return { path, entries, maxSize: Number.POSITIVE_INFINITY, depth: '0', ...given };
}

function isWithin(name: string, above: string, depth: Depth): boolean {
  if (!name.startsWith(`${above}/`)) return false;
  return depth === 'infinity' || (depth === '1' && !name.slice(above.length + 1).includes('/'));
}

/** The place, and what stands there without being kept as an annotation. */
async function find(
  session: Session,
  path: string | undefined,
): Promise<{ readonly place: AnnotationPlace; readonly name: string; readonly given: readonly Annotation[] }> {
  if (path === undefined) {
    await session.account.refresh();
    return { place: WHOLE_ACCOUNT, name: '', given: [] };
  }
  const { folder } = await session.places.existing(path);
  if (folder.rights !== undefined)
    throw new MailError('not-allowed', 'user', 'Annotations are for the owner of a mailbox');
  const { id, path: name, role } = folder;
  const attribute = role && attributeOf(role);
  const given = attribute === undefined ? [] : [{ entry: SPECIAL_USE, value: Buffer.from(`\\${attribute}`) }];
  return { place: id, name, given };
}

/** Those asked for, in their order; with a depth, those below each that are there. */
async function chosen(
  { entries, depth }: GetArgs,
  session: Session,
  { place: at, given }: Awaited<ReturnType<typeof find>>,
): Promise<ReadonlyMap<string, Uint8Array | undefined>> {
  const found = new Map<string, Uint8Array | undefined>();
  const all = depth === '0' ? [] : [...given, ...(await annotations(session.account, at))];
  for (const name of entries) {
    const known = given.find((one) => one.entry === name)?.value ?? (await annotation(session.account, at, name));
    // Who asks for all there is below does not ask what is not there.
    if (known !== undefined || depth === '0') found.set(name, known);
    for (const { entry: below, value } of all) if (isWithin(below, name, depth)) found.set(below, value);
  }
  return found;
}

/** GETMETADATA (§4.2). What is not there is NIL. */
export const getMetadata = command<GetArgs>({
  name: 'GETMETADATA',
  states: SIGNED_IN,
  capabilities: whenSignedIn('METADATA'),
  parse: parseGet,
  async run(args, session) {
    const at = await find(session, args.path);
    let longest = 0;
    const { out } = session;
    let isFirst = true;
    out.begin();
    for (const [name, value] of await chosen(args, session, at)) {
      if (value !== undefined && value.length > args.maxSize) {
        longest = Math.max(longest, value.length);
        continue;
      }
      if (isFirst) out.text('* METADATA ').mailbox(at.name).text(' (');
      else out.text(' ');
      isFirst = false;
      out.string(name).text(' ');
      if (value === undefined) out.text('NIL');
      else out.string(value);
      if (out.mustPause()) await out.pause();
    }
    if (!isFirst) out.line(')');
    return `${longest > 0 ? `[METADATA LONGENTRIES ${longest}] ` : ''}GETMETADATA completed`;
  },
});

/** SETMETADATA (§4.3): all or nothing; NIL removes. */
export const setMetadata = command<SetArgs>({
  name: 'SETMETADATA',
  states: SIGNED_IN,
  capabilities: [
    {
      word: ({ manageSieve }) => `IMAPSIEVE=${manageSieve}`,
      when: ({ signedIn, manageSieve }) => signedIn && manageSieve !== undefined,
    },
  ],
  parse(d) {
    const path = place(d.sp());
    d.sp();
    const values = new Map<string, Uint8Array | undefined>();
    d.list(() => {
      const name = entry(d);
      values.set(name, d.sp().nstring());
    });
    if (values.size === 0) throw malformed('entry expected');
    d.end();
    return { path, values };
  },
  async run({ path, values }, session) {
    const at = await find(session, path);
    if (values.has(SPECIAL_USE)) throw new Refusal('NO', '[CANNOT] The use of a mailbox is chosen when it is made');
    try {
      await annotate(session.account, at.place, values);
    } catch (error) {
      if (!(error instanceof MailError)) throw error;
      if (error.code === 'too-large')
        throw new Refusal('NO', `[METADATA MAXSIZE ${ANNOTATION_LIMITS.value}] The value is too large`);
      if (error.code === 'limit') throw new Refusal('NO', '[METADATA TOOMANY] There are too many annotations');
      throw error;
    }
    return 'SETMETADATA completed';
  },
});
