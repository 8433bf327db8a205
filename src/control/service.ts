/** What the operations of the command line work on: the opened parts of a service, whether it listens or not. */
import type { Compliance } from '../compliance/compliance.ts';
import type { Suppressions } from '../delivery/feedback/suppressions.ts';
import type { ReportHistory } from '../delivery/reports/history.ts';
import type { DailyReports } from '../delivery/reports/reporter.ts';
import type { Senders } from '../delivery/senders.ts';
import type { Directory } from '../directory/api.ts';
import type { AuditTrail } from '../directory/audit.ts';
import type { CatchAll } from '../directory/catch-all.ts';
import type { Offices } from '../directory/offices.ts';
import type { Tenants } from '../directory/tenants.ts';
import type { DkimKeys } from '../directory/dkim-keys.ts';
import type { GatewayMailboxes } from '../downmail/gateway-mailboxes.ts';
import type { UndeletedHosts } from '../downmail/undeleted-hosts.ts';
import type { StageFacts } from '../intake/pipeline.ts';
import type { RejectLists } from '../directory/reject-lists.ts';
import type { MailStore } from '../mailstore/api.ts';
import type { Renewals } from '../net/acme/renewals.ts';
import type { Certificates } from '../net/certificates.ts';
import type { DeadLetters } from '../modules/dead-letters.ts';
import type { ModuleFacts } from '../modules/module.ts';
import type { BlobStore } from '../ports/blob.ts';
import type { Cache } from '../ports/cache.ts';
import type { Clock } from '../ports/clock.ts';
import type { KeyValueStore } from '../ports/kv.ts';
import type { Queue } from '../ports/queue.ts';
import type { Random } from '../ports/random.ts';

export interface Service {
  readonly directory: Directory;
  readonly dkimKeys: DkimKeys;
  readonly rejectLists: RejectLists;
  readonly audit: AuditTrail;
  readonly offices: Offices;
  readonly tenants: Tenants;
  readonly catchAll: CatchAll;
  readonly compliance: Compliance;
  readonly mailstore: MailStore;
  readonly queue: Queue;
  readonly senders: Senders;
  readonly suppressions: Suppressions;
  /** Reports that were sent, and that came. */
  readonly reports: ReportHistory;
  /** Sends reports; undefined when it does not listen, or none are to be sent. */
  readonly dailyReports: () => Pick<DailyReports, 'send' | 'waiting'> | undefined;
  /** What a gateway keeps for recipients (Downmail). */
  readonly gatewayMailboxes: GatewayMailboxes;
  /** Servers that kept originals which they said they had deleted. */
  readonly undeletedHosts: UndeletedHosts;
  readonly kv: KeyValueStore;
  readonly cache: Cache;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly random: Random;
  /** The data folder. */
  readonly data: string;
  /** Real addresses by protocol; empty when it does not listen. */
  readonly listening: () => Readonly<Record<string, readonly string[]>>;
  /** Those in use; undefined when it does not listen. */
  readonly certificates: () => Certificates | undefined;
  /** Those that come by ACME; undefined when none do. */
  readonly renewals: () => Renewals | undefined;
  /** What happens to arriving mail, in order; empty when none can arrive. */
  readonly intakeStages: () => readonly StageFacts[];
  /** The extension modules that run; empty when it does not listen. */
  readonly modules: () => readonly ModuleFacts[];
  /** What modules could not deal with. */
  readonly deadLetters: DeadLetters;
  /** What does not work at the moment, one line each. */
  readonly health: () => Promise<readonly string[]>;
  /** Another store for blobs in that folder, for a backup. */
  readonly blobsIn: (folder: string) => Promise<BlobStore>;
  /** Collects what nothing names any more. */
  readonly sweep: () => ReturnType<MailStore['sweep']>;
  /** Nothing is collected while `act` runs. */
  readonly withoutSweep: <T>(act: () => Promise<T>) => Promise<T>;
}
