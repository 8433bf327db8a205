/** Mail that an account sends without its user: one commit in its partition, as for what the user sends. */
import type { Dispatcher } from '../delivery/dispatcher.ts';
import type { Directory } from '../directory/api.ts';
import type { AutomaticMail } from '../intake/automatic.ts';
import { Content, headerOf } from '../intake/content.ts';
import { hops, MAX_HOPS } from '../intake/trace.ts';
import { MailError } from '../mail/error.ts';
import { HeaderBlock } from '../mail/header.ts';
import { parseMailbox } from '../mail/path.ts';
import { isTlsOptional } from '../mail/tls-required.ts';
import { decodeWords } from '../mail/words.ts';
import type { MailStore, Principal, Staged } from '../mailstore/api.ts';
import type { SubmissionRecipient } from '../mailstore/submission.ts';
import type { Clock } from '../ports/clock.ts';
import { WireDigest, WireScan } from './wire-scan.ts';

export interface AutomaticParts {
  readonly directory: Pick<Directory, 'route'>;
  readonly store: Pick<MailStore, 'open' | 'stage'>;
  readonly dispatcher: Pick<Dispatcher, 'wake'>;
  readonly clock: Clock;
  /** Whether mail goes to other domains. */
  readonly remote: boolean;
}

const INTAKE: Principal = { kind: 'system', role: 'intake' };
const SUBJECT_LENGTH = 200;

export class AutomaticSender implements AutomaticMail {
  readonly #parts: AutomaticParts;

  constructor(parts: AutomaticParts) {
    this.#parts = parts;
  }

  async reach(address: string): Promise<'local' | 'remote' | undefined> {
    const resolved = await this.#resolve(address);
    return resolved && (resolved.destination === '' ? 'local' : 'remote');
  }

  async #resolve(address: string): Promise<{ destination: string; recipient: SubmissionRecipient } | undefined> {
    const mailbox = parseMailbox(address);
    if (mailbox === undefined) return undefined;
    const route = await this.#parts.directory.route(mailbox.address);
    const recipient = queued(mailbox.address);
    if (route.kind === 'account') return { destination: '', recipient: { ...recipient, account: route.account } };
    return route.kind === 'remote' && this.#parts.remote ? { destination: mailbox.domain, recipient } : undefined;
  }

  async send({
    account,
    sender,
    recipient,
    mail,
    key,
    requireTls = false,
    forwardedBy,
    answers,
    passesOn,
    through,
    hold,
    notifies,
  }: Parameters<AutomaticMail['send']>[0]): Promise<void> {
    const { store, dispatcher, clock } = this.#parts;
    const header = HeaderBlock.parse(headerOf(mail));
    const passed = hops(header);
    if (passed >= MAX_HOPS) throw new MailError('mail-loop', 'user', `it has passed ${passed} servers: this is a loop`);
    const recipients = [recipient].flat();
    const found =
      through === undefined && hold === undefined
        ? await Promise.all(recipients.map((address) => this.#resolve(address)))
        : recipients.map((address) => ({ destination: through ?? '', recipient: queued(address) }));
    const resolved = found.filter((one) => one !== undefined);
    if (resolved.length === 0)
      throw new MailError('unknown-recipient', 'user', `no mail goes to ${recipients.join(', ')}`);
    const content = new Content(mail, '');
    const scan = new WireScan();
    const digest = new WireDigest();
    const scanned = content.bytes instanceof Uint8Array ? content.bytes : scan.through(content.bytes);
    if (scanned instanceof Uint8Array) scan.push(scanned);
    const raw = hold === undefined ? scanned : digest.through(scanned);
    const [staged] = (await store.stage([{ account }], raw)) as [Staged];
    using opened = await store.open(INTAKE, account);
    const { effects } = await opened.outgoing.submit(staged, {
      sender,
      messageId: header.first('message-id') ?? '',
      subject: Array.from(decodeWords(header.first('subject') ?? ''))
        .slice(0, SUBJECT_LENGTH)
        .join(''),
      created: clock.now(),
      size: staged.size,
      needs: {
        smtputf8: scan.headerEightBit || ![sender, ...recipients].every(isAscii),
        eightBit: scan.eightBit,
        binary: scan.binary,
      },
      requireTls,
      ...(!requireTls && isTlsOptional(header) && { tlsOptional: true as const }),
      ...(forwardedBy !== undefined && { forwardedBy }),
      origin: { protocol: 'local', hello: '', remote: '', cipher: '' },
      deliveries: resolved.map((one) => ({
        destination: one.destination,
        recipients: [one.recipient],
        ...(hold && { held: true as const }),
      })),
      ...(notifies && { notifies }),
      ...(hold && { hold: { ...hold, digest: digest.hex() } }),
      key,
      ...(answers !== undefined && { answers }),
      ...(passesOn !== undefined && { passesOn }),
    });
    dispatcher.wake(account, effects);
  }
}

function queued(address: string): SubmissionRecipient {
  return { address, state: 'queued' };
}

function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}
