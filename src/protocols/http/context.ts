/** What the routes need, and what a request carries once the hooks have run. */
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { UserComplaints } from '../../delivery/feedback/by-user.ts';
import type { Suppressions } from '../../delivery/feedback/suppressions.ts';
import type { Directory } from '../../directory/api.ts';
import type { Office, Offices, Role } from '../../directory/offices.ts';
import type { CatchAll } from '../../directory/catch-all.ts';
import type { Tenants } from '../../directory/tenants.ts';
import type { Originals } from '../../downmail/originals.ts';
import type { MailStore, Principal } from '../../mailstore/api.ts';
import type { Cache } from '../../ports/cache.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Random } from '../../ports/random.ts';
import type { Receipts } from '../../submit/receipts.ts';
import type { Cursors } from './cursor.ts';
import type { LeavingLinks } from './leaving.ts';
import type { RemoteImages } from './remote-images.ts';

export type User = Principal & { readonly kind: 'user' };

/** How a request proved who sends it. */
export interface SignedIn {
  readonly user: User;
  readonly token: string;
  /** `oauth`: the token was given to a program, and is not good for everything. */
  readonly by: 'bearer' | 'cookie' | 'oauth';
}

export interface HttpLimits {
  /** Bytes of a raw message that is sent. */
  readonly message: number;
  /** Bytes of a JSON body of POST /v1/messages; larger mails come as multipart. */
  readonly sendJson: number;
  /** Bytes of every other JSON body. */
  readonly json: number;
  readonly jsonDepth: number;
  readonly jsonTokens: number;
  /** To, Cc and Bcc together. */
  readonly recipients: number;
  /** Contacts of one account. */
  readonly contacts: number;
  /** Event streams of one account. */
  readonly streams: number;
  /** Bytes that may wait for a slow event stream before it is dropped. */
  readonly streamBacklog: number;
  /** Bytes of uploads that may be in memory at once, over all requests. */
  readonly uploads: number;
  /** Requests' header bytes. */
  readonly headers: number;
  /** Time for a whole request to arrive, and for a connection to be idle between requests. */
  readonly requestMs: number;
  readonly idleMs: number;
  readonly connections: number;
}

export const HTTP_LIMITS: HttpLimits = {
  message: 50 << 20,
  sendJson: 16 << 20,
  json: 256 << 10,
  jsonDepth: 16,
  jsonTokens: 20_000,
  recipients: 1_000,
  contacts: 5_000,
  streams: 20,
  streamBacklog: 256 << 10,
  uploads: 192 << 20,
  headers: 16 << 10,
  requestMs: 300_000,
  idleMs: 65_000,
  connections: 10_000,
};

/** The services behind the routes. */
export interface Services {
  readonly mailstore: MailStore;
  readonly directory: Directory;
  readonly offices: Offices;
  readonly tenants: Tenants;
  readonly catchAll: CatchAll;
  readonly cache: Cache;
  readonly suppressions: Suppressions;
  readonly complaints: Pick<UserComplaints, 'about'>;
  readonly receipts: Receipts;
  readonly originals: Pick<Originals, 'read' | 'fetch'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly cursors: Cursors;
  readonly leaving: LeavingLinks;
  /** Undefined: images of other servers are not shown. */
  readonly images: RemoteImages | undefined;
  readonly limits: HttpLimits;
  /** Ours, as in the mails' trace fields. */
  readonly hostname: string;
  /** Whether webhooks and push services may be in private networks, and without TLS. */
  readonly privateWebhooks: boolean;
  readonly pushKey: string;
  /** Where this service is reached with a browser, without a slash at the end; undefined: where the request came to. */
  readonly publicUrl?: string;
  /** Whether there is a gateway for short messages. */
  readonly paging: boolean;
}

/** Our fastify, with schemas that type the handlers. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call: `public` everybody, `operator` loopback or the operator's token; absent = whoever is signed in. */
    access?: 'public' | 'operator' | 'administrator';
    /** Of those who administer, whose work this is; absent: operators. */
    roles?: readonly Role[];
    /** For administrators: who asks is noted, as for all that changes or names something. */
    audited?: true;
    /** What opens the account: tokens that were given to programs (OAuth) do not reach it. */
    ownSession?: true;
  }
  interface FastifyRequest {
    signedIn: SignedIn | undefined;
    /** Of who administers, on routes for them. */
    office: Office | undefined;
    /** SHA-256 of the body, when the request carries an Idempotency-Key. */
    bodyDigest: string;
  }
}
