/**
 * The Sieve scripts of an account: several, of which one may be active. One record lists them, so that whatever is done
 * to them is one commit; the texts are records of their own, named by their digest, written before the list names them.
 */
import { hash } from 'node:crypto';
import type { SieveScript } from '../../mail/sieve/call.ts';
import { compileSieve } from '../../mail/sieve/check.ts';
import { SieveError } from '../../mail/sieve/error.ts';
import { forwardsOf } from '../../mail/sieve/forwards.ts';
import { SIEVE_LIMITS } from '../../mail/sieve/limits.ts';
import { MailError } from '../../mail/error.ts';
import type { AccountId, MailAccount } from '../../mailstore/api.ts';
import type { Clock } from '../../ports/clock.ts';
import { Turns } from './turns.ts';

export const SCRIPT_LIMITS = {
  /** Scripts of an account, and bytes of them all. */
  scripts: 50,
  bytes: 1 << 20,
  /** Characters of a name (RFC 5804 §1.6 asks for 128). */
  name: 128,
};

export interface ScriptInfo {
  readonly name: string;
  readonly active: boolean;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly changed: number;
}

/** A script as it runs: what its digest names never changes. */
export interface StoredScript {
  readonly name: string;
  readonly digest: string;
}

interface Row extends StoredScript {
  readonly size: number;
  readonly changed: number;
}

interface Listing {
  /** '' when none is. */
  readonly active: string;
  readonly scripts: readonly Row[];
  /** What is made of the rules in a form: runs before the active one, and is none of those that people name. */
  readonly rules?: Row;
}

const LIST = ['sieve', 'scripts'] as const;
const TEXT = 'sieve-text';
/** Bytes of a text in a record, which holds them in base64. */
const PIECE = 45_000;
/** Bytes of source whose compiled form is kept in memory. */
const KEPT_BYTES = 16 << 20;
/** What a failure calls them. */
const RULES = 'rules';
const NONE: Listing = { active: '', scripts: [] };

type Account = Pick<MailAccount, 'id' | 'record' | 'putRecord'>;

/** Tells the owner that mail is passed on to where it was not before. Resolves once it is said. */
export type TellOfForwards = (account: AccountId, to: readonly string[]) => Promise<void>;

/** One of these serves all accounts of a process: it keeps their changes apart. */
export class SieveScripts {
  readonly #clock: Clock;
  readonly #tell: TellOfForwards;
  readonly #turns = new Turns();
  readonly #rulesTurns = new Turns();
  readonly #compiled = new Map<string, { readonly script: SieveScript; readonly size: number }>();
  #compiledBytes = 0;

  constructor(clock: Clock, tell: TellOfForwards = () => Promise.resolve()) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** In the order in which they were made. */
  async list(account: Account): Promise<readonly ScriptInfo[]> {
    const { active, scripts } = await listing(account);
    return scripts.map(({ name, size, changed }) => ({ name, size, changed, active: name === active }));
  }

  /** What runs on each mail, one after the other: the owner's rules, then the active script. */
  async running(account: Account): Promise<readonly StoredScript[]> {
    const { active, scripts, rules } = await listing(account);
    const script = active === '' ? undefined : scripts.find(({ name }) => name === active);
    return [rules, script].filter((one) => one !== undefined);
  }

  /** '' when there are none. */
  async rules(account: Account): Promise<string> {
    const { rules } = await listing(account);
    return rules === undefined ? '' : this.#text(account, rules);
  }

  /** Makes others of the rules, as they are when their turn has come; answers them. Throws what `change` throws, and `SieveError`. */
  async changeRules(account: Account, change: (source: string) => string): Promise<string> {
    return this.#rulesTurns.run(account.id, async () => {
      const source = change(await this.rules(account));
      await this.#tellOfNew(account, source);
      const row = { name: RULES, ...(await this.#putText(account, source)) };
      await this.#change(account, (now) => ({ ...now, rules: row }));
      return source;
    });
  }

  async named(account: Account, name: string): Promise<StoredScript | undefined> {
    return (await listing(account)).scripts.find((script) => script.name === name);
  }

  /** Throws `script-missing`. */
  async source(account: Account, name: string): Promise<string> {
    return this.#text(account, found(await listing(account), name));
  }

  /** Throws `SieveError` when today's rules refuse what was stored. */
  async compiled(account: Account, stored: StoredScript): Promise<SieveScript> {
    const known = this.#compiled.get(stored.digest);
    if (known !== undefined) return known.script;
    const source = await this.#text(account, stored);
    const script = compileSieve(source);
    this.#compiled.set(stored.digest, { script, size: source.length });
    this.#compiledBytes += source.length;
    for (const [digest, { size }] of this.#compiled) {
      if (this.#compiledBytes <= KEPT_BYTES) break;
      this.#compiled.delete(digest);
      this.#compiledBytes -= size;
    }
    return script;
  }

  /** Is there room for a script of so many bytes? Throws `limit`, `too-large`, `over-quota`, and `syntax` for the name. */
  async checkRoom(account: Account, name: string, bytes: number): Promise<void> {
    checkRoom(await listing(account), name, bytes);
  }

  /** Throws `SieveError` for what is wrong in it, and as `checkRoom`. */
  async put(account: Account, name: string, source: string): Promise<void> {
    checkRoom(await listing(account), name, Buffer.byteLength(source));
    await this.#tellOfNew(account, source);
    const row: Row = { name, ...(await this.#putText(account, source)) };
    await this.#change(account, (now) => {
      checkRoom(now, name, row.size);
      const place = now.scripts.findIndex((script) => script.name === name);
      return { ...now, scripts: place < 0 ? [...now.scripts, row] : now.scripts.with(place, row) };
    });
  }

  /**
   * To whom this would pass mail on, and no rule and no script does yet: an address, or what one is made of while it runs, which is new
   * each time. Throws `SieveError`.
   */
  async newForwards(account: Account, source: string): Promise<readonly string[]> {
    const { addresses, open } = forwardsOf(compileSieve(source));
    if (addresses.length === 0 || open) return addresses;
    const known = new Set<string>();
    for (const row of textsOf(await listing(account)))
      for (const address of await this.#forwardsOf(account, row)) known.add(address.toLowerCase());
    return addresses.filter((address) => !known.has(address.toLowerCase()));
  }

  async #forwardsOf(account: Account, stored: StoredScript): Promise<readonly string[]> {
    try {
      return forwardsOf(await this.compiled(account, stored)).addresses;
    } catch (error) {
      // It was stored under other rules, and does not run.
      if (error instanceof SieveError) return [];
      throw error;
    }
  }

  /** Before it is done: nobody finds out too late. */
  async #tellOfNew(account: Account, source: string): Promise<void> {
    const to = await this.newForwards(account, source);
    if (to.length > 0) await this.#tell(account.id, to);
  }

  /** A text that nothing names yet. */
  async #putText(account: Account, source: string): Promise<Omit<Row, 'name'>> {
    const bytes = Buffer.from(source);
    const digest = hash('sha256', bytes, 'base64url');
    for (let at = 0; at < bytes.length; at += PIECE)
      await account.putRecord(TEXT, textId(digest, at / PIECE), bytes.toString('base64', at, at + PIECE));
    return { digest, size: bytes.length, changed: this.#clock.now() };
  }

  /** '' makes none active. Throws `script-missing`. */
  async activate(account: Account, name: string): Promise<void> {
    await this.#change(account, (now) => ({ ...now, active: name === '' ? '' : found(now, name).name }));
  }

  /** Throws `script-missing`, and `script-active` for the one that runs. */
  async remove(account: Account, name: string): Promise<void> {
    await this.#change(account, (now) => {
      found(now, name);
      if (now.active === name) throw new MailError('script-active', 'user', `the script ${name} is active`);
      return { ...now, scripts: now.scripts.filter((script) => script.name !== name) };
    });
  }

  /** What is active stays it. Throws `script-missing`, `script-exists`. */
  async rename(account: Account, name: string, to: string): Promise<void> {
    checkName(to);
    await this.#change(account, (now) => {
      const row = found(now, name);
      if (now.scripts.some((script) => script.name === to && script !== row))
        throw new MailError('script-exists', 'user', `there is a script ${to} already`);
      const scripts = now.scripts.map((script) => (script === row ? { ...row, name: to } : script));
      return { ...now, active: now.active === name ? to : now.active, scripts };
    });
  }

  async #text(account: Account, { name, digest }: StoredScript): Promise<string> {
    const pieces: Buffer[] = [];
    for (let n = 0; n * PIECE <= SIEVE_LIMITS.scriptBytes; n += 1) {
      const piece = await account.record<string>(TEXT, textId(digest, n));
      if (piece === undefined) break;
      pieces.push(Buffer.from(piece, 'base64'));
    }
    const bytes = Buffer.concat(pieces);
    if (hash('sha256', bytes, 'base64url') !== digest)
      throw new MailError('damaged', 'bug', `the text of the script ${name} is not whole`);
    return bytes.toString();
  }

  /** Texts that no script names any more go afterwards. */
  async #change(account: Account, to: (now: Listing) => Listing): Promise<void> {
    await this.#turns.run(account.id, async () => {
      const before = await listing(account);
      const after = to(before);
      await account.putRecord(...LIST, after);
      const named = new Set(textsOf(after).map(({ digest }) => digest));
      for (const { digest, size } of textsOf(before))
        if (!named.has(digest))
          for (let at = 0; at < size; at += PIECE) await account.putRecord(TEXT, textId(digest, at / PIECE), undefined);
    });
  }
}

function textsOf({ scripts, rules }: Listing): readonly Row[] {
  return rules === undefined ? scripts : [...scripts, rules];
}

async function listing(account: Account): Promise<Listing> {
  return (await account.record<Listing>(...LIST)) ?? NONE;
}

function found({ scripts }: Listing, name: string): Row {
  const row = scripts.find((script) => script.name === name);
  if (row === undefined) throw new MailError('script-missing', 'user', `there is no script ${name}`);
  return row;
}

function textId(digest: string, number: number): string {
  return `${digest}-${number}`;
}

function checkRoom({ scripts }: Listing, name: string, bytes: number): void {
  checkName(name);
  const others = scripts.filter((script) => script.name !== name);
  if (others.length >= SCRIPT_LIMITS.scripts)
    throw new MailError('limit', 'user', `${SCRIPT_LIMITS.scripts} scripts are the most there can be`);
  if (bytes > SIEVE_LIMITS.scriptBytes)
    throw new MailError('too-large', 'user', `a script has ${SIEVE_LIMITS.scriptBytes} bytes at most`);
  const used = others.reduce((sum, { size }) => sum + size, 0);
  if (used + bytes > SCRIPT_LIMITS.bytes)
    throw new MailError('over-quota', 'user', `all scripts together have ${SCRIPT_LIMITS.bytes} bytes at most`);
}

/** RFC 5804 §1.6. */
function checkName(name: string): void {
  const isName = name !== '' && Array.from(name).length <= SCRIPT_LIMITS.name && name.isWellFormed();
  if (!isName || /[\0-\x1f\x7f-\x9f\u2028\u2029]/.test(name))
    throw new MailError('syntax', 'user', `${JSON.stringify(name.slice(0, 40))} cannot be the name of a script`);
}
