import { expect, test } from 'vitest';
import { ALICE, aliceLab, mail } from '../../../test/support/mail-store.ts';
import type { EmailId, FolderId, MsgId } from '../api.ts';
import { readMessages } from './input.ts';

test('a piece of work has so many bytes, whatever number of messages that is, and at least one message', async () => {
  const { alice, kv, blobs } = await aliceLab();
  const names: { id: MsgId; email: EmailId }[] = [];
  for (let i = 0; i < 5; i++) {
    const { id, email } = await alice.addMessage(mail(String(i), `${'word '.repeat(400)}\r\n`), {
      folder: 1 as FolderId,
    });
    names.push({ id, email });
  }
  const count = async (most?: number): Promise<number> => {
    let sum = 0;
    for await (const batch of readMessages({ kv, blobs }, ALICE, names, most)) sum += batch.count;
    return sum;
  };
  expect(await count()).toBe(5);
  expect(await count(1)).toBe(1);
  expect(await count(6_000)).toBeOneOf([2, 3]);
});
