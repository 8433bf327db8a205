/**
 * Errors in POP3's words: -ERR with a response code where one fits (RFC 2449 §8, RFC 3206). AUTH is for whatever is wrong with who signs in, an
 * account that is closed among it; SYS for what is wrong with us, TEMP if it passes by itself; the client's own mistakes have none.
 */
import { MailError } from '../../mail/error.ts';
import type { MailErrorCode } from '../../mail/error.ts';
import type { Farewell } from '../../net/network.ts';

export const ERROR_WORDS: { readonly [code in MailErrorCode]?: string } = {
  // The same words whether the address exists or not.
  'auth-failed': '[AUTH] The address or the password is wrong',
  'auth-throttled': '[SYS/TEMP] Too many failed attempts: wait a little',
  'account-suspended': '[AUTH] This account is suspended',
  'message-missing': 'There is no such message any more',
  damaged: '[SYS/PERM] The stored message is damaged, and is not handed out',
  busy: '[SYS/TEMP] Too busy: try again shortly',
  'store-failed': '[SYS/TEMP] The store is out of order: try again later',
  'store-full': '[SYS/TEMP] The server has no room left: try again later',
  timeout: '[SYS/TEMP] It took too long: try again later',
  conflict: '[SYS/TEMP] Try again',
};

/** What stands behind -ERR; undefined when the error is not one that a command may end with: then the session ends, too. */
export function errorReply(error: unknown): string | undefined {
  if (!(error instanceof MailError)) return undefined;
  return ERROR_WORDS[error.code] ?? withFault(error, 'That did not work');
}

/** With SYS/TEMP where it is ours. */
export function withFault(error: unknown, text: string): string {
  return error instanceof MailError && error.kind === 'user' ? text : `[SYS/TEMP] ${text}`;
}

export const FAREWELLS: { readonly [why in Farewell]: string } = {
  'too-many-connections': '-ERR [SYS/TEMP] Too many connections: try again later\r\n',
  // No answer to nothing: it would be taken for one to the next command (RFC 1939 §3).
  timeout: '',
  'line-too-long': '-ERR The line is too long\r\n',
  'bare-newline': '-ERR Lines end in CRLF\r\n',
  'shutting-down': '-ERR [SYS/TEMP] The service is being restarted\r\n',
  'signed-out': '-ERR [AUTH] You are signed out: what you signed in with is not valid any more\r\n',
  bug: '-ERR [SYS/TEMP] Something went wrong on our side\r\n',
};
