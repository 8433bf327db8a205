/**
 * 200 mails that deceive and 200 that do not, in Korean and English. By one half of each the warnings were tuned; the other half
 * is only measured. Mails and warnings were written by the same people at the same time: the figure is optimistic.
 */
import { describe, expect, test } from 'vitest';
import { DECEIVING } from '../../../test/support/deceptions/deceiving.ts';
import { type Draft, written } from '../../../test/support/deceptions/draft.ts';
import { HELD_OUT_DECEIVING } from '../../../test/support/deceptions/held-out-deceiving.ts';
import { HELD_OUT_HONEST } from '../../../test/support/deceptions/held-out-honest.ts';
import { HONEST } from '../../../test/support/deceptions/honest.ts';
import { MessageParser } from '../../mail/parse.ts';
import { isWarned, type MailWarning } from '../../mail/phishing/warnings.ts';
import type { Body, MessageDetails } from '../../mailstore/api.ts';
import { silentLog } from '../../telemetry/log.ts';
import { AddressBook } from '../contacts/address-book.ts';
import type { Authentication } from '../authentication/results.ts';
import { readMailText } from '../spam/mail-text.ts';
import { BadHosts } from './bad-hosts.ts';
import { knownPeople, lookAt } from './look.ts';

async function warnings(draft: Draft): Promise<readonly MailWarning[]> {
  const raw = written(draft);
  const parser = new MessageParser();
  parser.push(raw);
  const body = { bytes: async (from?: number, to?: number) => raw.subarray(from, to) } as unknown as Body;
  const { proven = true, policy = 'none' } = draft;
  const dmarc = { result: proven ? 'pass' : 'fail', policy, spfAligned: proven, dkimAligned: proven };
  return lookAt({
    mail: { authentication: { dmarc } as unknown as Authentication },
    text: await readMailText(parser.end() as unknown as MessageDetails, body),
    address: 'mina@hanbit.example',
    people: knownPeople(new AddressBook(), 'mina@hanbit.example'),
    newDomain: true,
    harm: undefined,
    bad: new BadHosts('', silentLog),
  });
}

async function unwarned(drafts: readonly Draft[], wanted: boolean): Promise<string[]> {
  const wrong: string[] = [];
  for (const draft of drafts) {
    const found = await warnings(draft);
    if (isWarned(found) === wanted) continue;
    wrong.push(
      `${draft.from} ${draft.subject} ${draft.file ?? ''}: ${JSON.stringify(found.filter((w) => w.level === 'warning'))}`,
    ); // prettier-ignore
  }
  return wrong;
}

describe.each([
  ['by which the warnings were made', DECEIVING, HONEST],
  ['that was held out', HELD_OUT_DECEIVING, HELD_OUT_HONEST],
] as const)('of the half %s', (_, deceiving, honest) => {
  test('nine of ten that deceive are warned of, each with its reason', async () => {
    expect(deceiving).toHaveLength(100);
    const missed = await unwarned(deceiving, true);
    expect(missed.length, missed.join('\n')).toBeLessThanOrEqual(10);
    for (const draft of deceiving)
      for (const { code, what } of await warnings(draft)) expect(what, `${code} in ${draft.subject}`).not.toBe('');
  });

  test('one of a hundred that are honest, at most', async () => {
    expect(honest).toHaveLength(100);
    const wrong = await unwarned(honest, false);
    expect(wrong.length, wrong.join('\n')).toBeLessThanOrEqual(1);
  });
});
