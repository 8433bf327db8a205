/**
 * Everything that the service holds about a person with an account, as one archive (a zip file) that is made while it is sent: mail as it came, and beside it
 * lists as JSON. What opens the account, or something else, is not in it: hashes and secrets say nothing about a person.
 */
import type { AccountInfo, Directory } from '../directory/api.ts';
import type { AuditEntry, AuditTrail } from '../directory/audit.ts';
import { AddressBooks } from '../intake/contacts/address-book.ts';
import { exportContacts } from '../intake/contacts/export.ts';
import { MailError } from '../mail/error.ts';
import { folderFileName } from '../mail/folder-file-name.ts';
import { ZipWriter } from '../mail/zip-write.ts';
import { recordsOfAll, type StoredRecord } from '../mailstore/all-records.ts';
import { type AccountId, Flag, type MailAccount, type MailStore, type MsgId } from '../mailstore/api.ts';
import type { Submission, SubmissionId } from '../mailstore/submission.ts';
import type { Clock } from '../ports/clock.ts';
import type { KeyValueStore } from '../ports/kv.ts';

export interface PersonDataParts {
  readonly kv: KeyValueStore;
  readonly directory: Directory;
  readonly mailstore: Pick<MailStore, 'open'>;
  readonly audit: Pick<AuditTrail, 'list'>;
  readonly clock: Clock;
}

const SYSTEM = { kind: 'system', role: 'admin' } as const;
const SECRET = /secret|password|passcode|token|hash|^auth$|^p256dh$/i;
/** Who is under a legal hold must not learn of it here. */
const SECRET_ACTION = /^hold\.|\/v1\/admin\/holds\b/;
const PAGE = 500;
/** JSON is handed on in pieces of about this size. */
const PIECE = 1 << 16;

const README = `What is here

account.json      the account: addresses, name, room, kinds of mail
sign-ins.json     networks from which somebody signed in, sessions, mail programs, programs that were let in, passkeys, the second step
folders.json      the folders
mail.json         each message: its file, folder, flags and dates
mail/             the messages, byte for byte as they came (.eml); mail programs open and import them
contacts.vcf      the address book
records/          what else is kept, by kind: settings, rules, signatures, notes of the filters
sent.json         what was sent in the last weeks, and what became of it
audit.json        what administrators did with this account
problems.json     what could not be read
`;

/**
 * The archive, piece by piece. Throws `account-missing`. A message that is damaged or goes meanwhile leaves a line in `problems.json` and no
 * gap elsewhere.
 */
export async function* personData(parts: PersonDataParts, id: AccountId): AsyncGenerator<Uint8Array> {
  const { directory, mailstore, kv, clock } = parts;
  const info = await directory.account(id);
  if (info === undefined) throw new MailError('account-missing', 'user', `there is no account ${id}`);
  using account = await mailstore.open(SYSTEM, id);
  await account.refresh();
  const zip = new ZipWriter();
  const now = clock.now();
  const file = (name: string, content: AsyncIterable<Uint8Array>) => zip.entry(name, now, content);
  const problems: string[] = [];
  yield* zip.entry('README.txt', now, [Buffer.from(README)]);
  yield* file('account.json', document(info));
  yield* file('sign-ins.json', document(await signIns(directory, id)));
  yield* file('folders.json', document(account.folders()));
  yield* file('mail.json', list(messages(account)));
  for (const { id: message, name, at } of listed(account)) {
    // In parts of its own: what is gone by now begins no entry.
    if (account.meta(message) === undefined) continue;
    try {
      yield* zip.entry(name, at, content(account, message));
    } catch (error) {
      problems.push(`${name}: ${error instanceof MailError ? error.message : 'it cannot be read'}`);
    }
  }
  yield* file('contacts.vcf', contacts(account));
  yield* records(kv, id, file);
  yield* file('sent.json', list(sent(account)));
  yield* file('audit.json', list(auditOf(parts.audit, info)));
  yield* file('problems.json', document(problems));
  yield* zip.end();
}

async function signIns(directory: Directory, id: AccountId): Promise<unknown> {
  return {
    places: await directory.places.list(id),
    sessions: await directory.sessions(id),
    programs: await directory.appPasswords.list(id),
    letIn: await directory.oauth.grants.list(id),
    passkeys: await directory.passkeys.list(id),
    secondStep: await directory.secondStep.show(id),
  };
}

function* listed(account: MailAccount): Generator<{ id: MsgId; name: string; at: number }> {
  for (const folder of account.folders()) {
    const path = folder.path.split('/').map(folderFileName).join('/');
    for (const id of account.getMessageIds({ folder: folder.id, sort: 'id' })) {
      const at = account.meta(id)?.internalDate;
      if (at !== undefined) yield { id, name: `mail/${path}/${String(id).padStart(10, '0')}.eml`, at };
    }
  }
}

function* messages(account: MailAccount): Generator<unknown> {
  for (const { id, name } of listed(account)) {
    const meta = account.meta(id);
    if (meta === undefined) continue;
    const { flags, keywords, internalDate, savedDate, size, thread } = meta;
    const names = Object.entries(Flag).flatMap(([flag, bit]) => ((flags & bit) === 0 ? [] : [flag]));
    const [received, saved] = [internalDate, savedDate].map((at) => new Date(at).toISOString());
    yield { file: name, flags: names, keywords, received, saved, size, thread };
  }
}

async function* content(account: MailAccount, id: MsgId): AsyncGenerator<Uint8Array> {
  const body = await account.body(id);
  yield* body.stream();
}

async function* contacts(account: MailAccount): AsyncGenerator<Uint8Array> {
  const book = await new AddressBooks().of(account);
  yield Buffer.from(await exportContacts(book, book.sorted, { format: 'vcard', version: '4.0' }));
}

/** A file for each kind. */
async function* records(
  kv: KeyValueStore,
  id: AccountId,
  file: (name: string, content: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const rows = recordsOfAll(kv, id)[Symbol.asyncIterator]();
  let next = await rows.next();
  async function* ofKind(kind: string): AsyncGenerator<unknown> {
    for (; !next.done && next.value.kind === kind; next = await rows.next())
      yield { id: next.value.id, value: next.value.value };
  }
  while (!next.done) {
    const { kind }: StoredRecord = next.value;
    yield* file(`records/${kind}.json`, list(ofKind(kind)));
  }
}

async function* sent(account: MailAccount): AsyncGenerator<unknown> {
  let before: SubmissionId | undefined;
  for (;;) {
    const page: readonly Submission[] = await account.outgoing.list({
      limit: PAGE,
      ...(before !== undefined && { before }),
    });
    for (const one of page) yield { ...one, deliveries: await account.outgoing.deliveries(one.id) };
    before = page.at(-1)?.id;
    if (page.length < PAGE) return;
  }
}

/** Who of the administrators it was is about them. */
async function* auditOf(
  audit: Pick<AuditTrail, 'list'>,
  { id, address, aliases }: AccountInfo,
): AsyncGenerator<unknown> {
  const names = [id, address, ...aliases].map((name) => name.toLowerCase());
  const isAbout = ({ by, what, about }: AuditEntry): boolean => {
    if (SECRET_ACTION.test(what)) return false;
    const text = about.toLowerCase();
    return by === address || names.some((name) => text.includes(name));
  };
  for (let after = 0; ; ) {
    const page = await audit.list(after, PAGE);
    for (const entry of page.filter(isAbout)) {
      const { number, at, by, what, about, outcome } = entry;
      yield { number, at: new Date(at).toISOString(), by: by === address ? by : 'administrator', what, about, outcome };
    }
    after = page.at(-1)?.number ?? after;
    if (page.length < PAGE) return;
  }
}

function json(value: unknown): string {
  return JSON.stringify(value, (name: string, one: unknown) => (SECRET.test(name) ? undefined : one), 1);
}

async function* document(value: unknown): AsyncGenerator<Uint8Array> {
  yield Buffer.from(`${json(value)}\n`);
}

async function* list(items: AsyncIterable<unknown> | Iterable<unknown>): AsyncGenerator<Uint8Array> {
  let text = '[';
  let first = true;
  for await (const item of items) {
    text += `${first ? '' : ','}\n${json(item)}`;
    first = false;
    if (text.length < PIECE) continue;
    yield Buffer.from(text);
    text = '';
  }
  yield Buffer.from(`${text}\n]\n`);
}
