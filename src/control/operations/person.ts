/** What a person may ask of who keeps his mail. */
import { z } from 'zod';
import { sendArchive } from '../archive.ts';
import { operation } from '../operation.ts';
import { knownAccount } from './account.ts';

const address = z.string().min(1).max(400);

/** The archive as items of base64. */
export const accountData = operation<{ address: string }, { bytes: number }, string>(
  'account.data',
  z.strictObject({ address }),
  async ({ directory, compliance }, args, io) => {
    const { id } = await knownAccount(directory, args.address);
    return await sendArchive(compliance.personData(id), io);
  },
);
