/** Legal holds: accounts of which nothing may go. */
import { z } from 'zod';
import { MailError } from '../../mail/error.ts';
import { sendArchive } from '../archive.ts';
import { operation } from '../operation.ts';

const id = z.strictObject({ id: z.string().min(1).max(200) });

export const holdAdd = operation(
  'hold.add',
  z.strictObject({ address: z.string().min(1).max(400), reason: z.string(), until: z.number().optional() }),
  ({ compliance }, args) => compliance.holds.add({ ...args, by: 'operator' }),
);

export const holdList = operation('hold.list', z.strictObject({}), ({ compliance }) => compliance.holds.list());

export const holdEnd = operation('hold.end', id, async ({ compliance }, args) => {
  if (!(await compliance.holds.end(args.id)))
    throw new MailError('message-missing', 'user', `there is no hold ${args.id}`);
  return {};
});

/** The archive as items of base64. */
export const holdArchive = operation<{ id: string }, { bytes: number }, string>(
  'hold.archive',
  id,
  ({ compliance }, args, io) => sendArchive(compliance.holds.archive(args.id), io),
);
