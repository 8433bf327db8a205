/** GET /v1/messages/{id}/report: what a report about one of our domains says, when a mail brings one. */
import { z } from 'zod';
import { MOST_REPORT_MAIL, readDomainReport } from '../../../mail/reports/read.ts';
import { ownAccount } from '../auth.ts';
import type { App, Services } from '../context.ts';
import { Problem } from '../reply.ts';
import * as schemas from '../schemas.ts';
import { messageOf } from './messages.ts';

const count = z.int().nonnegative();
const about = {
  organization: z.string().describe('Who reports'),
  contact: z.string(),
  reportId: z.string(),
  begin: z.iso.datetime(),
  end: z.iso.datetime(),
};

const dmarc = z
  .strictObject({
    kind: z.literal('dmarc'),
    ...about,
    domain: z.string(),
    policy: z.string(),
    messages: count,
    failed: count.describe('Of these, those that neither SPF nor DKIM stood behind'),
    rows: z.array(
      z.strictObject({
        sourceIp: z.string(),
        count,
        disposition: z.string(),
        dkim: z.string(),
        spf: z.string(),
        headerFrom: z.string(),
        envelopeFrom: z.string(),
      }),
    ),
  })
  .describe('What others saw of mail in the name of a domain (RFC 9990)');

const tls = z
  .strictObject({
    kind: z.literal('tls'),
    ...about,
    policies: z.array(
      z.strictObject({
        type: z.string(),
        domain: z.string(),
        succeeded: count.describe('Sessions'),
        failed: count,
        failures: z.array(
          z.strictObject({
            result: z.string(),
            sessions: count,
            sendingIp: z.string(),
            receivingHost: z.string(),
            reason: z.string(),
          }),
        ),
      }),
    ),
  })
  .describe('How TLS with our servers went (RFC 8460)');

export function reportRoutes(app: App, services: Services): void {
  app.get(
    '/v1/messages/:id/report',
    {
      schema: {
        tags: ['messages'],
        summary: 'The report that a mail brings: DMARC aggregate or TLS-RPT',
        params: schemas.idParam,
        response: { 200: z.discriminatedUnion('kind', [dmarc, tls]), ...schemas.problems(401, 404) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const body = await account.body(messageOf(account, request.params.id).id);
      const report =
        body.size <= MOST_REPORT_MAIL ? await readDomainReport(Buffer.from(await body.bytes(0, body.size))) : undefined;
      if (report === undefined) throw new Problem('not-found');
      const [begin, end] = [report.begin, report.end].map((at) => new Date(at).toISOString()) as [string, string];
      return { ...report, begin, end } as z.input<typeof dmarc> | z.input<typeof tls>;
    },
  );
}
