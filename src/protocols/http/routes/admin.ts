/** For administrators: how mail fares at other servers. */
import { z } from 'zod';
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

export function adminRoutes(app: App, deliverability: () => Promise<DeliverabilityReport>): void {
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
