/** A mail for a server that takes no 8-bit text, or no binary (RFC 6152 §3): the same in 7 bits, where that is possible. */
import { planSevenBit, type SevenBitPiece, writeSevenBit } from '../../mail/seven-bit.ts';
import type { OutgoingMail } from '../transfer.ts';
import { BodyFailed } from './transaction.ts';

/** Of work in one turn of the event loop. */
const TURN = 1 << 20;

/** Undefined when it cannot be done: signed mail, 8-bit headers. The mail is in memory meanwhile. */
export async function inSevenBits(mail: OutgoingMail): Promise<OutgoingMail | undefined> {
  const raw = await whole(mail);
  const pieces = await planSevenBit(raw);
  if (pieces === undefined) return undefined;
  return {
    ...mail,
    size: sizeOf(pieces),
    needs: { ...mail.needs, eightBit: false, binary: false },
    body: async function* () {
      let done = 0;
      for (const bytes of writeSevenBit(raw, pieces)) {
        yield bytes;
        done += bytes.length;
        if (done < TURN) continue;
        done = 0;
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
}

async function whole(mail: OutgoingMail): Promise<Buffer> {
  try {
    const pieces: Uint8Array[] = [];
    for await (const piece of mail.body()) pieces.push(piece);
    return Buffer.concat(pieces);
  } catch (error) {
    throw new BodyFailed('the mail could not be read', { cause: error });
  }
}

/** About: what is encoded grows by a third, and line ends. */
function sizeOf(pieces: readonly SevenBitPiece[]): number {
  const sizes = pieces.map((piece) =>
    piece.kind === 'text' ? piece.text.length : (piece.end - piece.start) * (piece.kind === 'copy' ? 1 : 1.37),
  );
  return Math.ceil(sizes.reduce((sum, size) => sum + size, 0));
}
