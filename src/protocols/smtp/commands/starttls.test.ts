import { describe, expect, test } from 'vitest';
import { submission } from '../../../../test/smtp/dialogue.ts';
import { startSmtp } from '../../../../test/smtp/harness.ts';

describe('STARTTLS (RFC 3207)', () => {
  test('STARTTLS forgets everything said before it, also what was sent with it (D6)', async () => {
    await using smtp = await startSmtp(submission);
    const wire = await smtp.connect();
    await wire.write('EHLO client.test\r\n');
    await wire.skipToLine('250 ');
    await wire.write('STARTTLS\r\nEHLO evil\r\nMAIL FROM:<alice@example.test>\r\n');
    expect(await wire.line()).toBe('220 2.0.0 Go ahead');
    await wire.startTls();
    await wire.write('MAIL FROM:<alice@example.test>\r\n');
    expect(await wire.line()).toBe('503 5.5.1 Introduce yourself first');
    await wire.write('EHLO client.test\r\nSTARTTLS\r\n');
    const keywords: string[] = [];
    for (;;) {
      const line = await wire.line();
      if (!line.startsWith('250')) {
        expect(line).toBe('503 5.5.1 TLS is on already');
        break;
      }
      keywords.push(line.slice(4));
    }
    expect(keywords).toContain('AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 OAUTHBEARER XOAUTH2 PLAIN LOGIN');
    expect(keywords).not.toContain('STARTTLS');
  });
});
