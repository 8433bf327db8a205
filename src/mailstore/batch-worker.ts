/** The thread in which ordinary mail is parsed when much of it comes at once. */
import { parentPort } from 'node:worker_threads';
import { type Batch, parseOrdinary } from './batch-parser.ts';
import { encodeContents } from './parsed-content.ts';

const port = parentPort!;

port.on('message', ({ bytes, ends }: Batch) => {
  const contents = ends.map((end, i) => parseOrdinary(bytes.subarray(ends[i - 1] ?? 0, end)));
  const answer = encodeContents(contents);
  port.postMessage(answer, [answer.buffer as ArrayBuffer]);
});
