/**
 * What an MTA_n does with a mail, in the order of the paper: am I a gateway? is relaying allowed? am I the destination? else an error as
 * ever. The tables are read from above; the first row whose conditions all hold decides. A condition that is absent does not matter.
 *
 * | scenario | from | to | what happens |
 * | --- | --- | --- | --- |
 * | 1 | conventional | conventional | the mail goes whole |
 * | 2 | Downmail | Downmail | the original is held, a notification goes |
 * | 3 | conventional | Downmail | the gateway holds the original, a notification goes; without one the recipient's server refuses, and explains |
 * | 4 | Downmail | conventional | the mail goes whole |
 * | 5 | Downmail | conventional | the original is held, a notification goes |
 *
 * The phases choose: introduction 1, 2, 3, 4; diffusion 1, 2, 3, 5; maturity 1, 2, 5, and 3 is answered with an error.
 */
import type { Phase, SenderMode, SystemMode } from './policy.ts';

/** What is known when a user of ours sends to one recipient (the paper's 가: relaying is allowed). */
export interface Sending {
  /** Its body is longer than the limit: it is an original, no signal mail. */
  readonly original: boolean;
  /** It is longer than what is sent whole to anybody. */
  readonly large: boolean;
  readonly system: SystemMode;
  /** As the sender asks for this one mail. */
  readonly asked?: 'held' | 'whole';
  /** What the sender set for this recipient in particular. */
  readonly contact?: 'held' | 'whole';
  /** Of the account, else of its domain. */
  readonly sender: SenderMode;
  /** The sender has written to or heard from this recipient. */
  readonly known: boolean;
  readonly phase: Phase;
  /** The recipient's side takes notifications for granted. */
  readonly recipient: 'downmail' | 'conventional';
}

export type SendingVerdict = 'whole' | 'held';

interface Row<Facts, Verdict> {
  readonly when: { readonly [Fact in keyof Facts]?: Facts[Fact] | readonly Facts[Fact][] };
  readonly verdict: Verdict;
}

const HOLDS: readonly SystemMode[] = ['downmail', 'hybrid-send'];

export const SENDING_TABLE: readonly Row<Sending, SendingVerdict>[] = [
  // A conventional server has no sender mailboxes, and a gateway none for what is sent from there.
  { when: { system: ['conventional', 'hybrid-receive', 'gateway'] }, verdict: 'whole' },
  { when: { asked: 'held' }, verdict: 'held' },
  { when: { asked: 'whole' }, verdict: 'whole' },
  // Signal mail goes the conventional way.
  { when: { original: false }, verdict: 'whole' },
  { when: { large: true, system: HOLDS }, verdict: 'held' },
  { when: { contact: 'whole' }, verdict: 'whole' },
  { when: { contact: 'held' }, verdict: 'held' },
  // The sender's configuration.
  { when: { sender: 'conventional' }, verdict: 'whole' },
  { when: { sender: 'strangers', known: true }, verdict: 'whole' },
  { when: { sender: ['downmail', 'strangers'] }, verdict: 'held' },
  // The system's: scenario 2, then 4 or 5.
  { when: { recipient: 'downmail' }, verdict: 'held' },
  { when: { phase: 'introduction' }, verdict: 'whole' },
  { when: { phase: ['diffusion', 'maturity'] }, verdict: 'held' },
];

/** What is known when another's mail arrives for a recipient of ours (the paper's 나: this is its destination), or of a domain for which this is
 * the gateway (다). */
export interface Receiving {
  readonly original: boolean;
  readonly system: SystemMode;
  /** What the recipient takes from this sender: originals, or notifications only. */
  readonly recipient: 'originals' | 'notifications';
  /** There is a gateway that keeps originals for this recipient. */
  readonly gateway: boolean;
  readonly phase: Phase;
}

/** `hold`: here, as the gateway; `gateway`: it goes there. */
export type ReceivingVerdict = 'deliver' | 'refuse' | 'hold' | 'gateway';

export const RECEIVING_TABLE: readonly Row<Receiving, ReceivingVerdict>[] = [
  { when: { system: 'gateway' }, verdict: 'hold' },
  { when: { original: false }, verdict: 'deliver' },
  { when: { system: ['conventional', 'hybrid-send'] }, verdict: 'deliver' },
  { when: { recipient: 'originals' }, verdict: 'deliver' },
  // In maturity everybody can send by Downmail, and the gateway is gone.
  { when: { gateway: true, phase: ['introduction', 'diffusion'] }, verdict: 'gateway' },
  { when: { recipient: 'notifications' }, verdict: 'refuse' },
];

export function decideSending(facts: Sending): SendingVerdict {
  return decide(SENDING_TABLE, facts, 'whole');
}

export function decideReceiving(facts: Receiving): ReceivingVerdict {
  return decide(RECEIVING_TABLE, facts, 'deliver');
}

function decide<Facts extends object, Verdict>(
  table: readonly Row<Facts, Verdict>[],
  facts: Facts,
  otherwise: Verdict,
): Verdict {
  const row = table.find(({ when }) =>
    (Object.keys(when) as (keyof Facts)[]).every((fact) => {
      const wanted = when[fact];
      return Array.isArray(wanted) ? wanted.includes(facts[fact]) : wanted === facts[fact];
    }),
  );
  return row === undefined ? otherwise : row.verdict;
}
