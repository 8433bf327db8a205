/** Compares a ledger with what the service has now, read back over IMAP or POP3. */
import { ImapClient } from '../client/imap.ts';
import { Pop3Client } from '../client/pop3.ts';
import { type LedgerEntry, sha256 } from './ledger.ts';

export interface CheckReport {
  /** Acknowledged (message, recipient) pairs. */
  readonly acked: number;
  /** Messages of the load that are in the mailboxes, copies included. */
  readonly found: number;
  /** `id recipient` of what was acknowledged and is nowhere. */
  readonly lost: readonly string[];
  /** Of what is in an account more than once. */
  readonly duplicated: readonly string[];
  /** Of what is not byte for byte what was sent. */
  readonly changed: readonly string[];
  /** There, complete, and never acknowledged (the connection broke first): allowed. */
  readonly unacknowledged: number;
  /** UIDs out of order or reused within a folder. */
  readonly disorder: readonly string[];
}

export interface CheckOptions {
  readonly imap?: string;
  /** Instead of IMAP. */
  readonly pop3?: string;
  readonly password: string | ((account: string) => string);
  /** Accounts to look into; those of the ledger by default. */
  readonly accounts?: readonly string[];
  readonly parallel?: number;
}

export async function checkLedger(entries: readonly LedgerEntry[], options: CheckOptions): Promise<CheckReport> {
  const accounts = options.accounts ?? [...new Set(entries.map((entry) => entry.recipient))];
  const promised = new Map(entries.map((entry) => [`${entry.id} ${entry.recipient}`, entry]));
  const seen = new Map<string, number>();
  const changed: string[] = [];
  const disorder: string[] = [];
  let found = 0;
  const look = (account: string, raw: Buffer): void => {
    const id = /^X-Load-Id: (.*)\r$/m.exec(raw.toString('latin1', 0, 4096))?.[1];
    if (id === undefined) return;
    const key = `${id} ${account}`;
    found++;
    seen.set(key, (seen.get(key) ?? 0) + 1);
    if (!intact(raw, promised.get(key))) changed.push(key);
  };
  const waiting = [...accounts];
  const work = async (): Promise<void> => {
    for (let account = waiting.shift(); account !== undefined; account = waiting.shift()) {
      const password = typeof options.password === 'string' ? options.password : options.password(account);
      if (options.pop3 !== undefined) await readOverPop3(options.pop3, account, password, look);
      else if (options.imap !== undefined) await readOverImap(options.imap, account, password, look, disorder);
    }
  };
  await Promise.all(Array.from({ length: options.parallel ?? 4 }, work));
  return {
    acked: promised.size,
    found,
    lost: [...promised.keys()].filter((key) => !seen.has(key)),
    duplicated: [...seen].filter(([, copies]) => copies > 1).map(([key]) => key),
    changed,
    unacknowledged: [...seen.keys()].filter((key) => !promised.has(key)).length,
    disorder,
  };
}

/** No loss, no second copy, no changed byte. */
export function isClean(report: CheckReport): boolean {
  return (
    report.lost.length === 0 &&
    report.duplicated.length === 0 &&
    report.changed.length === 0 &&
    report.disorder.length === 0
  );
}

/** The service puts trace lines before the message; everything from our first field on must be as it was sent. */
function intact(raw: Buffer, promised: LedgerEntry | undefined): boolean {
  if (promised) return raw.length >= promised.size && sha256(raw.subarray(-promised.size)) === promised.sha256;
  const body = raw.subarray(raw.indexOf('\r\n\r\n') + 4);
  return raw.includes(`X-Load-Body: ${sha256(body)}\r\n`);
}

async function readOverImap(
  address: string,
  account: string,
  password: string,
  look: (account: string, raw: Buffer) => void,
  disorder: string[],
): Promise<void> {
  await using imap = await ImapClient.connect(address);
  await imap.login(account, password);
  for (const folder of await imap.folders()) {
    let last = 0;
    for await (const { uid, raw } of imap.messages(folder)) {
      if (uid <= last) disorder.push(`${account} ${folder}: UID ${uid} after ${last}`);
      last = uid;
      look(account, raw);
    }
  }
  await imap.logout();
}

async function readOverPop3(
  address: string,
  account: string,
  password: string,
  look: (account: string, raw: Buffer) => void,
): Promise<void> {
  await using pop3 = await Pop3Client.connect(address);
  await pop3.login(account, password);
  const { messages } = await pop3.stat();
  for (let number = 1; number <= messages; number++) look(account, await pop3.retrieve(number));
  await pop3.quit();
}
