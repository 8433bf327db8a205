/** What the stages that read, answer and file have in common. */
import { hash } from 'node:crypto';
import type { Directory } from '../../directory/api.ts';
import { SieveHeader } from '../../mail/sieve/header.ts';
import { MailError, type MailErrorCode } from '../../mail/error.ts';
import { IMPORTANCE } from '../../mail/rules/rule.ts';
import type { AccountId, Folder, MailAccount, MailStore, NewPlacement, Principal } from '../../mailstore/api.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../telemetry/log.ts';
import type { AutomaticMail } from '../automatic.ts';
import { HEAD_LIMIT } from '../arrival.ts';
import type { Delivery, Findings } from '../pipeline.ts';
import { newMailFolder } from '../new-mail.ts';
import type { Plan } from '../plan.ts';
import { SEEN_DOMAIN, WARNING_FIELD, warningField, WARNINGS } from '../protection/warnings.ts';
import { ASSESSMENT } from '../spam/assessment.ts';

/** Stages that send something for the owner. */
export interface SendingParts {
  readonly store: Pick<MailStore, 'open'>;
  readonly directory: Pick<Directory, 'account' | 'maySendAs'>;
  readonly automatic: AutomaticMail;
  readonly clock: Clock;
  readonly log: Log;
  readonly hostname: string;
}

export const INTAKE: Principal = { kind: 'system', role: 'intake' };

/** Asked again, the same would fail again. */
export function isUserError(error: unknown, ...codes: readonly MailErrorCode[]): boolean {
  if (!(error instanceof MailError) || error.kind === 'temporary' || error.kind === 'bug') return false;
  return codes.length === 0 || codes.includes(error.code);
}

/** Of a mail that is sent for an account by itself: the same for the same thing done again. */
export function automaticMessageId(account: AccountId, key: string, hostname: string): string {
  return `<${hash('sha256', `${account} ${key}`, 'hex').slice(0, 32)}@${hostname}>`;
}

export function inboxOf(account: MailAccount): Folder {
  const inbox = account.folderWithRole('inbox');
  if (inbox === undefined) throw new Error('the account has no INBOX');
  return inbox;
}

/** Where a mail goes of which nothing else is said. */
export async function defaultFolder(account: MailAccount, { junk, person }: Findings): Promise<Folder> {
  if (junk !== undefined) return account.folderWithRole('junk') ?? inboxOf(account);
  const wanted = person?.folder === undefined ? undefined : account.folder(person.folder);
  return wanted ?? (await newMailFolder(account)) ?? inboxOf(account);
}

/** Of mail that was held, and that an operator released. */
export const QUARANTINED = '$Quarantined';

/** Keywords that a mail gets wherever it goes. */
export function defaultKeywords({ mail, findings: { person } }: Delivery): readonly string[] {
  const importance = person?.importance === undefined ? [] : [IMPORTANCE[person.importance]];
  return mail.released === true ? [...importance, QUARANTINED] : importance;
}

/** What is kept beside a mail, in the commit that files it. */
export function recordsOf({ assessment, warnings, seenDomain }: Findings): NonNullable<NewPlacement['records']> {
  return [
    ...(assessment === undefined ? [] : [{ kind: ASSESSMENT, value: assessment }]),
    ...(warnings === undefined ? [] : [{ kind: WARNINGS, value: warnings }]),
    ...(seenDomain === undefined ? [] : [{ kind: SEEN_DOMAIN, id: seenDomain, value: 1 }]),
  ];
}

/** With a field for each warning above the others; those that came with the mail are nobody's word. */
export function withWarnings(header: SieveHeader, { warnings = [] }: Findings): SieveHeader {
  const worth = warnings.filter(({ level }) => level === 'warning');
  if (worth.length === 0) return header;
  const plain = header.without(new Set(header.all(WARNING_FIELD)));
  return worth.toReversed().reduce((made, one) => made.with(WARNING_FIELD, warningField(one), false), plain);
}

/** Of a mail of which no rule made a plan. */
export async function readAgain(delivery: Delivery): Promise<Pick<Plan, 'details' | 'header'>> {
  const { details, body } = await delivery.content();
  const header = SieveHeader.parse(await body.bytes(0, Math.min(details.structure.bodyStart, HEAD_LIMIT)));
  return { details, header };
}
