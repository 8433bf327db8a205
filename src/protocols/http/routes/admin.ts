/** For administrators: how mail fares at other servers, and what they say about our domains. */
import { z } from 'zod';
import type { ReportHistory } from '../../../delivery/reports/history.ts';
import type { DeliverabilityReport } from '../../../delivery/senders.ts';
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

export interface AdminServices {
  readonly deliverability: () => Promise<DeliverabilityReport>;
  readonly reports: Pick<ReportHistory, 'list'>;
}

export function adminRoutes(app: App, { deliverability, reports }: AdminServices): void {
  app.get(
    '/v1/admin/reports',
    {
      config: { access: 'administrator' },
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
    '/v1/admin/deliverability',
    {
      config: { access: 'administrator' },
      schema: {
        tags: ['administration'],
        summary: 'Addresses from which mail leaves, receivers, and who sends well or badly',
        response: { 200: report, ...schemas.problems(401, 403) },
      },
    },
    () => deliverability(),
  );
}
