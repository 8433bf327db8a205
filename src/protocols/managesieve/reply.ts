/** Errors in ManageSieve's words: NO, with a response code where one fits (RFC 5804 §1.3). */
import { SieveError } from '../../mail/sieve/error.ts';
import { MailError } from '../../mail/error.ts';
import type { MailErrorCode } from '../../mail/error.ts';
import type { Farewell } from '../../net/network.ts';
import { string } from './wire/string.ts';

const WORDS: { readonly [code in MailErrorCode]?: string } = {
  // The same words whether the address exists or not.
  'auth-failed': '"The address or the password is wrong"',
  'auth-throttled': '(TRYLATER) "Too many failed attempts: wait a little"',
  'account-suspended': '"This account is suspended"',
  'script-missing': '(NONEXISTENT) "There is no such script"',
  'script-exists': '(ALREADYEXISTS) "There is a script of that name"',
  'script-active': '(ACTIVE) "The active script cannot be deleted"',
  'too-large': '(QUOTA/MAXSIZE) "The script is too large"',
  'over-quota': '(QUOTA) "All scripts together are too large"',
  limit: '(QUOTA/MAXSCRIPTS) "There are too many scripts"',
  syntax: '"That cannot be the name of a script"',
  damaged: '"The stored script is damaged, and is not handed out"',
  busy: '(TRYLATER) "Too busy: try again shortly"',
  'store-failed': '(TRYLATER) "The store is out of order: try again later"',
  'store-full': '(TRYLATER) "The server has no room left: try again later"',
  timeout: '(TRYLATER) "It took too long: try again later"',
  conflict: '(TRYLATER) "Try again"',
};

/** Undefined when the error is not one that a command may end with: then the session ends, too. */
export function errorReply(error: unknown): string | undefined {
  // What is wrong with a script is for its owner.
  if (error instanceof SieveError) return `NO ${string(error.message)}\r\n`;
  if (!(error instanceof MailError)) return undefined;
  return `NO ${WORDS[error.code] ?? '(TRYLATER) "That did not work"'}\r\n`;
}

export const FAREWELLS: { readonly [why in Farewell]: string } = {
  'too-many-connections': 'BYE (TRYLATER) "Too many connections: try again later"\r\n',
  timeout: 'BYE "Idle for too long"\r\n',
  'line-too-long': 'BYE "The line is too long"\r\n',
  'bare-newline': 'BYE "Lines end in CRLF"\r\n',
  'shutting-down': 'BYE (TRYLATER) "The service is being restarted"\r\n',
  'signed-out': 'BYE "You are signed out: what you signed in with is not valid any more"\r\n',
  bug: 'BYE (TRYLATER) "Something went wrong on our side"\r\n',
};
