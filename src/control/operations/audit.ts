/** The audit trail: what was done, and whether nobody has changed that. */
import { z } from 'zod';
import { type AuditEntry, type AuditVerdict, parseAnchor } from '../../directory/audit.ts';
import { operation } from '../operation.ts';

const PAGE = 500;

export const auditList = operation<{ after: number }, { entries: number }, AuditEntry>(
  'audit.list',
  z.strictObject({ after: z.number().int().min(0) }),
  async ({ audit }, { after }, io) => {
    let entries = 0;
    for (let from = after; ; ) {
      const page = await audit.list(from, PAGE);
      for (const one of page) {
        io.item(one);
        await io.taken();
        entries++;
      }
      if (page.length < PAGE) return { entries };
      from = page.at(-1)?.number ?? from;
    }
  },
);

export const auditVerify = operation<{ noted?: string | undefined }, AuditVerdict>(
  'audit.verify',
  z.strictObject({ noted: z.string().max(100).optional() }),
  ({ audit }, { noted }) => audit.verify(noted === undefined ? undefined : parseAnchor(noted)),
);
