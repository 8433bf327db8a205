/** What a mail to many costs its sender's and its recipients' side, sent whole and with Downmail, when more and more of them fetch it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Burden, letterOf, measured, recipientsOf, sendToAll } from '../../test/support/burden.ts';

/** Of the recipients, in per cent. */
const PICK_UPS = [0, 1, 10, 100];

export interface BurdenFigures {
  readonly recipients: number;
  /** Of the mail with its header, which names all of them. */
  readonly bytes: number;
  readonly whole: Burden;
  readonly downmail: readonly (Burden & { readonly pickUp: number })[];
}

export async function burden(recipients: number, bytes: number): Promise<BurdenFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'pabal-burden-'));
  const body = letterOf(bytes, 1);
  try {
    await using whole = await measured(join(folder, 'whole'), recipients, 'conventional');
    await sendToAll(whole.run, recipientsOf(recipients), body);
    await using held = await measured(join(folder, 'held'), recipients, 'downmail');
    await sendToAll(held.run, recipientsOf(recipients), body);
    const downmail: (Burden & { readonly pickUp: number })[] = [];
    for (const pickUp of PICK_UPS) {
      await held.fetch(Math.round((recipients * pickUp) / 100));
      downmail.push({ pickUp, ...(await held.burden()) });
    }
    const all = await whole.burden();
    return { recipients, bytes: Math.round(all.carried / recipients), whole: all, downmail };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
