import { describe, expect, test } from 'vitest';
import { speaksAnother } from './strangers.ts';

const says = (text: string, ours: 'smtp' | 'imap' | 'pop3') => speaksAnother(Buffer.from(text, 'latin1'), ours);

describe('lines of other protocols (D19)', () => {
  test.each([
    'GET / HTTP/1.1',
    'get / HTTP/1.1',
    'OPTIONS * HTTP/1.1',
    'PRI * HTTP/2.0',
    'CONNECT',
    'PROXY TCP4 a b 1 2',
  ])('%s', (line) => {
    for (const ours of ['smtp', 'imap', 'pop3'] as const) expect(says(line, ours)).toBe(true);
  });

  test('a TLS handshake and SSH', () => {
    expect(says('\x16\x03\x01\x00\xa5\x01', 'smtp')).toBe(true);
    expect(says('\x16\x02', 'smtp')).toBe(false);
    expect(says('SSH-2.0-OpenSSH_9.9', 'imap')).toBe(true);
  });

  test('SMTP is another protocol everywhere but on its own port', () => {
    expect(says('EHLO x', 'imap')).toBe(true);
    expect(says('EHLO x', 'pop3')).toBe(true);
    expect(says('EHLO x', 'smtp')).toBe(false);
  });

  test('what merely begins like one is not', () => {
    for (const line of ['GETX a', 'OPTIONSX', 'A NOOP', '', 'MAILX']) expect(says(line, 'imap')).toBe(false);
  });
});
