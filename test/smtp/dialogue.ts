/** Transcripts of SMTP sessions, and the lines that most of them begin with. */
import { runTranscript } from '../transcript/run.ts';
import { type SmtpHarness, type SmtpHarnessOptions, startSmtp } from './harness.ts';

export const b64 = (text: string): string => Buffer.from(text).toString('base64');
export const HELLO = 'C< ...\nC> EHLO client.test\nC< ...\nC< /^250 /';
export const MAIL = 'C> MAIL FROM:<x@remote.test>\nC< 250 2.1.0 Sender taken';
export const RCPT = 'C> RCPT TO:<alice@example.test>\nC< 250 2.1.5 Recipient taken';
export const submission = { role: 'submission' } as const;

/** Runs the script against a server of its own, and returns what that has accepted. */
export async function transcript(options: SmtpHarnessOptions, script: string): Promise<SmtpHarness> {
  const smtp = await startSmtp(options);
  try {
    await runTranscript(script, () => smtp.connect());
  } finally {
    await smtp[Symbol.asyncDispose]();
  }
  return smtp;
}
