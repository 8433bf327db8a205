import { expect, it } from 'vitest';
import { ALICE, aliceLab, mail, SYSTEM } from '../../../test/support/mail-store.ts';
import type { FolderId } from '../../mailstore/api.ts';
import { Maildrop } from './maildrop.ts';

const INBOX = 1 as FolderId;
const ARCHIVE = 6 as FolderId;

async function maildrop() {
  const lab = await aliceLab();
  const { id } = await lab.alice.addMessage(mail('a letter'), { folder: INBOX });
  const drop = new Maildrop(await lab.store.open(SYSTEM, ALICE));
  drop.markDeleted(1);
  return { ...lab, id, drop };
}

it('QUIT spares what another program moves just before its commit', async () => {
  const { another, alice, id, drop, kv } = await maildrop();
  using _ = drop;
  using elsewhere = await another(2, { deaf: true }).open(SYSTEM, ALICE);
  const commit = kv.commit.bind(kv);
  let moves = 1;
  kv.commit = async (...args) => {
    if (moves-- > 0) await elsewhere.move([id], ARCHIVE);
    return commit(...args);
  };
  await drop.update();
  await alice.refresh();
  expect(alice.meta(id)?.folder).toBe(ARCHIVE);
});

it('a move that comes after QUIT finds nothing', async () => {
  const { alice, id, drop } = await maildrop();
  using _ = drop;
  await drop.update();
  expect(await alice.move([id], ARCHIVE)).toEqual([]);
  expect(alice.meta(id)).toBeUndefined();
});
