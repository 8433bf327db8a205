/**
 * Runs a script on messages to which something happened (RFC 6785). A message stays where it is: what a script wants kept elsewhere is a new
 * one, and what it does not want kept at all is marked \Deleted. What is done has a key made of the event, so that doing it again
 * after a crash changes nothing; none of it is an event in its turn.
 */
import { hash } from 'node:crypto';
import { MailError } from '../../mail/error.ts';
import type { FileintoAction, KeepAction, SieveOutcome } from '../../mail/sieve/actions.ts';
import type { SieveScript } from '../../mail/sieve/call.ts';
import { SieveError } from '../../mail/sieve/error.ts';
import { SieveHeader } from '../../mail/sieve/header.ts';
import { runSieve } from '../../mail/sieve/run.ts';
import type { Body, Folder, MailAccount, MessageDetails, MessageMeta } from '../../mailstore/api.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { ReturnPaths } from '../return-paths.ts';
import { isUserError, type SendingParts } from '../stages/parts.ts';
import { EVENT, type EventMessage, flagNames, type SieveEvent } from './events.ts';
import { hostOf } from './host.ts';
import { flagsOf, targetOf } from './mailboxes.ts';
import { SieveMemory } from './memory.ts';
import { sendNotice, tellOwner } from './notices.ts';
import { redirect } from './redirect.ts';
import type { SieveScripts, StoredScript } from './scripts.ts';

export interface EventRunParts extends Omit<SendingParts, 'store'> {
  readonly scripts: SieveScripts;
  readonly returnPaths: Pick<ReturnPaths, 'forwardAddress'>;
  readonly metrics: Metrics;
}

const DAY = 86_400_000;
/** Kind of the records that say how many messages of an event are done. */
const PROGRESS = 'sieve-event-done';

interface Running {
  readonly account: MailAccount;
  readonly event: SieveEvent;
  /** The account's address. */
  readonly owner: string;
  readonly stored: StoredScript;
  readonly script: SieveScript;
}

/** A message as the script sees it. */
interface Seen {
  readonly meta: MessageMeta;
  readonly flags: readonly string[];
  readonly details: MessageDetails;
  readonly body: Body;
  /** `<day>-<name>`, of this event and message alone. */
  readonly key: string;
}

export class EventRun {
  readonly #parts: EventRunParts;
  readonly #count: (outcome: 'done' | 'failed') => void;

  constructor(parts: EventRunParts) {
    this.#parts = parts;
    const runs = parts.metrics.counter('sieve_event_runs_total', 'Messages on which a script ran for an IMAP event.', [
      'outcome',
    ]);
    this.#count = (outcome) => runs.inc({ outcome });
  }

  /** All of one record, which goes afterwards. */
  async run(account: MailAccount, id: string, event: SieveEvent, signal: AbortSignal): Promise<void> {
    const { scripts, directory } = this.#parts;
    const stored = await scripts.named(account, event.script);
    const first = (await account.record<number>(PROGRESS, id)) ?? 0;
    const owner = (await directory.account(account.id))?.address ?? event.user;
    // What names no script runs none (§2.3.1).
    if (stored !== undefined) {
      const script = await this.#compiled(account, stored, owner);
      for (let i = first; script !== undefined && i < event.messages.length; i++) {
        signal.throwIfAborted();
        const done = await this.#one({ account, event, owner, stored, script }, event.messages[i]!, id);
        // What changed flags would see them changed, were it to run once more.
        if (done && i + 1 < event.messages.length) await account.putRecord(PROGRESS, id, i + 1);
      }
    }
    const over = [
      { kind: EVENT, id },
      { kind: PROGRESS, id },
    ];
    await account.changeRecords(over, (before) =>
      over.filter((key) => before(key) !== undefined).map((key) => ({ ...key, value: undefined })),
    );
  }

  async #compiled(account: MailAccount, stored: StoredScript, owner: string): Promise<SieveScript | undefined> {
    try {
      return await this.#parts.scripts.compiled(account, stored);
    } catch (error) {
      if (!(error instanceof SieveError)) throw error;
      await tellOwner(account, this.#parts, { script: stored, error, owner, when: 'event' });
      return undefined;
    }
  }

  /** Answers whether anything was done. */
  async #one(running: Running, message: EventMessage, id: string): Promise<boolean> {
    const { account, event, owner, stored, script } = running;
    const meta = account.meta(message.id);
    const folder = account.folder(message.folder);
    // Taken elsewhere meanwhile, or away.
    if (meta === undefined || folder === undefined || meta.folder !== message.folder) return false;
    const seen = await this.#look(account, meta, event, id);
    if (seen === undefined) return false;
    const { scripts, clock, hostname, log } = this.#parts;
    const now = clock.now();
    const memory = new SieveMemory(account, seen.key, now);
    const host = hostOf(account, {
      scripts,
      memory,
      now,
      hostname,
      findings: {},
      event: {
        user: event.user,
        email: owner,
        cause: event.cause,
        mailbox: folder.path,
        changedFlags: message.flags,
        flags: seen.flags,
      },
    });
    const { details, body } = seen;
    const { size, structure } = details;
    const envelope = { from: '', to: '' };
    const read = (start: number, end: number): Promise<Uint8Array> => body.bytes(start, end);
    const outcome = await runSieve([script], { envelope, size, structure, read }, host);
    this.#count(outcome.error ? 'failed' : 'done');
    const actions = outcome.actions.map(({ type }) => type);
    log.info({ account: account.id, script: stored.name, cause: event.cause, actions }, 'a script ran on an event');
    if (outcome.error !== undefined) {
      await tellOwner(account, this.#parts, { script: stored, error: outcome.error, owner, when: 'event' });
      return false;
    }
    const done = await this.#carryOut(running, seen, outcome);
    for (const { id: what, seconds } of outcome.remember) await memory.remember(`duplicate ${what}`, seconds);
    return done || outcome.remember.length > 0;
  }

  async #look(account: MailAccount, meta: MessageMeta, event: SieveEvent, id: string): Promise<Seen | undefined> {
    try {
      const { details, body } = await account.getMessage(meta.id);
      const name = hash('sha256', `${id} ${meta.id}`, 'base64url').slice(0, 30);
      const key = `${Math.floor(event.at / DAY)}-imapsieve-${name}`;
      return { meta, flags: flagNames(meta), details, body, key };
    } catch (error) {
      if (isUserError(error, 'message-missing')) return undefined;
      throw error;
    }
  }

  async #carryOut(running: Running, seen: Seen, { actions }: SieveOutcome): Promise<boolean> {
    const { account, owner } = running;
    const { automatic, returnPaths, log, clock } = this.#parts;
    const { details, body, key } = seen;
    let kept: KeepAction | undefined;
    let mustKeep = false;
    let done = false;
    for (const action of actions) {
      if (action.type === 'keep') kept = action;
      else if (action.type === 'fileinto') {
        if (await this.#fileInto(account, seen, action)) done = true;
        else mustKeep = true;
      } else if (action.type === 'redirect') {
        const mail = { id: key, sender: owner };
        const delivery = { mail, recipient: { address: owner, deliveryId: key } };
        const now = clock.now();
        const parts = { account, automatic, returnPaths, log, now, details, body, delivery, isThere: true as const };
        if (await redirect(action, parts)) done = true;
        else mustKeep = true;
      } else if (action.type === 'notify') {
        const header = SieveHeader.parse(await body.bytes(0, details.structure.bodyStart));
        const about = { id: key, sender: owner, owner, key, requireTls: undefined };
        try {
          await sendNotice(account, this.#parts, about, { details, header }, action);
        } catch (error) {
          if (!isUserError(error)) throw error;
          log.warn({ err: error, account: account.id }, 'a notice could not be sent');
        }
        done = true;
      }
    }
    if (kept === undefined && !mustKeep) return (await this.#mark(account, seen, ['\\Deleted'], 'add')) || done;
    return (await this.#changeFlags(account, seen, kept?.flags ?? seen.flags)) || done;
  }

  /** Only what the script changed: what a person has changed since stays. */
  async #changeFlags(account: MailAccount, seen: Seen, flags: readonly string[]): Promise<boolean> {
    const before = new Set(seen.flags.map((flag) => flag.toLowerCase()));
    const after = new Set(flags.map((flag) => flag.toLowerCase()));
    const added = flags.filter((flag) => !before.has(flag.toLowerCase()));
    const removed = seen.flags.filter((flag) => !after.has(flag.toLowerCase()));
    const isAdded = added.length > 0 && (await this.#mark(account, seen, added, 'add'));
    return (removed.length > 0 && (await this.#mark(account, seen, removed, 'remove'))) || isAdded;
  }

  async #mark(
    account: MailAccount,
    { meta }: Seen,
    flags: readonly string[],
    mode: 'add' | 'remove',
  ): Promise<boolean> {
    const { id, folder, uid } = meta;
    const { applied } = await account.updateMessage([id], { mode, ...flagsOf(flags) }, { as: [{ folder, uid }] });
    return applied.length > 0;
  }

  /** A new message. Answers false when there is no such mailbox, or no room. */
  async #fileInto(account: MailAccount, seen: Seen, action: FileintoAction): Promise<boolean> {
    const { details, body, key, meta } = seen;
    try {
      const folder = targetOf(account, action) ?? (action.create ? await made(account, action.mailbox) : undefined);
      if (folder === undefined) throw new MailError('folder-missing', 'user', `no mailbox ${action.mailbox}`);
      const raw = action.header.edited ? edited(action.header, details, body) : body.stream();
      const deliveryId = `${key}-${folder.id}`;
      const { internalDate } = meta;
      await account.addMessage(raw, { folder: folder.id, ...flagsOf(action.flags), internalDate, deliveryId });
      return true;
    } catch (error) {
      if (!isUserError(error)) throw error;
      this.#parts.log.warn({ err: error, account: account.id }, 'a message could not be filed as a script asked');
      return false;
    }
  }
}

async function made(account: MailAccount, path: string): Promise<Folder> {
  const folder = await account.createFolder(path);
  await account.subscribe(folder.path, true);
  return folder;
}

async function* edited(header: SieveHeader, details: MessageDetails, body: Body): AsyncIterable<Uint8Array> {
  yield header.bytes();
  yield* body.stream(details.structure.bodyStart);
}
