/** Every extension there is. What `require` accepts and ManageSieve announces comes from this list alone. */
import type { Extension, AddedTag } from './language.ts';
import { body } from './extensions/body.ts';
import { core } from './extensions/core.ts';
import { copy } from './extensions/copy.ts';
import { date } from './extensions/date.ts';
import { duplicate } from './extensions/duplicate.ts';
import { editheader } from './extensions/editheader.ts';
import { enotify } from './extensions/enotify.ts';
import { envelope } from './extensions/envelope.ts';
import { environment } from './extensions/environment.ts';
import { extlists } from './extensions/extlists.ts';
import { fileinto } from './extensions/fileinto.ts';
import { ihave } from './extensions/ihave.ts';
import { imap4flags } from './extensions/imap4flags.ts';
import { imapsieve } from './extensions/imapsieve.ts';
import { include } from './extensions/include.ts';
import { index } from './extensions/index.ts';
import { mailbox } from './extensions/mailbox.ts';
import { mailboxid } from './extensions/mailboxid.ts';
import { foreverypart, mime } from './extensions/mime.ts';
import { regex } from './extensions/regex.ts';
import { ereject, reject } from './extensions/reject.ts';
import { relational } from './extensions/relational.ts';
import { spamtest, spamtestplus, virustest } from './extensions/spamtest.ts';
import { specialUse } from './extensions/special-use.ts';
import { subaddress } from './extensions/subaddress.ts';
import { vacation, vacationSeconds } from './extensions/vacation.ts';
import { variables } from './extensions/variables.ts';
import { asciiNumeric } from './match.ts';

const EXTENSIONS: readonly Extension[] = [
  core,
  { name: 'encoded-character' },
  { name: 'comparator-i;octet' },
  { name: 'comparator-i;ascii-casemap' },
  { name: 'comparator-i;ascii-numeric', comparators: [asciiNumeric] },
  body,
  copy,
  date,
  duplicate,
  editheader,
  enotify,
  envelope,
  environment,
  ereject,
  extlists,
  fileinto,
  foreverypart,
  ihave,
  imap4flags,
  imapsieve,
  include,
  index,
  mailbox,
  mailboxid,
  mime,
  regex,
  reject,
  relational,
  spamtest,
  spamtestplus,
  specialUse,
  subaddress,
  vacation,
  vacationSeconds,
  variables,
  virustest,
];

/** Something, and the extension that it needs ('' for none). */
export interface Known<T> {
  readonly spec: T;
  readonly extension: string;
}

function collect<T extends { readonly name: string }>(of: (extension: Extension) => readonly T[] | undefined) {
  const found = new Map<string, Known<T>>();
  for (const extension of EXTENSIONS)
    for (const spec of of(extension) ?? []) found.set(spec.name, { spec, extension: extension.name });
  return found;
}

function collectTags(): ReadonlyMap<string, ReadonlyMap<string, Known<AddedTag>>> {
  const found = new Map<string, Map<string, Known<AddedTag>>>();
  for (const { name, tags = [] } of EXTENSIONS)
    for (const spec of tags)
      for (const on of spec.on)
        found.getOrInsertComputed(on, () => new Map()).set(spec.tag.name, { spec, extension: name });
  return found;
}

export const REGISTRY = {
  capabilities: new Set(EXTENSIONS.map(({ name }) => name).filter((name) => name !== '')) as ReadonlySet<string>,
  implied: new Map(EXTENSIONS.map(({ name, implies }) => [name, implies])) as ReadonlyMap<string, string | undefined>,
  commands: collect((extension) => extension.commands),
  tests: collect((extension) => extension.tests),
  matchTypes: collect((extension) => extension.matchTypes),
  comparators: collect((extension) => extension.comparators),
  addressParts: collect((extension) => extension.addressParts),
  /** By the command or test that they are for, then by name. */
  tags: collectTags(),
};
