/** Every invariant of an account, checked against the rows themselves. Says what is wrong; changes nothing. */
import { MailError } from '../mail/error.ts';
import { blobKey } from '../ports/blob.ts';
import { Damaged, type Range } from '../ports/kv.ts';
import { STAGED_FOR } from './adding.ts';
import type { AccountId, EmailId, FolderId, MessageMeta, MsgId } from './api.ts';
import { StoredBody } from './bodies.ts';
import { loadCheckpoint } from './checkpoint.ts';
import type { StoredDetails } from './details.ts';
import {
  accountOf,
  accountPartition,
  allCounters,
  allFolders,
  allKeywords,
  allOutbox,
  allPlacements,
  allSubmissions,
  blobShard,
  bucketOf,
  CHECKPOINTS,
  deliveriesOf,
  deliveryPartOf,
  detailsKey,
  emailTime,
  folderIdOf,
  LINKS,
  linkKey,
  linkParts,
  outboxOf,
  placementIdOf,
  placementKey,
  submissionIdOf,
} from './keys.ts';
import { isHeld, preservedMessages } from './legal-hold.ts';
import { accountFacts, scanIndex } from './load.ts';
import { readLog } from './log.ts';
import type { Node } from './mailbox.ts';
import { HeldRows } from './verify-held.ts';
import { decodeDelivery, decodeSubmission } from './operations/submissions.ts';
import { readDetails } from './read-details.ts';
import { searchProblems } from './search/verify.ts';
import type { AccountFacts, FolderCounters, FolderRow } from './state.ts';
import { isSettled } from './submission.ts';
import { decodeCounters, decodeFacts, decodeFolder, decodePlacement, decodeStrings } from './values.ts';

/** Readings of an account that changed under our eyes. */
const MOST_READINGS = 5;

export interface Problem {
  readonly account: AccountId | undefined;
  readonly problem: string;
}

export async function* verifyAll(node: Node, only: AccountId | undefined): AsyncIterable<Problem> {
  if (only !== undefined) {
    yield* verifyAccount(node, only);
    return;
  }
  if (node.kv.check) for await (const problem of node.kv.check()) yield { account: undefined, problem };
  yield* toItsEnd('accounts', undefined, verifyAccounts(node));
  yield* toItsEnd('links', undefined, verifyLinks(node));
}

async function* verifyAccounts(node: Node): AsyncIterable<Problem> {
  for await (const p of node.kv.partitions('u')) {
    const account = accountOf(p);
    try {
      const { value } = await node.kv.head(p);
      if (!value) yield { account, problem: 'there is content, and no header' };
      if (!value || decodeFacts(value).removed) continue;
    } catch (error) {
      yield { account, problem: `header: ${message(error)}` };
      continue;
    }
    yield* toItsEnd('rows', account, verifyAccount(node, account));
  }
}

/** What cannot be read is a problem, too, and no reason to look at nothing else. */
async function* toItsEnd(
  what: string,
  account: AccountId | undefined,
  problems: AsyncIterable<Problem>,
): AsyncIterable<Problem> {
  try {
    yield* problems;
  } catch (error) {
    yield { account, problem: `${what}: ${message(error)}` };
  }
}

async function* verifyAccount(node: Node, account: AccountId): AsyncIterable<Problem> {
  const p = accountPartition(account);
  let rows: Rows | undefined;
  let problems: string[] = [];
  // Rows read while the account changes need not fit together: then they are read again.
  for (let reading = 1; reading <= MOST_READINGS; reading++) {
    const before = await node.kv.head(p);
    problems = [];
    try {
      rows = await readRows(node, account);
      rows.check(problems);
      await checkLog(node, account, rows.facts, problems);
      await checkSubmissions(node, account, problems);
      await checkIndexes(node, account, problems);
    } catch (error) {
      if (error instanceof MailError && error.code === 'account-missing') throw error;
      problems.push(message(error));
    }
    if (problems.length === 0 || (await node.kv.head(p)).version === before.version) break;
  }
  for (const problem of problems) yield { account, problem };
  if (rows && problems.length === 0)
    for (const problem of await searchProblems(node, account, rows.facts, rows.messages)) yield { account, problem };
  const sizes = new Map<EmailId, MessageMeta>();
  for (const meta of rows?.messages.values() ?? []) sizes.set(meta.email, meta);
  for (const meta of sizes.values()) {
    const folder = rows?.folders.get(meta.folder)?.name ?? `folder ${meta.folder}`;
    const problem = await checkEmail(node, account, meta, folder);
    if (problem !== undefined) yield { account, problem };
  }
  yield* preservedProblems(node, account);
}

/** What stays because of a hold is there, every byte of it. */
async function* preservedProblems(node: Node, account: AccountId): AsyncIterable<Problem> {
  for await (const { email, size } of preservedMessages(node.kv, account)) {
    const problem = await contentProblem(node, account, email, size);
    // Unless the hold has ended meanwhile.
    if (problem === undefined || !(await isHeld(node.kv, account))) continue;
    yield { account, problem: `email ${email}, removed and kept (legal hold): ${problem}` };
  }
}

async function contentProblem(
  { kv, blobs }: Node,
  account: AccountId,
  email: EmailId,
  size: number,
): Promise<string | undefined> {
  try {
    const details = await readDetails(kv, account, email);
    if (!details) return 'its details are missing';
    let bytes = 0;
    for await (const piece of new StoredBody(kv, blobs, account, details).stream()) bytes += piece.length;
    return bytes === size ? undefined : `${size} bytes are noted, ${bytes} are there`;
  } catch (error) {
    return message(error);
  }
}

class Rows {
  readonly facts: AccountFacts;
  readonly version: number;
  readonly folders = new Map<FolderId, FolderRow>();
  readonly counters = new Map<FolderId, FolderCounters>();
  readonly keywords = new Map<FolderId, readonly string[]>();
  readonly messages = new Map<MsgId, MessageMeta>();

  constructor(facts: AccountFacts, version: number) {
    this.facts = facts;
    this.version = version;
  }

  check(problems: string[]): void {
    const uids = new Map<FolderId, Set<number>>();
    const sums = new Map<FolderId, { total: number; unread: number; bytes: number; modseq: number }>();
    let used = 0;
    for (const m of this.messages.values()) {
      const where = `message ${m.id}`;
      if (!this.folders.has(m.folder)) problems.push(`${where}: folder ${m.folder} does not exist`);
      if (m.id >= this.facts.nextMessage) problems.push(`${where}: ids only go to ${this.facts.nextMessage - 1}`);
      if (m.modseq > this.version) problems.push(`${where}: modseq ${m.modseq} is ahead of version ${this.version}`);
      const folderUids = uids.get(m.folder) ?? new Set();
      if (folderUids.has(m.uid)) problems.push(`${where}: UID ${m.uid} is in folder ${m.folder} twice`);
      uids.set(m.folder, folderUids.add(m.uid));
      const known = this.keywords.get(m.folder) ?? [];
      for (const keyword of m.keywords)
        if (!known.includes(keyword)) problems.push(`${where}: folder ${m.folder} does not know keyword ${keyword}`);
      const sum = sums.get(m.folder) ?? { total: 0, unread: 0, bytes: 0, modseq: 0 };
      sum.total++;
      sum.unread += m.flags & 1 ? 0 : 1;
      sum.bytes += m.size;
      sum.modseq = Math.max(sum.modseq, m.modseq);
      sums.set(m.folder, sum);
      used += m.size;
    }
    if (used !== this.facts.used) problems.push(`quota: ${this.facts.used} bytes are noted, ${used} are there`);
    this.#checkFolders(problems, uids, sums);
  }

  #checkFolders(
    problems: string[],
    uids: ReadonlyMap<FolderId, ReadonlySet<number>>,
    sums: ReadonlyMap<FolderId, { total: number; unread: number; bytes: number; modseq: number }>,
  ): void {
    const names = new Set<string>();
    const roles = new Set<string>();
    for (const row of this.folders.values()) {
      const where = `folder ${row.id}`;
      const name = `${row.parent ?? 0}/${row.name}`;
      if (names.has(name)) problems.push(`${where}: its name is there twice`);
      names.add(name);
      if (row.role && roles.has(row.role)) problems.push(`${where}: its role ${row.role} is there twice`);
      if (row.role) roles.add(row.role);
      if (row.parent !== undefined && !this.folders.has(row.parent)) problems.push(`${where}: its parent is missing`);
      if (row.id >= this.facts.nextFolder) problems.push(`${where}: ids only go to ${this.facts.nextFolder - 1}`);
      if (row.uidValidity > this.facts.lastUidValidity) problems.push(`${where}: its UIDVALIDITY is not noted`);
      const c = this.counters.get(row.id);
      if (!c) {
        problems.push(`${where}: no counters`);
        continue;
      }
      const sum = sums.get(row.id) ?? { total: 0, unread: 0, bytes: 0, modseq: 0 };
      for (const field of ['total', 'unread', 'bytes'] as const)
        if (c[field] !== sum[field]) problems.push(`${where}: ${field} ${c[field]} is noted, ${sum[field]} is counted`);
      if (c.highestModseq < sum.modseq || c.highestModseq > this.version)
        problems.push(
          `${where}: HIGHESTMODSEQ ${c.highestModseq}, messages up to ${sum.modseq}, version ${this.version}`,
        );
      for (const uid of uids.get(row.id) ?? [])
        if (uid >= c.uidNext) problems.push(`${where}: UID ${uid} is not below UIDNEXT ${c.uidNext}`);
    }
    for (const id of this.counters.keys()) if (!this.folders.has(id)) problems.push(`counters of no folder: ${id}`);
  }
}

async function readRows({ kv }: Node, account: AccountId): Promise<Rows> {
  const p = accountPartition(account);
  const head = await kv.head(p);
  const rows = new Rows(accountFacts(account, head), head.version);
  const each = async (range: Range, take: (key: Uint8Array, value: Uint8Array) => void) => {
    for await (const page of kv.scan(p, range)) for (const [key, value] of page) take(key, value);
  };
  await each(allFolders(), (_, value) => {
    const row = decodeFolder(value);
    rows.folders.set(row.id, row);
  });
  await each(allCounters(), (key, value) => rows.counters.set(folderIdOf(key), decodeCounters(value)));
  await each(allKeywords(), (key, value) => rows.keywords.set(folderIdOf(key), decodeStrings(value)));
  await each(allPlacements(), (key, value) => {
    const meta = decodePlacement(value);
    if (meta.id !== placementIdOf(key)) throw new Damaged(`message ${placementIdOf(key)} says that it is ${meta.id}`);
    rows.messages.set(meta.id, meta);
  });
  return rows;
}

async function checkLog({ kv }: Node, account: AccountId, facts: AccountFacts, problems: string[]): Promise<void> {
  let at: number | undefined;
  for await (const page of readLog(kv, accountPartition(account), 0, facts.lastRow + 1))
    for (const row of page) {
      if (at === undefined ? row.previous >= facts.logFloor : row.previous !== at)
        problems.push(`log: row ${row.version} follows ${row.previous}, but ${at ?? 'nothing'} is there`);
      if (row.version < facts.logFloor) problems.push(`log: row ${row.version} is below the floor ${facts.logFloor}`);
      at = row.version;
    }
  if ((at ?? facts.logFloor - 1) !== facts.lastRow)
    problems.push(`log: ends with ${at ?? 'nothing'}, the header says ${facts.lastRow}`);
}

/** What is open is counted, its content is there, and every effect belongs to a mail. */
async function checkSubmissions({ kv }: Node, account: AccountId, problems: string[]): Promise<void> {
  const p = accountPartition(account);
  const open = new Map<EmailId, number>();
  const holding = new HeldRows();
  const count = (id: EmailId, by = 1): void => void open.set(id, (open.get(id) ?? 0) + by);
  for await (const page of kv.scan(p, allOutbox())) for (const [key] of page) count(outboxOf(key)[0]);
  for await (const page of kv.scan(p, allSubmissions()))
    for (const [key, value] of page) {
      const id = submissionIdOf(key);
      const row = decodeSubmission(value);
      let deliveries = 0;
      let waiting = 0;
      for await (const some of kv.scan(p, deliveriesOf(id)))
        for (const [deliveryKey, value] of some) {
          deliveries++;
          const delivery = decodeDelivery(value);
          if (row.state !== 'cancelled' && !delivery.recipients.every(isSettled)) waiting++;
          holding.add(id, deliveryPartOf(deliveryKey), delivery);
        }
      count(id, waiting);
      holding.close(id, row, problems);
      const where = `submission ${id}`;
      if (deliveries !== row.deliveries)
        problems.push(`${where}: ${row.deliveries} deliveries are noted, ${deliveries} are there`);
      const counted = open.get(id) ?? 0;
      open.delete(id);
      if (counted !== row.open) problems.push(`${where}: ${row.open} things to do are noted, ${counted} are there`);
      // What comes of it later, a report or a complaint, needs no content.
      if (waiting > 0 && !(await readDetails(kv, account, id))) problems.push(`${where}: its content is missing`);
    }
  for (const id of open.keys()) problems.push(`outbox: submission ${id} does not exist`);
  await holding.check(kv, account, problems);
}

/** The newest checkpoint, brought forward by the log, shows what a full scan shows. */
async function checkIndexes({ kv }: Node, account: AccountId, problems: string[]): Promise<void> {
  const p = accountPartition(account);
  const head = await kv.head(p);
  const facts = accountFacts(account, head);
  // Reading is enough: a damaged one is never used, but somebody should know.
  for await (const _ of kv.scanImmutable(p, CHECKPOINTS, {}));
  const index = await loadCheckpoint(kv, account, facts, head.version);
  if (!index) return;
  for await (const page of readLog(kv, p, index.facts.lastRow + 1, facts.lastRow + 1))
    for (const row of page) index.apply(row);
  index.version = head.version;
  const scanned = await scanIndex(kv, account);
  if (index.stateHash() !== scanned.stateHash()) problems.push('checkpoint: it shows something else than the rows do');
}

/** Details, every byte of the body, and the links to its blobs. */
async function checkEmail(
  node: Node,
  account: AccountId,
  meta: MessageMeta,
  folder: string,
): Promise<string | undefined> {
  const where = `message ${meta.id} (${folder}, UID ${meta.uid}, email ${meta.email})`;
  try {
    const details = await readDetails(node.kv, account, meta.email);
    if (!details) {
      const [still] = await node.kv.get(accountPartition(account), [placementKey(meta.id)]);
      return still ? `${where}: its details are missing` : undefined;
    }
    if (details.size !== meta.size) return `${where}: ${meta.size} bytes are noted, its details say ${details.size}`;
    let bytes = 0;
    for await (const piece of new StoredBody(node.kv, node.blobs, account, details).stream()) bytes += piece.length;
    if (bytes !== meta.size) return `${where}: ${meta.size} bytes are noted, ${bytes} are there`;
    return await checkLinks(node, account, details, where);
  } catch (error) {
    return `${where}: ${message(error)}`;
  }
}

async function checkLinks(
  { kv }: Node,
  account: AccountId,
  details: StoredDetails,
  where: string,
): Promise<string | undefined> {
  for (const { sha256, generation } of details.plan.blobs) {
    const key = linkKey(sha256, generation, account, details.email);
    const [link] = await kv.getImmutable(blobShard(sha256), LINKS, [key]);
    if (!link) return `${where}: blob ${blobKey(generation, sha256)} has no link from it`;
  }
  return undefined;
}

/** Links that name a blob or an email that is not there; younger ones may be on their way. */
async function* verifyLinks({ kv, blobs, clock }: Node): AsyncIterable<Problem> {
  const young = clock.now() - STAGED_FOR;
  for await (const p of kv.partitions('b'))
    for await (const page of kv.scanImmutable(p, LINKS, {}))
      for (const { key } of page) {
        const { sha256, generation, account, email } = linkParts(key);
        // Damaged details are told with the message that they are of.
        const details = await kv
          .getImmutable(accountPartition(account), bucketOf(email), [detailsKey(email)])
          .then(([row]) => row, damagedIsThere);
        if (!details && emailTime(email) < young)
          yield {
            account,
            problem: `blob ${blobKey(generation, sha256)}: linked from email ${email}, which does not exist`,
          };
        if (details && !(await blobs.info(blobKey(generation, sha256))))
          yield { account, problem: `blob ${blobKey(generation, sha256)} is missing, email ${email} needs it` };
      }
}

function damagedIsThere(error: unknown): true {
  if (error instanceof Damaged) return true;
  throw error;
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
