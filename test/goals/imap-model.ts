/** What IMAP4rev1 says of each command in each state, small enough to be read beside the RFC. */

export type State = 'connected' | 'signed-in' | 'selected' | 'examined';
export const STATES: readonly State[] = ['connected', 'signed-in', 'selected', 'examined'];

export type Status = 'OK' | 'NO' | 'BAD';

export interface Move {
  /** Without its tag. */
  readonly line: string;
  /** What may be answered in a state, and the state afterwards (the same, when it is not said). */
  readonly judge: (state: State) => { readonly may: readonly Status[]; readonly after?: State };
}

const signedIn = (state: State): boolean => state !== 'connected';
const open = (state: State): boolean => state === 'selected' || state === 'examined';
/** RFC 3501 §6.4: a command that the state does not allow is BAD; several servers say NO, and clients take both. */
const WRONG_STATE = { may: ['BAD', 'NO'] as const };

function whenSignedIn(line: string, status: Status, after?: State): Move {
  return {
    line,
    judge: (state) => (signedIn(state) ? { may: [status], ...(after && { after }) } : WRONG_STATE),
  };
}
function whenOpen(line: string, ...may: readonly Status[]): Move {
  return { line, judge: (state) => (open(state) ? { may } : WRONG_STATE) };
}
function whenWritable(line: string): Move {
  return {
    line,
    judge: (state) => (state === 'selected' ? { may: ['OK'] } : state === 'examined' ? { may: ['NO'] } : WRONG_STATE),
  };
}
function always(line: string, ...may: readonly Status[]): Move {
  return { line, judge: () => ({ may }) };
}
/** RFC 3501 §6.3.1: also a SELECT that fails leaves no mailbox selected. */
function failedSelect(line: string): Move {
  return { line, judge: (state) => (signedIn(state) ? { may: ['NO', 'BAD'], after: 'signed-in' } : WRONG_STATE) };
}

/** Commands that work, where they may. */
export const COMMANDS: readonly Move[] = [
  always('NOOP', 'OK'),
  always('CAPABILITY', 'OK'),
  whenSignedIn('SELECT INBOX', 'OK', 'selected'),
  whenSignedIn('EXAMINE INBOX', 'OK', 'examined'),
  whenSignedIn('LIST "" "*"', 'OK'),
  whenSignedIn('LSUB "" "*"', 'OK'),
  whenSignedIn('STATUS Sent (MESSAGES UIDNEXT)', 'OK'),
  whenSignedIn('NAMESPACE', 'OK'),
  whenSignedIn('LIST (SUBSCRIBED) "" ("*") RETURN (STATUS (MESSAGES SIZE))', 'OK'),
  whenSignedIn('GETQUOTAROOT INBOX', 'OK'),
  whenSignedIn('SUBSCRIBE Sent', 'OK'),
  whenSignedIn('ENABLE CONDSTORE', 'OK'),
  whenOpen('CHECK', 'OK'),
  whenOpen('FETCH 1 (FLAGS UID)', 'OK'),
  whenOpen('UID FETCH 1:* FLAGS', 'OK'),
  whenOpen('SEARCH ALL', 'OK'),
  whenOpen('UID SEARCH UNSEEN', 'OK'),
  whenOpen('UID SEARCH RETURN (SAVE COUNT) UNSEEN', 'OK'),
  whenOpen('UID FETCH $ (EMAILID THREADID SAVEDATE PREVIEW)', 'OK'),
  whenOpen('COPY 1 Archive', 'OK'),
  whenWritable('STORE 1 +FLAGS.SILENT (\\Flagged)'),
  whenWritable('UID STORE 1:* -FLAGS.SILENT (\\Flagged)'),
  whenWritable('EXPUNGE'),
  { line: 'CLOSE', judge: (state) => (open(state) ? { may: ['OK'], after: 'signed-in' } : WRONG_STATE) },
  { line: 'UNSELECT', judge: (state) => (open(state) ? { may: ['OK'], after: 'signed-in' } : WRONG_STATE) },
];

/** Everything that goes wrong: nothing of it may leave the session in another state than the model says. */
export const ERRORS: readonly Move[] = [
  always('', 'BAD'),
  always('FROB', 'BAD'),
  always('NOOP x', 'BAD'),
  always('CAPABILITY x', 'BAD'),
  always('UID', 'BAD'),
  always('UID FROB 1', 'BAD'),
  always('STARTTLS x', 'BAD', 'NO'),
  { line: 'LOGIN', judge: () => WRONG_STATE },
  { line: 'LOGIN a', judge: () => WRONG_STATE },
  { line: 'AUTHENTICATE FROB', judge: () => WRONG_STATE },
  failedSelect('SELECT nowhere'),
  failedSelect('EXAMINE nowhere'),
  whenSignedIn('CREATE INBOX', 'NO'),
  whenSignedIn('DELETE INBOX', 'NO'),
  whenSignedIn('DELETE nowhere', 'NO'),
  whenSignedIn('RENAME nowhere elsewhere', 'NO'),
  whenSignedIn('RENAME Sent Trash', 'NO'),
  whenSignedIn('STATUS nowhere (MESSAGES)', 'NO'),
  whenSignedIn('STATUS Sent (FROB)', 'BAD'),
  whenSignedIn('STATUS Sent', 'BAD'),
  whenSignedIn('LIST ""', 'BAD'),
  whenSignedIn('SELECT', 'BAD'),
  whenSignedIn('CREATE', 'BAD'),
  whenOpen('FETCH', 'BAD'),
  whenOpen('FETCH 1', 'BAD'),
  whenOpen('FETCH 0 FLAGS', 'BAD'),
  whenOpen('FETCH 1 FROB', 'BAD'),
  whenOpen('FETCH 1 (FLAGS', 'BAD'),
  whenOpen('STORE 1', 'BAD'),
  whenOpen('STORE 1 FLAGS (\\Frob)', 'BAD', 'NO'),
  whenOpen('SEARCH', 'BAD'),
  whenOpen('SEARCH FROB', 'BAD'),
  whenOpen('SEARCH CHARSET X-NOBODY ALL', 'NO', 'BAD'),
  whenOpen('COPY 1 nowhere', 'NO'),
  whenOpen('COPY 1', 'BAD'),
  whenOpen('EXPUNGE x', 'BAD'),
  whenOpen('UID EXPUNGE', 'BAD'),
];
