/** The world in which a published Sieve test runs: a mail, folders, and what was sent. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { composeAnswer, fromOf, ownAddresses, whyNoAnswer } from '../../src/intake/sieve/vacation.ts';
import { composeMessage } from '../../src/mail/compose.ts';
import { composeDsn } from '../../src/mail/dsn.ts';
import { parseStructure } from '../../src/mail/mime.ts';
import type { SieveAction } from '../../src/mail/sieve/actions.ts';
import type { SieveScript } from '../../src/mail/sieve/call.ts';
import { compileSieve } from '../../src/mail/sieve/check.ts';
import { SieveHeader } from '../../src/mail/sieve/header.ts';
import { blankHost } from '../../src/mail/sieve/blank-host.ts';
import type { SieveHost } from '../../src/mail/sieve/machine.ts';
import type { SieveInput } from '../../src/mail/sieve/message.ts';

export interface SuiteMail {
  readonly from: string;
  readonly to: string;
  readonly raw: Buffer;
  readonly flags: readonly string[];
}

/** A test asks for what another engine has, and no RFC. */
export class NotComparable extends Error {}

export class SuiteWorld {
  readonly #file: string;
  readonly #now = Date.now();
  readonly folders = new Map<string, SuiteMail[]>([['INBOX', []]]);
  readonly #sent: SuiteMail[] = [];
  readonly #seen = new Set<string>();
  readonly settings = new Map<string, string>();
  mail: SuiteMail = { from: 'sender@example.com', to: 'recipient@example.org', raw: Buffer.from('\r\n'), flags: [] };

  constructor(file: string) {
    this.#file = file;
  }

  /** Folders keep what they have. */
  reset(): void {
    this.#sent.length = 0;
    for (const id of this.#seen) if (id.startsWith('vacation ')) this.#seen.delete(id);
  }

  get sent(): readonly SuiteMail[] {
    return this.#sent;
  }

  input({ from, to, raw }: SuiteMail): SieveInput {
    return {
      envelope: { from, to },
      size: raw.length,
      structure: parseStructure(raw),
      read: async (start, end) => raw.subarray(start, end),
    };
  }

  host(): SieveHost {
    const environment = new Map([
      ['name', 'Pabal'],
      ['host', 'mail.example.test'],
      ['domain', 'example.test'],
      ['location', 'MDA'],
      ['phase', 'during'],
      ['version', '1'],
    ]);
    return {
      ...blankHost(this.#now),
      zone: -new Date(this.#now).getTimezoneOffset(),
      mailboxExists: (name) => this.folders.has(name),
      wasSeen: async (id) => this.#seen.has(id),
      script: async (name) => this.compiled(this.#included(name)),
      environment: (name) => environment.get(name),
    };
  }

  /** Undefined when there is no such file. Throws `SieveError`. */
  compiled(path: string): SieveScript | undefined {
    return existsSync(path) ? compileSieve(readFileSync(path, 'utf8').replaceAll(/\r?\n/g, '\r\n')) : undefined;
  }

  beside(name: string): string {
    return join(dirname(this.#file), name);
  }

  #included(name: string): string {
    const personal = this.beside(`included/${name}.sieve`);
    return existsSync(personal) ? personal : this.beside(`included-global/${name}.sieve`);
  }

  async perform(actions: readonly SieveAction[], remember: readonly { readonly id: string }[]): Promise<void> {
    for (const action of actions) await this.#perform(action);
    for (const { id } of remember) this.#seen.add(id);
  }

  async #perform(action: SieveAction): Promise<void> {
    const { mail } = this;
    const header = 'header' in action ? action.header : SieveHeader.parse(mail.raw);
    const raw = header.edited ? this.#edited(header, mail.raw) : mail.raw;
    switch (action.type) {
      case 'keep':
        this.folders.get('INBOX')!.push({ ...mail, raw, flags: action.flags });
        return;
      case 'fileinto': {
        const known = this.folders.get(action.mailbox);
        const folder = known ?? (action.create ? [] : undefined);
        if (folder === undefined) throw new Error(`no folder ${action.mailbox}`);
        this.folders.set(action.mailbox, folder);
        folder.push({ ...mail, raw, flags: action.flags });
        return;
      }
      case 'redirect':
        this.#send(mail.from, action.address, raw);
        return;
      case 'reject':
        if (mail.from === '') return;
        this.#send('', mail.from, this.#rejection(action.reason));
        return;
      case 'vacation': {
        const owner = this.settings.get('sieve_user_email') ?? mail.to;
        const own = ownAddresses([mail.to, owner, ...action.addresses]);
        const key = `vacation ${action.handle} ${mail.from.toLowerCase()}`;
        if (whyNoAnswer(mail.from, header, own) !== undefined || this.#seen.has(key)) return;
        this.#seen.add(key);
        const from = fromOf(action.from) ?? { address: mail.to };
        const answer = { action, to: mail.from, from, header, messageId: '<answer@example.test>', date: this.#now };
        this.#send('', mail.from, await composeAnswer(answer));
        return;
      }
      case 'notify': {
        const from = fromOf(action.from) ?? { address: mail.to };
        for (const to of action.recipients)
          this.#send(
            mail.from === '' ? '' : from.address,
            to,
            await composeMessage({
              from,
              to: [{ address: to }],
              subject: action.subject,
              text: action.message,
              importance: action.importance,
              messageId: '<notice@example.test>',
              date: this.#now,
              headers: [['Auto-Submitted', `auto-notified; owner-email="${mail.to}"`], ...action.headers],
            }),
          );
      }
    }
  }

  #send(from: string, to: string, raw: Uint8Array): void {
    this.#sent.push({ from, to, raw: Buffer.from(raw), flags: [] });
  }

  #edited(header: SieveHeader, raw: Buffer): Buffer {
    return Buffer.concat([header.bytes(), raw.subarray(parseStructure(raw).bodyStart)]);
  }

  #rejection(reason: string): Uint8Array {
    const { from, to, raw } = this.mail;
    return composeDsn({
      action: 'failed',
      reportingMta: 'mail.example.test',
      domain: 'example.test',
      to: from,
      messageId: '<report@example.test>',
      date: this.#now,
      arrived: this.#now,
      recipients: [{ address: to, status: '5.7.1', reason }],
      original: { content: raw, whole: false, messageId: '' },
    });
  }
}
