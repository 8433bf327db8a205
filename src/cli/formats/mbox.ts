/** A file of many messages, read piece by piece. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { readMbox } from '../../mail/mbox.ts';
import { MAX_FILE_MESSAGE, type MessageSource } from './messages.ts';

export async function mboxSource(path: string): Promise<MessageSource> {
  let done = 0;
  return {
    total: (await stat(path)).size,
    done: () => done,
    async *messages() {
      const options = { progress: (bytes: number) => void (done = bytes), most: MAX_FILE_MESSAGE };
      for await (const one of readMbox(createReadStream(path, { highWaterMark: 1 << 18 }), options))
        yield { ...one, folder: undefined };
    },
  };
}
