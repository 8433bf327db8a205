/** What a report or a complaint changes in what is known of a mail: in one commit with what follows from it. */
import { classify } from '../../mail/bounce.ts';
import type { RecipientReport } from '../../mail/delivery-report.ts';
import { wants } from '../../mail/dsn-request.ts';
import { parseMailbox } from '../../mail/path.ts';
import type { AccountId, MailAccount } from '../../mailstore/api.ts';
import type {
  Delivery,
  DeliveryChange,
  Feedback,
  ReportKind,
  Submission,
  SubmissionId,
  SubmissionRecipient,
} from '../../mailstore/submission.ts';
import { bounces } from '../outcomes.ts';

export interface Proof {
  readonly submission: SubmissionId;
  /** Which delivery; undefined: any of them. */
  readonly part: number | undefined;
  /** By a signed return path. Without one, whoever has the mail may have made the report up. */
  readonly certain: boolean;
}

const TEXT_LENGTH = 500;

/** Answers for how many recipients something was new or known already. */
export function noteReport(
  account: MailAccount,
  proof: Proof,
  reports: readonly RecipientReport[],
  now: number,
): Promise<number> {
  const named = byAddress(reports);
  const only = reports.length === 1 ? reports[0] : undefined;
  return inDeliveries(account, proof, (delivery, submission, certain) => {
    const tell: Record<ReportKind, SubmissionRecipient[]> = { failed: [], delayed: [], delivered: [], relayed: [] };
    const bounced: SubmissionRecipient[] = [];
    let matched = 0;
    const recipients = delivery.recipients.map((recipient) => {
      const report = named.get(comparable(recipient.address) ?? '') ?? (isLone(delivery, proof) ? only : undefined);
      if (report === undefined) return recipient;
      matched++;
      const next = reported(recipient, report, now);
      if (next === recipient) return recipient;
      if (next.state === 'bounced') bounced.push(next);
      const kind = kindOf(report, next);
      if (kind !== undefined) tell[kind].push(next);
      return next;
    });
    const feedback = bounces(bounced, 'report', certain);
    // Without a return path of its own the report itself is what the sender gets.
    const answer = proof.part === undefined || submission.sender === '' ? [] : told(tell);
    const changed = recipients.some((one, i) => one !== delivery.recipients[i]);
    return { matched, change: changed ? { recipients, tries: delivery.tries, reports: answer, feedback } : undefined };
  });
}

/** `named`: addresses that the complaint names, or none; or one of our accounts. Answers as `noteReport`. */
export function noteComplaint(
  account: MailAccount,
  proof: Proof,
  named: readonly string[] | AccountId,
  source: Feedback['source'],
  now: number,
): Promise<number> {
  return inDeliveries(account, proof, (delivery, _submission, certain) => {
    const isMeant = (one: SubmissionRecipient): boolean =>
      typeof named === 'string'
        ? one.account === named
        : named.length === 0
          ? delivery.recipients.length === 1 && (proof.part !== undefined || certain)
          : named.some((address) => isSame(address, one.address));
    const meant = delivery.recipients.filter(isMeant);
    const fresh = meant.filter(({ complaint }) => complaint === undefined);
    if (fresh.length === 0) return { matched: meant.length, change: undefined };
    const recipients = delivery.recipients.map((one) => (fresh.includes(one) ? { ...one, complaint: now } : one));
    const one: Feedback = { feedback: 'complaint', source, certain: certain || source === 'user', recipients: fresh };
    return { matched: meant.length, change: { recipients, tries: delivery.tries, reports: [], feedback: [one] } };
  });
}

interface Note {
  readonly matched: number;
  readonly change: DeliveryChange | undefined;
}

async function inDeliveries(
  { outgoing }: MailAccount,
  { submission, part, certain }: Proof,
  note: (delivery: Delivery, submission: Submission, certain: boolean) => Note,
): Promise<number> {
  const deliveries = await outgoing.deliveries(submission);
  // Of a mail to one recipient nobody else has a copy, to make up a report about him.
  const alone = deliveries.length === 1 && deliveries[0]?.recipients.length === 1;
  let matched = 0;
  for (const at of part === undefined ? deliveries.keys() : [part]) {
    let here = 0;
    await outgoing.changeDelivery(submission, at, (delivery, current) => {
      const found = note(delivery, current, certain || alone);
      here = found.matched;
      return found.change;
    });
    matched += here;
  }
  return matched;
}

/** By each address that a report names, the first that names it. */
function byAddress(reports: readonly RecipientReport[]): ReadonlyMap<string, RecipientReport> {
  const named = new Map<string, RecipientReport>();
  for (const report of reports)
    for (const address of [comparable(report.address), comparable(report.finalAddress)])
      if (address !== undefined && !named.has(address)) named.set(address, report);
  return named;
}

/** A report about it that names nobody we know is about the only one there is. */
function isLone({ recipients }: Delivery, { part }: Proof): boolean {
  return part !== undefined && recipients.length === 1;
}

/** The same object when nothing is new. What was heard before does not become better by a report that comes late. */
function reported(recipient: SubmissionRecipient, report: RecipientReport, now: number): SubmissionRecipient {
  const { action, status, diagnostic, remoteMta } = report;
  if (recipient.state !== 'sent') return recipient;
  const heard = {
    at: now,
    status,
    ...(diagnostic !== '' && { reply: diagnostic.slice(0, TEXT_LENGTH) }),
    ...(remoteMta !== '' && { host: remoteMta.slice(0, TEXT_LENGTH) }),
  };
  switch (action) {
    case 'failed':
      return { ...recipient, ...heard, state: 'bounced', reason: 'it was taken, and reported as failed later' };
    case 'delivered':
      return { ...recipient, ...heard, state: 'delivered', reason: 'reported by its server' };
    case 'delayed':
      return recipient.warned ? recipient : { ...recipient, ...heard, warned: true, reason: 'reported as delayed' };
    case 'relayed':
    case 'expanded':
      return recipient.status === status ? recipient : { ...recipient, ...heard, reason: `reported as ${action}` };
  }
}

function kindOf({ action, status }: RecipientReport, { dsn }: SubmissionRecipient): ReportKind | undefined {
  if (action === 'failed') return wants(dsn, 'FAILURE') ? 'failed' : undefined;
  if (action === 'delayed') return wants(dsn, 'DELAY') ? 'delayed' : undefined;
  if (classify({ action, status }) !== 'none' || !wants(dsn, 'SUCCESS')) return undefined;
  return action === 'delivered' ? 'delivered' : 'relayed';
}

function told(tell: Readonly<Record<ReportKind, readonly SubmissionRecipient[]>>): DeliveryChange['reports'] {
  return (['failed', 'delayed', 'delivered', 'relayed'] as const)
    .filter((report) => tell[report].length > 0)
    .map((report) => ({ report, recipients: tell[report] }));
}

function isSame(one: string, other: string): boolean {
  const a = comparable(one);
  return a !== undefined && a === comparable(other);
}

/** Case aside: some servers write addresses as they like. Undefined for what is no address. */
export function comparable(address: string): string | undefined {
  return parseMailbox(address)?.address.toLowerCase();
}
