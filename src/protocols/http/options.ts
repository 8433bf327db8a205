/** What the HTTP listener is made of, and what it is to whoever made it. */
import type { ReportHistory } from '../../delivery/reports/history.ts';
import type { UserComplaints } from '../../delivery/feedback/by-user.ts';
import type { Suppressions } from '../../delivery/feedback/suppressions.ts';
import type { DeliverabilityReport } from '../../delivery/senders.ts';
import type { SenderMailboxManager } from '../../downmail/manager.ts';
import type { Directory } from '../../directory/api.ts';
import type { AuditTrail } from '../../directory/audit.ts';
import type { OpenAccess } from '../../directory/open-access.ts';
import type { Offices } from '../../directory/offices.ts';
import type { CatchAll } from '../../directory/catch-all.ts';
import type { Tenants } from '../../directory/tenants.ts';
import type { Compliance } from '../../compliance/compliance.ts';
import type { SignUp } from '../../directory/sign-up.ts';
import type { Originals } from '../../downmail/originals.ts';
import type { PickUp } from '../../downmail/pick-up.ts';
import type { Classifier } from '../../intake/classify.ts';
import type { Quarantine } from '../../intake/quarantine.ts';
import type { Rules } from '../../intake/rules.ts';
import type { SieveScripts } from '../../intake/sieve/scripts.ts';
import type { MailStore } from '../../mailstore/api.ts';
import type { HostPort } from '../../net/address.ts';
import type { TlsIdentity } from '../../net/tls.ts';
import type { Cache } from '../../ports/cache.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Queue } from '../../ports/queue.ts';
import type { Random } from '../../ports/random.ts';
import type { Receipts } from '../../submit/receipts.ts';
import type { Submit } from '../../submit/submit.ts';
import type { MailFlow } from '../../telemetry/flow.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { App, HttpLimits } from './context.ts';
import type { RemoteImagesOptions } from './remote-images.ts';
import type { RequestLimits } from './request-rate.ts';
import type { AdminDesk } from './routes/admin-service.ts';

export interface HttpOptions {
  readonly mailstore: MailStore;
  readonly directory: Directory;
  readonly offices: Offices;
  readonly tenants: Tenants;
  readonly catchAll: CatchAll;
  readonly cache: Cache;
  readonly submit: Submit;
  /** For administrators. */
  readonly deliverability: () => Promise<DeliverabilityReport>;
  readonly queue: AdminDesk['queue'] & Pick<Queue, 'add'>;
  readonly domainRecords: AdminDesk['domainRecords'];
  readonly quarantine: Quarantine;
  /** Of what administrators do. */
  readonly audit: AuditTrail;
  readonly compliance: Compliance;
  /** Mail on its way, for administrators who watch. */
  readonly flow: MailFlow;
  readonly suppressions: Suppressions;
  /** Default: nobody makes an account by himself. */
  readonly signUp?: SignUp;
  readonly complaints: Pick<UserComplaints, 'about'>;
  readonly receipts: Receipts;
  /** Absent: no mail is held for those who fetch it. */
  readonly senderMailboxes?: SenderMailboxManager;
  readonly originals: Pick<Originals, 'read' | 'fetch'>;
  /** Reports about domains that came, or were sent. */
  readonly reports: Pick<ReportHistory, 'list'>;
  readonly rules: Rules;
  readonly scripts: SieveScripts;
  readonly classifier: Classifier;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  /** 32 random bytes that stay the same over restarts and on all nodes: they authenticate page cursors. */
  readonly secret: Uint8Array;
  /** For the start page. */
  readonly hostname: string;
  /** What listens where, by protocol; asked for whenever the start page is shown. */
  readonly listening: () => Readonly<Record<string, readonly string[]>>;
  /** Where browsers reach this service, without a slash at the end; absent: where the request came to. */
  readonly publicUrl?: string;
  /** Folder with the built web client; without one, or without a build in it, `/` is the start page. */
  readonly clientFolder?: string;
  /** What does not work at the moment, one line each; empty when all is well. */
  readonly health: () => Promise<readonly string[]>;
  /** The MTA-STS policy of our domains (RFC 8461); absent when there is none. */
  readonly stsPolicy?: string;
  /** What an ACME server is to find under that token (RFC 8555 §8.3). */
  readonly acmeChallenge?: (token: string) => string | undefined;
  /** `GET /metrics` answers this bearer token from anywhere, and loopback without one. */
  readonly operatorToken?: string;
  /** Addresses and networks of reverse proxies whose X-Forwarded-* headers are believed. */
  readonly trustedProxies?: readonly string[];
  /** Default: as many as anybody likes. */
  readonly requests?: RequestLimits;
  /** Default: webhooks and pushes go to public addresses over TLS. */
  readonly privateWebhooks?: boolean;
  /** How images that mails show from other servers are had. Absent: they are not. */
  readonly remoteImages?: RemoteImagesOptions;
  /** Of this service, as push services and browsers want it (RFC 8292). */
  readonly pushKey: string;
  /** Default: there is no gateway for short messages. */
  readonly paging?: boolean;
  /** Default: nothing is kept here for others to fetch. */
  readonly pickUp?: Pick<PickUp, 'open'>;
  readonly limits?: Partial<HttpLimits>;
  /** Absent: event streams of who is signed out end within the minute. */
  readonly access?: OpenAccess;
}

export interface HttpServer extends AsyncDisposable {
  /** Opens one more address; answers "host:port" with the real port. Once there is one for the operator, /metrics is to be
   * had there only, and there is nothing else there but /healthz. */
  listen(address: HostPort, audience?: 'public' | 'operator', tls?: TlsIdentity): Promise<string>;
  /** Lets requests finish for `graceMs`, ends event streams at once. */
  close(graceMs?: number): Promise<void>;
  /** For tests: a request without a socket. */
  readonly inject: App['inject'];
  /** Every route there is, as method and URL: the tests of access are made from it. */
  readonly routes: readonly HttpRoute[];
}

export interface HttpRoute {
  readonly method: string;
  readonly url: string;
  readonly access: 'public' | 'operator' | 'administrator' | 'signed-in';
}
