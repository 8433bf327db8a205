/** What a person may ask of who keeps his mail. */
import { z } from 'zod';
import { operation } from '../operation.ts';
import { knownAccount } from './account.ts';

const address = z.string().min(1).max(400);

/** The archive as items of base64. */
export const accountData = operation<{ address: string }, { bytes: number }, string>(
  'account.data',
  z.strictObject({ address }),
  async ({ directory, compliance }, args, io) => {
    const { id } = await knownAccount(directory, args.address);
    let bytes = 0;
    for await (const piece of compliance.personData(id)) {
      io.signal.throwIfAborted();
      io.item(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).toString('base64'));
      await io.taken();
      bytes += piece.length;
    }
    return { bytes };
  },
);
