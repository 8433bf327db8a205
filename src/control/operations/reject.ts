/** Reject lists of a domain, or with '' of the whole service. */
import { z } from 'zod';
import { REJECT_ACTIONS } from '../../mail/reject-list.ts';
import { operation } from '../operation.ts';

const domain = z.string().max(255);
const sender = z.string().min(1).max(400);

export const rejectList = operation('reject.list', z.strictObject({ domain }), ({ rejectLists }, args) =>
  rejectLists.of(args.domain),
);

export const rejectAdd = operation(
  'reject.add',
  z.strictObject({ domain, sender, action: z.enum(REJECT_ACTIONS) }),
  ({ rejectLists }, args) => rejectLists.put(args.domain, { sender: args.sender, action: args.action }),
);

export const rejectRemove = operation('reject.remove', z.strictObject({ domain, sender }), ({ rejectLists }, args) =>
  rejectLists.remove(args.domain, args.sender),
);
