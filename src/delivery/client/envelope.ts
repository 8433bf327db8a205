/** MAIL and RCPT (RFC 5321 §4.1.1) with the parameters of the extensions that the server announced. */
import { type Mailbox, parseMailbox } from '../../mail/path.ts';
import type { OutgoingMail, OutgoingRecipient } from '../transfer.ts';
import type { Capabilities } from './capabilities.ts';

/** What the body is sent as (RFC 6152, RFC 3030). */
export type BodyType = '7BIT' | '8BITMIME' | 'BINARYMIME';

/** The address as it may stand between '<' and '>'; undefined when it is none, whatever it would do to the command. */
export function envelopeAddress(address: string): Mailbox | undefined {
  const mailbox = parseMailbox(address);
  return mailbox === undefined || mailbox.domain === '' ? undefined : mailbox;
}

export interface Envelope {
  /** Undefined: the null reverse-path. */
  readonly sender: Mailbox | undefined;
  readonly mail: OutgoingMail;
  readonly body: BodyType;
  readonly utf8: boolean;
}

export function mailCommand({ sender, mail, body, utf8 }: Envelope, capabilities: Capabilities): string {
  const { envid, ret } = mail.dsn ?? {};
  const dsn = capabilities.has('DSN');
  const parameters = [
    capabilities.has('SIZE') ? `SIZE=${mail.size}` : '',
    body === '7BIT' ? '' : `BODY=${body}`,
    utf8 ? 'SMTPUTF8' : '',
    mail.requireTls ? 'REQUIRETLS' : '',
    dsn && ret !== undefined ? `RET=${ret}` : '',
    dsn && envid !== undefined && isXtext(envid, 100) ? `ENVID=${envid}` : '',
  ];
  return command(`MAIL FROM:<${sender?.address ?? ''}>`, parameters);
}

export function rcptCommand(mailbox: Mailbox, { dsn }: OutgoingRecipient, capabilities: Capabilities): string {
  const parameters: string[] = [];
  if (capabilities.has('DSN') && dsn !== undefined) {
    const { notify, orcpt } = dsn;
    if (notify !== undefined && notify.length > 0) parameters.push(`NOTIFY=${notify.join(',')}`);
    if (orcpt !== undefined && isOriginal(orcpt)) parameters.push(`ORCPT=${orcpt}`);
  }
  return command(`RCPT TO:<${mailbox.address}>`, parameters);
}

function command(path: string, parameters: readonly string[]): string {
  return `${[path, ...parameters.filter((parameter) => parameter !== '')].join(' ')}\r\n`;
}

/** `addr-type;xtext` (RFC 3461 §4.2). */
function isOriginal(orcpt: string): boolean {
  const semicolon = orcpt.indexOf(';');
  return (
    /^[A-Za-z0-9-]{1,30}$/.test(orcpt.slice(0, Math.max(0, semicolon))) && isXtext(orcpt.slice(semicolon + 1), 500)
  );
}

/** RFC 3461 §4: anything else would end the parameter, or the command. A `+` must begin an escape of something printable. */
function isXtext(text: string, limit: number): boolean {
  return text.length > 0 && text.length <= limit && /^(?:[!-*,-<>-~]|\+[2-7][0-9A-F])+$/.test(text);
}
