/**
 * Transcripts that hold for any IMAP server, so that they are run against one that is not ours as well: literal where the protocol
 * leaves no choice, patterns where it does. Each begins with empty accounts, which sessions are named for: `A` and `A2` are of one.
 */

/** Bytes as `>|` sends them. */
const escaped = (text: string): string => text.replaceAll('\r', '\\r').replaceAll('\n', '\\n');

/** The literal of a message, with what precedes it. */
const literal = (message: string, flags = ''): string => `${flags}{${message.length}+}\\r\\n${escaped(message)}`;

/** Messages come into INBOX, in one APPEND. */
const appended = (session: string, tag: string, ...literals: readonly string[]): string => `
    ${session}>| ${tag} APPEND INBOX ${literals.join(' ')}\\r\\n
    ${session}< ...
    ${session}< /^${tag} OK/`;

/** `n` messages in INBOX: subjects m1, m2 ... */
const filled = (session: string, n: number): string =>
  Array.from({ length: n }, (_, i) => appended(session, `f${i}`, literal(`Subject: m${i + 1}\r\n\r\nx\r\n`))).join(
    '\n',
  );

const selected = (...sessions: readonly string[]): string =>
  sessions
    .map(
      (session) => `
    ${session}> sel SELECT INBOX
    ${session}< ...
    ${session}< /^sel OK \\[READ-WRITE\\]/`,
    )
    .join('\n');

export const COMMON_TRANSCRIPTS: readonly (readonly [name: string, script: string])[] = [
  [
    'before sign-in nothing is possible that needs it',
    `
    newN< /^\\* OK /
    newN> a SELECT INBOX
    newN< /^a BAD /
    newN> b FETCH 1 FLAGS
    newN< /^b BAD /
    newN> c NOOP
    newN< /^c OK /
    newN> d LOGOUT
    newN< /^\\* BYE /
    newN< /^d OK /
    newN<|
    `,
  ],
  [
    'signed in, but nothing selected',
    `
    A> a FETCH 1 FLAGS
    A< /^a BAD /
    A> b EXPUNGE
    A< /^b BAD /
    A> c SELECT no-such-mailbox
    A< /^c NO /
    A> d SELECT
    A< /^d BAD /
    `,
  ],
  [
    'CREATE, LIST, RENAME, DELETE, and what another session sees of it',
    `
    B> a CREATE one
    B< /^a OK/
    B> b CREATE one
    B< /^b NO \\[ALREADYEXISTS\\]/
    B2> c LIST "" one
    B2< /^\\* LIST \\(.*\\) "." "?one"?$/
    B2< /^c OK/
    B> d RENAME one two
    B< /^d OK/
    B2> e LIST "" one
    B2< /^e OK/
    B> f DELETE two
    B< /^f OK/
    B> g DELETE two
    B< /^g NO \\[NONEXISTENT\\]/
    B> h DELETE INBOX
    B< /^h NO/
    B> i RENAME two three
    B< /^i NO \\[NONEXISTENT\\]/
    B> j CREATE
    B< /^j BAD/
    `,
  ],
  [
    'SUBSCRIBE, LSUB, UNSUBSCRIBE',
    `
    C> a CREATE mine
    C< /^a OK/
    C> b SUBSCRIBE mine
    C< /^b OK/
    C2> c LSUB "" min*
    C2< /^\\* LSUB \\(.*\\) "." "?mine"?$/
    C2< /^c OK/
    C> d UNSUBSCRIBE mine
    C< /^d OK/
    C2> e LSUB "" min*
    C2< /^e OK/
    `,
  ],
  [
    'APPEND: the other session hears of it, and the UID is told',
    `
    ${selected('D', 'D2')}
    D>| a APPEND INBOX ${literal('Subject: m1\r\n\r\n', '(\\\\Seen) ')}\\r\\n
    D< ...
    D< /^a OK \\[APPENDUID \\d+ 1\\]/
    D2> b NOOP
    D2< ...
    D2< * 1 EXISTS
    D2< ...
    D2< /^b OK/
    D> c APPEND no-such-mailbox {3}
    D< ...
    D< /^c NO \\[TRYCREATE\\]/
    D> d APPEND INBOX
    D< ...
    D< /^d BAD/
    `,
  ],
  [
    'STORE: flags are added, removed and set, and the other session is told',
    `
    ${filled('E', 2)}
    ${selected('E', 'E2')}
    E> a STORE 1 +FLAGS (\\Seen \\Flagged)
    E< /^\\* 1 FETCH \\(.*FLAGS \\((?=.*\\\\Seen)(?=.*\\\\Flagged).*\\)/
    E< /^a OK/
    E2> b NOOP
    E2< ...
    E2< /^\\* 1 FETCH \\(.*FLAGS \\((?=.*\\\\Seen)(?=.*\\\\Flagged).*\\)/
    E2< ...
    E2< /^b OK/
    E> c STORE 1 -FLAGS.SILENT (\\Seen)
    E< /^c OK/
    E> d STORE 1:2 FLAGS ()
    E< ...
    E< /^d OK/
    E2> e FETCH 1 FLAGS
    E2< ...
    E2< /^e OK/
    E> f STORE 3 +FLAGS (\\Seen)
    E< ...
    E< /^f (BAD|NO)/
    E> g STORE 1 +FLAG (\\Seen)
    E< /^g BAD/
    E> h UID STORE 99 +FLAGS (\\Seen)
    E< /^h OK/
    `,
  ],
  [
    'EXPUNGE: numbers move up, and the other session is told only when its numbers need not hold',
    `
    ${filled('F', 4)}
    ${selected('F', 'F2')}
    F> a STORE 2:3 +FLAGS.SILENT (\\Deleted)
    F< /^a OK/
    F> b EXPUNGE
    F< /^\\* [23] EXPUNGE/
    F< * 2 EXPUNGE
    F< ...
    F< /^b OK/
    F2> c FETCH 4 UID
    F2< ...
    F2< * 4 FETCH (UID 4)
    F2< ...
    F2< /^c OK/
    F2> d NOOP
    F2< ...
    F2< /^\\* [23] EXPUNGE/
    F2< ...
    F2< /^\\* 2 EXPUNGE/
    F2< ...
    F2< /^d OK/
    F2> e FETCH 1:* UID
    F2< * 1 FETCH (UID 1)
    F2< * 2 FETCH (UID 4)
    F2< /^e OK/
    `,
  ],
  [
    'UID EXPUNGE takes those that are named and marked, and no other',
    `
    ${filled('G', 3)}
    ${selected('G')}
    G> a STORE 1:2 +FLAGS.SILENT (\\Deleted)
    G< /^a OK/
    G> b UID EXPUNGE 2:3
    G< * 2 EXPUNGE
    G< ...
    G< /^b OK/
    G> c UID SEARCH ALL
    G< * SEARCH 1 3
    G< /^c OK/
    `,
  ],
  [
    'FETCH: parts of a message, and \\Seen only where it is due',
    `
    ${appended('H', 'a', literal('From: a@x.test\r\nSubject: hello\r\n\r\nbody\r\n'))}
    ${selected('H')}
    H> b FETCH 1 (RFC822.SIZE BODY.PEEK[HEADER.FIELDS (SUBJECT)])
    H< * 1 FETCH (RFC822.SIZE 40 BODY[HEADER.FIELDS (SUBJECT)] {18}
    H< Subject: hello
    H<
    H< )
    H< /^b OK/
    H> c FETCH 1 BODY.PEEK[TEXT]<1.2>
    H< * 1 FETCH (BODY[TEXT]<1> {2}
    H< od)
    H< /^c OK/
    H> d SEARCH UNSEEN
    H< * SEARCH 1
    H< /^d OK/
    H> e FETCH 1 BODY[TEXT]
    H< ...
    H< /^e OK/
    H> f SEARCH UNSEEN
    H< * SEARCH
    H< /^f OK/
    H> g FETCH 1 BODY[NO]
    H< /^g BAD/
    H> h UID FETCH 7 FLAGS
    H< /^h OK/
    `,
  ],
  [
    'SEARCH by what there is, and ESEARCH',
    `
    ${filled('I', 3)}
    ${selected('I')}
    I> a SEARCH SUBJECT m2
    I< * SEARCH 2
    I< /^a OK/
    I> b SEARCH OR SUBJECT m1 SUBJECT m3
    I< * SEARCH 1 3
    I< /^b OK/
    I> c SEARCH NOT 2
    I< * SEARCH 1 3
    I< /^c OK/
    I> d SEARCH RETURN (MIN MAX COUNT) ALL
    I< * ESEARCH (TAG "d") MIN 1 MAX 3 COUNT 3
    I< /^d OK/
    I> e UID SEARCH RETURN (ALL) 1:2
    I< * ESEARCH (TAG "e") UID ALL 1:2
    I< /^e OK/
    I> f SEARCH CHARSET x-none SUBJECT a
    I< /^f NO \\[BADCHARSET/
    I> g SEARCH NONSENSE
    I< /^g BAD/
    `,
  ],
  [
    'COPY and MOVE: the UIDs are told, and the other session sees them',
    `
    ${filled('J', 3)}
    J> a CREATE there
    J< /^a OK/
    ${selected('J')}
    J> b COPY 1:2 there
    J< ...
    J< /^b OK \\[COPYUID \\d+ 1:2 1:2\\]/
    J> c UID MOVE 3 there
    J< /^\\* OK \\[COPYUID \\d+ 3 3\\]/
    J< * 3 EXPUNGE
    J< ...
    J< /^c OK/
    J2> d STATUS there (MESSAGES UIDNEXT)
    J2< /^\\* STATUS "?there"? \\(MESSAGES 3 UIDNEXT 4\\)$/
    J2< /^d OK/
    J> e COPY 1 nowhere
    J< /^e NO \\[TRYCREATE\\]/
    J> f COPY 1
    J< /^f BAD/
    `,
  ],
  [
    'CLOSE expunges in silence, UNSELECT does not expunge',
    `
    ${filled('K', 2)}
    ${selected('K')}
    K> a STORE 1 +FLAGS.SILENT (\\Deleted)
    K< /^a OK/
    K> b UNSELECT
    K< /^b OK/
    K> c STATUS INBOX (MESSAGES)
    K< /^\\* STATUS "?INBOX"? \\(MESSAGES 2\\)$/
    K< /^c OK/
    ${selected('K')}
    K> d CLOSE
    K< /^d OK/
    K> e STATUS INBOX (MESSAGES)
    K< /^\\* STATUS "?INBOX"? \\(MESSAGES 1\\)$/
    K< /^e OK/
    K> f CLOSE
    K< /^f BAD/
    `,
  ],
  [
    'IDLE: what another session does is told at once',
    `
    ${selected('L', 'L2')}
    L> a IDLE
    L< /^\\+ /
    ${appended('L2', 'b', literal('Subject: m1\r\n\r\n'))}
    L< ...
    L< * 1 EXISTS
    L> DONE
    L< ...
    L< /^a OK/
    `,
  ],
  [
    'CONDSTORE: a STORE that comes too late is told so',
    `
    ${filled('M', 1)}
    M> s SELECT INBOX (CONDSTORE)
    M< ...
    M< /^s OK/
    M> a FETCH 1 (MODSEQ)
    M< /^\\* 1 FETCH \\(MODSEQ \\((?<first>\\d+)\\)\\)/
    M< /^a OK/
    M> b STORE 1 (UNCHANGEDSINCE $first) +FLAGS.SILENT (\\Flagged)
    M< ...
    M< /^b OK/
    M> c STORE 1 (UNCHANGEDSINCE $first) -FLAGS (\\Flagged)
    M< ...
    M< /^c OK \\[MODIFIED 1\\]/
    M> d FETCH 1:* (FLAGS) (CHANGEDSINCE $first)
    M< /^\\* 1 FETCH \\((?=.*\\\\Flagged)(?=.*MODSEQ)/
    M< /^d OK/
    `,
  ],
  [
    'QRESYNC: what vanished meanwhile is told at SELECT',
    `
    ${filled('O', 3)}
    O> e ENABLE QRESYNC
    O< * ENABLED QRESYNC
    O< /^e OK/
    O> s SELECT INBOX
    O< ...
    O< /\\[UIDVALIDITY (?<validity>\\d+)\\]/
    O< ...
    O< /\\[HIGHESTMODSEQ (?<modseq>\\d+)\\]/
    O< ...
    O< /^s OK/
    O> u UNSELECT
    O< /^u OK/
    ${selected('O2')}
    O2> a STORE 2 +FLAGS.SILENT (\\Deleted)
    O2< /^a OK/
    O2> b EXPUNGE
    O2< ...
    O2< /^b OK/
    O> c SELECT INBOX (QRESYNC ($validity $modseq 1:3))
    O< ...
    O< * VANISHED (EARLIER) 2
    O< ...
    O< /^c OK/
    `,
  ],
  [
    'SORT and THREAD',
    `
    ${appended('P', 'a', literal('Message-ID: <1@x>\r\nSubject: b\r\nReferences: <0@x>\r\n\r\n'))}
    ${appended('P', 'b', literal('Message-ID: <2@x>\r\nSubject: Re: a\r\nReferences: <1@x>\r\n\r\n'))}
    ${selected('P')}
    P> c SORT (SUBJECT) UTF-8 ALL
    P< * SORT 2 1
    P< /^c OK/
    P> d THREAD REFERENCES UTF-8 ALL
    P< * THREAD (1 2)
    P< /^d OK/
    P> e SORT (NONSENSE) UTF-8 ALL
    P< /^e BAD/
    `,
  ],
  [
    'MULTIAPPEND: all or nothing',
    `
    Q>| a APPEND INBOX ${literal('Subject: m1\r\n\r\n')} ${literal('Subject: m2\r\n\r\n', '(\\\\Flagged) ')}\\r\\n
    Q< ...
    Q< /^a OK \\[APPENDUID \\d+ 1:2\\]/
    Q> b STATUS INBOX (MESSAGES)
    Q< /^\\* STATUS "?INBOX"? \\(MESSAGES 2\\)$/
    Q< /^b OK/
    `,
  ],
  [
    'pipelined commands are answered in their order',
    `
    ${filled('R', 1)}
    R>| a SELECT INBOX\\r\\nb FETCH 1 UID\\r\\nc NOOP\\r\\n
    R< ...
    R< /^a OK/
    R< * 1 FETCH (UID 1)
    R< /^b OK/
    R< /^c OK/
    `,
  ],
];
