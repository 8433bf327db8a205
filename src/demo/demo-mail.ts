/** A mail as it lies in a mailbox of the demo. */
import type { Letter } from './compose.ts';
import type { Person } from './people.ts';

export interface DemoMail extends Letter {
  readonly owner: Person;
  readonly folder: string;
  readonly hoursAgo: number;
  readonly unread?: true;
  readonly flagged?: true;
  readonly answered?: true;
  readonly keywords?: readonly string[];
  /** Mails of one name answer each other, the oldest first. */
  readonly thread?: string;
}
