/** An original as it is handed out to whoever picks it up: reading it is what makes it fetched. */
import type { Body, MessageDetails } from '../mailstore/api.ts';
import type { HeldMail, PickUpProtocol } from './pick-up.ts';

/**
 * Its body. Who looks at the header knows no more than the notification says. Reading anything behind it counts as fetched, and is
 * committed before the last of what was asked for is given: nobody has all of it without a receipt, and what broke off on the way
 * was not fetched.
 */
export function handedOut(
  mail: Pick<HeldMail, 'markFetched'>,
  { details, body }: { readonly details: Pick<MessageDetails, 'structure'>; readonly body: Body },
  by: PickUpProtocol,
): Body {
  let marked: Promise<unknown> | undefined;
  const mark = async (): Promise<void> => {
    marked ??= mail.markFetched(by);
    try {
      await marked;
    } catch (error) {
      marked = undefined;
      throw error;
    }
  };
  const counts = (end: number): boolean => end > details.structure.bodyStart || end >= body.size;
  return {
    size: body.size,
    async *stream(start = 0, end = body.size) {
      let last: Uint8Array | undefined;
      for await (const piece of body.stream(start, end)) {
        if (last !== undefined) yield last;
        last = piece;
      }
      if (counts(end)) await mark();
      if (last !== undefined) yield last;
    },
    async bytes(start = 0, end = body.size) {
      const bytes = await body.bytes(start, end);
      if (counts(end)) await mark();
      return bytes;
    },
  };
}
