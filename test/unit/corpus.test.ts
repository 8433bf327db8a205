import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { MessageParser, parseMessage } from '../../src/mail/parse.ts';
import { corpus } from '../corpus/corpus.ts';

const first = [...corpus(99)];

describe('the corpus', () => {
  test('is the same for the same seed, and another for another', () => {
    const digest = (seed: number): string => {
      const hash = createHash('sha256');
      for (const { raw } of corpus(90, seed)) hash.update(raw);
      return hash.digest('hex');
    };
    expect(digest(7)).toBe(digest(7));
    expect(digest(7)).not.toBe(digest(8));
  });

  test('can travel over SMTP: strict CRLF, no NUL, a line end at the end', () => {
    for (const { name, raw } of first) {
      const text = raw.toString('latin1');
      expect(text.endsWith('\r\n'), name).toBe(true);
      expect(text.includes('\0'), name).toBe(false);
      expect(/\r(?!\n)|(?<!\r)\n/.test(text), name).toBe(false);
    }
  });

  test('parses the same in one piece and in odd pieces', () => {
    for (const { name, raw } of first) {
      const parser = new MessageParser();
      for (let at = 0; at < raw.length; at += 1013) parser.push(raw.subarray(at, at + 1013));
      expect(parser.end(), name).toEqual(parseMessage(raw));
    }
  });
});
