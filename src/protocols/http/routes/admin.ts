/** For administrators: how mail fares at other servers, and what they say about our domains. */
import { z } from 'zod';
import type { ReportHistory } from '../../../delivery/reports/history.ts';
import type { DeliverabilityReport } from '../../../delivery/senders.ts';
import type { AuditTrail } from '../../../directory/audit.ts';
import type { App } from '../context.ts';
import * as schemas from '../schemas.ts';

const standing = {
  name: z.string(),
  score: z.number().describe('From 0 to 1, without fault'),
  sent: z
    .number()
    .describe('Taken by other servers. Counts weigh half after a day (accounts) to two weeks (addresses)'),
  bounced: z.number(),
  deferred: z.number(),
  refused: z.number().describe('Not wanted from us (5.7.x)'),
  complaint: z.number(),
};

const report = z.strictObject({
  sources: z
    .array(
      z.strictObject({
        ...standing,
        hello: z.string().describe('Its name in EHLO'),
        categories: z.array(z.string()).readonly(),
        warm: z.boolean(),
      }),
    )
    .readonly()
    .describe('Our addresses'),
  warmUp: z
    .array(
      z.strictObject({
        source: z.string(),
        provider: z.string().describe('Organisational domain of the mail servers that receive'),
        step: z.int().describe('Days of use'),
        limit: z.int().nullable().describe('Recipients today'),
        used: z.int(),
      }),
    )
    .readonly(),
  receivers: z
    .array(
      z.strictObject({
        source: z.string(),
        provider: z.string(),
        active: z.int(),
        atOnce: z.int(),
        pauseMs: z.int().describe('Between two attempts'),
      }),
    )
    .readonly(),
  domains: z.array(z.strictObject(standing)).readonly().describe('Worst first'),
  accounts: z.array(z.strictObject(standing)).readonly().describe('Worst first'),
  blocked: z
    .array(
      z.strictObject({
        account: z.string(),
        state: z.enum(['slowed', 'suspended']),
        since: z.number().describe('Milliseconds since 1970'),
        reason: z.string(),
      }),
    )
    .readonly(),
});

const summaries = z.strictObject({
  reports: z
    .array(
      z.strictObject({
        direction: z.enum(['sent', 'received']),
        kind: z.enum(['dmarc', 'tls']),
        domain: z.string().describe('The domain that it is about'),
        begin: z.number().describe('Milliseconds since 1970'),
        end: z.number(),
        reportId: z.string(),
        organization: z.string().describe('Who reports'),
        at: z.number().describe('When it was sent, or came'),
        parties: z.array(z.string()).readonly().describe('To whom it went, or the domain whose signature it has'),
        total: z.number().describe('Mails, or TLS sessions'),
        failed: z.number().describe('Of these, those that neither SPF nor DKIM stood behind, or that failed'),
        parts: z
          .array(z.strictObject({ name: z.string(), total: z.number(), failed: z.number() }))
          .readonly()
          .describe('By source address (dmarc), or by what failed (tls); most first'),
      }),
    )
    .readonly()
    .describe('Newest first'),
});

const trail = z.strictObject({
  items: z.array(
    z.strictObject({
      number: z.number().int(),
      at: z.iso.datetime(),
      by: z.string().describe('An address, or "operator" for the command line'),
      what: z.string(),
      about: z.string(),
      outcome: z.enum(['asked', 'failed']),
      before: z.string().describe('The hash of the entry before; empty for the first one'),
      hash: z.string().describe('SHA-256 over all of the above'),
    }),
  ),
  next: z.string().nullable().describe('For `after`'),
});

const verdict = z.strictObject({
  entries: z.number().int(),
  last: z.strictObject({ number: z.number().int(), hash: z.string() }).nullable().describe('To be noted elsewhere'),
  problems: z.array(z.string()).describe('Empty when nothing was changed'),
});

export interface AdminServices {
  readonly deliverability: () => Promise<DeliverabilityReport>;
  readonly reports: Pick<ReportHistory, 'list'>;
  readonly audit: Pick<AuditTrail, 'list' | 'verify'>;
}

export function adminRoutes(app: App, { deliverability, reports, audit }: AdminServices): void {
  app.get(
    '/v1/admin/reports',
    {
      config: { access: 'administrator', roles: ['operator', 'auditor'] },
      schema: {
        tags: ['administration'],
        summary: 'Reports about domains (DMARC, TLS-RPT): those that came, and those that were sent',
        querystring: z.strictObject({
          domain: z.string().min(1).max(255).optional(),
          days: z.coerce.number().int().min(1).max(90).default(30),
        }),
        response: { 200: summaries, ...schemas.problems(400, 401, 403) },
      },
    },
    async ({ query: { domain, days } }) => ({
      reports: await reports.list({ days, ...(domain !== undefined && { domain }) }),
    }),
  );

  app.get(
    '/v1/admin/audit',
    {
      config: { access: 'administrator', roles: ['operator', 'auditor'] },
      schema: {
        tags: ['administration'],
        summary: 'What those who run the service did',
        description:
          'Each entry holds the hash of the one before, so that none can be changed, removed or put in unseen.',
        querystring: z.strictObject({
          after: z.coerce.number().int().min(0).default(0).describe('Only entries after this one'),
          limit: z.coerce.number().int().min(1).max(500).default(100),
        }),
        response: { 200: trail, ...schemas.problems(400, 401, 403) },
      },
    },
    async ({ query: { after, limit } }) => {
      const found = await audit.list(after, limit);
      const items = found.map(({ at, ...entry }) => ({ ...entry, at: new Date(at).toISOString() }));
      return { items, next: found.length < limit ? null : String(found.at(-1)?.number ?? after) };
    },
  );

  app.get(
    '/v1/admin/audit/verification',
    {
      config: { access: 'administrator', roles: ['operator', 'auditor'] },
      schema: {
        tags: ['administration'],
        summary: 'Whether the audit trail holds together, read from its beginning',
        response: { 200: verdict, ...schemas.problems(401, 403) },
      },
    },
    async () => {
      const { entries, last, problems } = await audit.verify();
      return { entries, last: last ?? null, problems: [...problems] };
    },
  );

  app.get(
    '/v1/admin/deliverability',
    {
      config: { access: 'administrator', roles: ['operator', 'auditor'] },
      schema: {
        tags: ['administration'],
        summary: 'Addresses from which mail leaves, receivers, and who sends well or badly',
        response: { 200: report, ...schemas.problems(401, 403) },
      },
    },
    () => deliverability(),
  );
}
