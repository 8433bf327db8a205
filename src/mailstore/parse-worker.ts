/** The thread in which large mail, and mail of many parts, is parsed: nobody else waits for it. One message at a time. */
import { parentPort } from 'node:worker_threads';
import { MessageParser } from '../mail/parse.ts';
import { parsedContent } from './parsed-content.ts';
import type { ParseAnswer, ParseQuestion } from './parsing.ts';

const port = parentPort!;
let parser = new MessageParser();

port.on('message', (question: ParseQuestion) => {
  let answer: ParseAnswer;
  if (question === 'end') {
    const { fresh: _, ...content } = parsedContent(parser.end());
    answer = content;
    parser = new MessageParser();
  } else parser.push(question);
  port.postMessage(answer, answer ? [answer.details.buffer as ArrayBuffer] : []);
});
