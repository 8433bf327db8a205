/** Mail that the checks held back. */
import { z } from 'zod';
import { type HeldMail, type HeldMailDetails, Quarantine } from '../../intake/quarantine.ts';
import { operation } from '../operation.ts';
import type { Service } from '../service.ts';

export type { HeldMail } from '../../intake/quarantine.ts';

const PAGE = 100;
const id = z.strictObject({ id: z.string().min(1).max(100) });
const quarantine = ({ queue, mailstore }: Service): Quarantine => new Quarantine({ queue, store: mailstore });

export const quarantineList = operation<Record<string, never>, { mails: number }, HeldMail>(
  'quarantine.list',
  z.strictObject({}),
  async (service, _args, io) => {
    let mails = 0;
    let after = '';
    for (;;) {
      const page = await quarantine(service).list({ after, limit: PAGE });
      for (const mail of page) io.item(mail);
      await io.taken();
      mails += page.length;
      after = page.at(-1)?.id ?? '';
      if (page.length < PAGE) return { mails };
    }
  },
);

export const quarantineShow = operation<z.output<typeof id>, HeldMailDetails>('quarantine.show', id, (service, args) =>
  quarantine(service).show(args.id),
);

export const quarantineRelease = operation('quarantine.release', id, async (service, args) => {
  await quarantine(service).release(args.id);
  return {};
});

export const quarantineDrop = operation('quarantine.drop', id, async (service, args) => {
  await quarantine(service).drop(args.id);
  return {};
});
