/** Reports about domains (DMARC, TLS-RPT): those that came, those that were sent, and what is counted for the next ones. */
import { z } from 'zod';
import type { ReportSummary } from '../../delivery/reports/history.ts';
import { MailError } from '../../mail/error.ts';
import { operation } from '../operation.ts';

export type { ReportSummary };

/** Newest first. */
export const reportsList = operation(
  'reports.list',
  z.strictObject({ domain: z.string().max(255).optional(), days: z.int().min(1).max(90) }),
  ({ reports }, { domain, days }) => reports.list({ days, ...(domain !== undefined && { domain }) }),
);

/** Lines that a person reads. */
const MOST_WAITING = 1_000;

/** Null when this service sends none. */
export const reportsWaiting = operation('reports.waiting', z.strictObject({}), async ({ dailyReports }) => {
  const found: { kind: string; day: number; domain: string; count: number }[] = [];
  const sender = dailyReports();
  if (sender === undefined) return null;
  for await (const one of sender.waiting()) {
    if (found.length === MOST_WAITING) break;
    found.push(one);
  }
  return found;
});

/** Throws `not-allowed` when no service runs, or it sends none. */
export const reportsSend = operation(
  'reports.send',
  z.strictObject({ today: z.boolean() }),
  async ({ dailyReports }, args) => {
    const sender = dailyReports();
    if (sender === undefined)
      throw new MailError('not-allowed', 'user', 'no service runs here that sends reports (reports.organization)');
    return await sender.send(args);
  },
);
