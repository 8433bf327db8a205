import { describe, expect, test } from 'vitest';
import { oneImapService } from '../../../../test/imap/one-service.ts';

const limited = oneImapService({ messageLimit: 3 });
const unlimited = oneImapService();

/** Five messages with the UIDs 1, 3, 4, 5 and 6, so that numbers are no UIDs. */
async function filled(name: string, flags = 0): Promise<void> {
  const placed = await limited.service.deliver(
    name,
    'INBOX',
    [1, 2, 3, 4, 5, 6].map((n) => `Message-ID: <${n}@x.test>\r\nSubject: m${n}\r\n\r\nbody\r\n`),
    { flags },
  );
  await (await limited.service.account(name)).deleteMessage([placed[1]!.id]);
}

const SELECTED = (name: string, before = ''): string => `
  ${before}
  ${name}> s SELECT INBOX
  ${name}< ...
  ${name}< /^s OK/
`;

test('the limit is told to who is signed in, and where there is none nothing is told', async () => {
  await limited.script(`
    newA< /^\\* OK \\[CAPABILITY (?!.*MESSAGELIMIT)/
    newA> 1 CAPABILITY
    newA< /^\\* CAPABILITY (?!.*MESSAGELIMIT)/
    A> 1 CAPABILITY
    A< /^\\* CAPABILITY .*\\bMESSAGELIMIT=3\\b/
    A< 1 OK CAPABILITY completed
  `);
  await unlimited.script(`
    A> 1 CAPABILITY
    A< /^\\* CAPABILITY (?!.*MESSAGELIMIT)/
  `);
});

describe('of more messages the highest UIDs are worked on', () => {
  test('FETCH: from the highest down, and as many as may be without a word', async () => {
    await filled('F');
    await limited.script(`${SELECTED('F')}
      F> 1 FETCH 1:* (UID FLAGS)
      F< * 5 FETCH (UID 6 FLAGS ())
      F< * 4 FETCH (UID 5 FLAGS ())
      F< * 3 FETCH (UID 4 FLAGS ())
      F< 1 OK [MESSAGELIMIT 3 4] FETCH completed
      F> 2 UID FETCH 1:3 FLAGS
      F< * 1 FETCH (UID 1 FLAGS ())
      F< * 2 FETCH (UID 3 FLAGS ())
      F< 2 OK FETCH completed
      F> 3 UID FETCH 1,3:6 BODY.PEEK[TEXT]<0.2>
      F< * 5 FETCH (UID 6 BODY[TEXT]<0> {2}
      F< bo)
      F< * 4 FETCH (UID 5 BODY[TEXT]<0> {2}
      F< bo)
      F< * 3 FETCH (UID 4 BODY[TEXT]<0> {2}
      F< bo)
      F< 3 OK [MESSAGELIMIT 3 4] FETCH completed
      F> 4 FETCH 3:5 UID
      F< ...
      F< 4 OK FETCH completed
    `);
  });

  test('FETCH with PARTIAL: its range is what is counted', async () => {
    await filled('P');
    await limited.script(`${SELECTED('P')}
      P> 1 UID FETCH 1:* (FLAGS) (PARTIAL -1:-2)
      P< * 4 FETCH (UID 5 FLAGS ())
      P< * 5 FETCH (UID 6 FLAGS ())
      P< 1 OK FETCH completed
      P> 2 UID FETCH 1:* (FLAGS) (PARTIAL 1:4)
      P< 2 NO [MESSAGELIMIT 3] Too many messages for one command
    `);
  });

  test('FETCH with UIDONLY names them by UID', async () => {
    await filled('U');
    await limited.script(`${SELECTED('U', 'U> e ENABLE UIDONLY\nU< ...\nU< /^e OK/')}
      U> 1 UID FETCH 1:* FLAGS
      U< * 6 UIDFETCH (FLAGS ())
      U< * 5 UIDFETCH (FLAGS ())
      U< * 4 UIDFETCH (FLAGS ())
      U< 1 OK [MESSAGELIMIT 3 4] FETCH completed
    `);
  });

  test('FETCH of numbers of which one is gone: EXPUNGEISSUED is the code, and the limit is told before', async () => {
    await filled('G');
    await limited.script(`${SELECTED('G')}${SELECTED('G2')}
      G2> d STORE 5 +FLAGS.SILENT \\Deleted
      G2< d OK STORE completed
      G2> x UID EXPUNGE 6
      G2< * 5 EXPUNGE
      G2< x OK UID EXPUNGE completed
      G> 1 FETCH 1:5 UID
      G< * 4 FETCH (UID 5)
      G< * 3 FETCH (UID 4)
      G< * NO [MESSAGELIMIT 3 4] Messages with lower UIDs were left out
      G< 1 NO [EXPUNGEISSUED] Some of the messages are gone
    `);
  });

  test('STORE: what was left out has no flag', async () => {
    await filled('S');
    await limited.script(`${SELECTED('S')}
      S> 1 STORE 1:* +FLAGS.SILENT (\\Seen)
      S< 1 OK [MESSAGELIMIT 3 4] STORE completed
      S> 2 SEARCH UID 1:3 UNSEEN
      S< * SEARCH 1 2
      S< 2 OK SEARCH completed
      S> 3 SEARCH UID 4:* SEEN
      S< * SEARCH 3 4 5
      S< 3 OK SEARCH completed
      S> 4 UID STORE 1:* (UNCHANGEDSINCE 1) +FLAGS.SILENT (\\Flagged)
      S< * NO [MESSAGELIMIT 3 4] Messages with lower UIDs were left out
      S< /^4 OK \\[MODIFIED 4:6\\]/
    `);
  });

  test('SEARCH counts what it looks through, and keeps no more as its result', async () => {
    await filled('H');
    await limited.script(`${SELECTED('H')}
      H> 1 SEARCH SUBJECT m1
      H< * SEARCH
      H< 1 OK [MESSAGELIMIT 3 4] SEARCH completed
      H> 2 UID SEARCH SUBJECT m UIDBEFORE 4
      H< * SEARCH 1 3
      H< 2 OK SEARCH completed
      H> 3 UID SEARCH UIDAFTER 1 (UIDBEFORE 6 ALL)
      H< * SEARCH 3 4 5
      H< 3 OK SEARCH completed
      H> 4 UID SEARCH UIDAFTER 6
      H< * SEARCH
      H< 4 OK SEARCH completed
      H> 5 UID SEARCH RETURN (SAVE COUNT) ALL
      H< * ESEARCH (TAG "5") UID COUNT 3
      H< 5 OK [MESSAGELIMIT 3 4] SEARCH completed
      H> 6 UID SEARCH $
      H< * SEARCH 4 5 6
      H< 6 OK SEARCH completed
      H> 7 SEARCH UIDAFTER 0
      H< 7 BAD UIDs start at 1
      H> 8 SEARCH UIDBEFORE 1:3
      H< /^8 BAD/
    `);
  });

  test('MOVE: the others stay', async () => {
    await filled('M');
    await limited.script(`${SELECTED('M')}
      M> 1 MOVE 1:* Archive
      M< /^\\* OK \\[COPYUID \\d+ 4:6 1:3\\] Moved/
      M< * 5 EXPUNGE
      M< * 4 EXPUNGE
      M< * 3 EXPUNGE
      M< 1 OK [MESSAGELIMIT 3 4] MOVE completed
      M> 2 UID SEARCH ALL
      M< * SEARCH 1 3
      M< 2 OK SEARCH completed
    `);
  });

  test('UID EXPUNGE counts what is marked, EXPUNGE is never limited', async () => {
    await filled('E', 8);
    await limited.script(`${SELECTED('E')}
      E> 0 UID STORE 3 -FLAGS.SILENT (\\Deleted)
      E< 0 OK STORE completed
      E> 1 UID EXPUNGE 1:*
      E< * 5 EXPUNGE
      E< * 4 EXPUNGE
      E< * 3 EXPUNGE
      E< 1 OK [MESSAGELIMIT 3 4] UID EXPUNGE completed
    `);
    await filled('R', 8);
    await limited.script(`${SELECTED('R', 'R> e ENABLE QRESYNC\nR< ...\nR< /^e OK/')}
      R> 1 UID EXPUNGE 1:*
      R< * VANISHED 4:6
      R< * NO [MESSAGELIMIT 3 4] Messages with lower UIDs were left out
      R< /^1 OK \\[HIGHESTMODSEQ \\d+\\] UID EXPUNGE completed/
    `);
    await filled('T', 8);
    await limited.script(`${SELECTED('T')}
      T> 1 EXPUNGE
      T< ...
      T< * 1 EXPUNGE
      T< 1 OK EXPUNGE completed
    `);
  });
});

describe('what is done whole or not at all is refused', () => {
  test('COPY, SORT and THREAD', async () => {
    await filled('C');
    await limited.script(`${SELECTED('C')}
      C> 1 UID COPY 1:* Archive
      C< 1 NO [MESSAGELIMIT 3 4] Too many messages for one command
      C> 2 STATUS Archive (MESSAGES)
      C< * STATUS "Archive" (MESSAGES 0)
      C< 2 OK STATUS completed
      C> 3 COPY 1:3 Archive
      C< /^3 OK \\[COPYUID \\d+ 1,3:4 1:3\\]/
      C> 4 SORT (DATE) UTF-8 ALL
      C< 4 NO [MESSAGELIMIT 3 4] Too many messages for one command
      C> 5 UID SORT (SUBJECT) UTF-8 UIDAFTER 3
      C< * SORT 4 5 6
      C< 5 OK SORT completed
      C> 6 UID THREAD REFERENCES UTF-8 1:*
      C< 6 NO [MESSAGELIMIT 3 4] Too many messages for one command
      C> 7 UID THREAD REFERENCES UTF-8 1:2
      C< * THREAD (1)(3)
      C< 7 OK THREAD completed
    `);
  });

  test('several messages in one APPEND: none is kept, and the next command is read from its start', async () => {
    const one = ' {14+}\\r\\nSubject: x\\r\\n\\r\\n';
    await limited.script(`
      D>| 1 APPEND INBOX${one.repeat(3)}\\r\\n
      D< /^1 OK \\[APPENDUID \\d+ 1:3\\]/
      D>| 2 APPEND INBOX${one.repeat(4)}\\r\\n3 STATUS INBOX (MESSAGES)\\r\\n
      D< 2 NO [MESSAGELIMIT 3] Too many messages for one command
      D< * STATUS "INBOX" (MESSAGES 3)
      D< 3 OK STATUS completed
    `);
  });
});

test('without a limit the search keys are there all the same', async () => {
  await unlimited.service.deliver('K', 'INBOX', ['Subject: a\r\n\r\n', 'Subject: b\r\n\r\n']);
  await unlimited.script(`${SELECTED('K')}
    K> 1 SEARCH UIDAFTER 1
    K< * SEARCH 2
    K< 1 OK SEARCH completed
    K> 2 SEARCH NOT UIDBEFORE 2
    K< * SEARCH 2
    K< 2 OK SEARCH completed
  `);
  expect(unlimited.service.services.messageLimit).toBeUndefined();
});
