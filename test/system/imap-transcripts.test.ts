/** What `common-transcripts.ts` says of IMAP holds for the whole service, and for a server that is not ours: so the scripts ask for what is so. */
import { describe, test } from 'vitest';
import { WireClient } from '../client/wire.ts';
import { COMMON_TRANSCRIPTS } from '../imap/common-transcripts.ts';
import { Dovecot, dovecotCanRun } from '../imap/dovecot.ts';
import { Service } from '../service.ts';
import { runTranscript } from '../transcript/run.ts';

/** A session of a transcript: `new...` has not signed in, `A2` is of the account of `A`. */
async function session(address: string, name: string): Promise<WireClient> {
  const wire = await WireClient.connect(address);
  if (name.startsWith('new')) return wire;
  await wire.line();
  await wire.write(`login LOGIN ${name.replace(/\d+$/, '').toLowerCase()}@mail.test pass\r\n`);
  let answer = await wire.line();
  while (!answer.startsWith('login ')) answer = await wire.line();
  if (!answer.startsWith('login OK')) throw new Error(answer);
  return wire;
}

async function all(address: string): Promise<void> {
  for (const [name, script] of COMMON_TRANSCRIPTS) {
    try {
      await runTranscript(script, (one) => session(address, one));
    } catch (error) {
      throw new Error(`“${name}”: ${(error as Error).message}`, { cause: error });
    }
  }
}

describe('transcripts that any IMAP server fulfils', () => {
  test('the service as it ships', async () => {
    await using service = await Service.start();
    await all(service.at('imap'));
  });

  test.skipIf(!dovecotCanRun())('Dovecot', async () => {
    await using dovecot = await Dovecot.start();
    await all(dovecot.address);
  });
});
