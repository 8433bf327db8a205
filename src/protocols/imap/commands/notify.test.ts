import { describe, test } from 'vitest';
import { many } from '../../../../test/imap/mails.ts';
import { oneImapService } from '../../../../test/imap/one-service.ts';

const imap = oneImapService();

const APPEND = String.raw`{14+}\r\nSubject: x\r\n\r\n\r\n`;

describe('NOTIFY: mailboxes that are not selected', () => {
  test('messages that come, change and go are told at once as STATUS, without a command', async () => {
    await imap.service.deliver('A', 'Archive', many(2));
    await imap.script(String.raw`
      A> s NOTIFY SET STATUS (personal (MessageNew MessageExpunge FlagChange)) (mailboxes nowhere (MailboxName))
      A< /^. STATUS "INBOX" \(MESSAGES 0 UIDNEXT 1 UIDVALIDITY \d+ HIGHESTMODSEQ \d+\)$/
      A< ...
      A< /^. STATUS "Archive" \(MESSAGES 2 UIDNEXT 3 UIDVALIDITY \d+ HIGHESTMODSEQ \d+\)$/
      A< s OK NOTIFY completed
      A> a NOTIFY SET (personal (MessageNew MessageExpunge FlagChange))
      A< a OK NOTIFY completed
      A> b SELECT INBOX
      A< ...
      A< /^b OK/
      A2>| a APPEND Archive ${APPEND}
      A2< /^a OK/
      A< /^. STATUS "Archive" \(MESSAGES 3 UIDNEXT 4 UIDVALIDITY \d+ UNSEEN 3\)$/
      A2> b SELECT Archive
      A2< ...
      A2< /^b OK/
      A2> c STORE 1 +FLAGS.SILENT (\Seen)
      A2< c OK STORE completed
      A< /^. STATUS "Archive" \(UIDVALIDITY \d+ UNSEEN 2\)$/
      A2> d MOVE 1 Trash
      A2< ...
      A2< d OK MOVE completed
      A< ...
      A< /^. STATUS "Trash" \(MESSAGES 1 /
      A2>| e APPEND INBOX ${APPEND}
      A2< /^e OK/
      A2>| f APPEND Sent ${APPEND}
      A2< /^f OK/
      A< /^. STATUS "Sent" /
      A> c NOTIFY NONE
      A< c OK NOTIFY completed
      A2>| g APPEND Sent ${APPEND}
      A2< /^g OK/
      A> d NOOP
      A< d OK NOOP completed
    `);
  });

  test('names, subscriptions and annotations', () =>
    imap.script(String.raw`
      B> a NOTIFY SET (personal (MailboxName SubscriptionChange MailboxMetadataChange)) (mailboxes INBOX (ServerMetadataChange))
      B< a OK NOTIFY completed
      B2> a CREATE Projects
      B2< /^a OK/
      B< * LIST (\HasNoChildren) "/" "Projects"
      B2> b CREATE Projects/One
      B2< /^b OK/
      B< * LIST (\HasNoChildren) "/" "Projects/One"
      B< * LIST (\HasChildren) "/" "Projects"
      B2> c RENAME Projects Work
      B2< c OK RENAME completed
      B< * LIST (\HasChildren) "/" "Work" ("OLDNAME" ("Projects"))
      B2> d SUBSCRIBE Work/One
      B2< d OK SUBSCRIBE completed
      B< * LIST (\HasNoChildren \Subscribed) "/" "Work/One"
      B2> e SETMETADATA Work/One (/private/comment "x")
      B2< e OK SETMETADATA completed
      B< * METADATA "Work/One" "/private/comment"
      B2> f SETMETADATA "" (/private/comment "x")
      B2< f OK SETMETADATA completed
      B< * METADATA "" "/private/comment"
      B2> g UNSUBSCRIBE Work/One
      B2< g OK UNSUBSCRIBE completed
      B< * LIST (\HasNoChildren) "/" "Work/One"
      B2> h DELETE Work/One
      B2< h OK DELETE completed
      B< * LIST (\NonExistent) "/" "Work/One"
      B< * LIST (\HasNoChildren) "/" "Work"
    `));

  test('filters: subtree, named and subscribed mailboxes, and nothing of the others', () =>
    imap.script(String.raw`
      C> a CREATE Lists/One
      C< /^a OK/
      C> b CREATE ListsToo
      C< /^b OK/
      C> c NOTIFY SET (subtree Lists (MessageNew MessageExpunge)) (mailboxes (Trash Drafts) (MessageNew MessageExpunge)) (subscribed NONE)
      C< c OK NOTIFY completed
      C2>| a APPEND ListsToo ${APPEND}
      C2< /^a OK/
      C2>| b APPEND Sent ${APPEND}
      C2< /^b OK/
      C2>| c APPEND Lists/One ${APPEND}
      C2< /^c OK/
      C< /^. STATUS "Lists.One" /
      C2>| d APPEND Drafts ${APPEND}
      C2< /^d OK/
      C< /^. STATUS "Drafts" /
    `));

  test('what others share: told while it is shared, from the moment it is (E13)', async () => {
    await imap.service.deliver('O', 'Team', many(1));
    await imap.script(String.raw`
      D> a NOTIFY SET (subtree ~o@example.test (MessageNew MessageExpunge MailboxName))
      D< a OK NOTIFY completed
      O> a SETACL Team d@example.test l
      O< a OK SETACL completed
      D< * LIST (\HasNoChildren) "/" "~o@example.test/Team"
      O>| b APPEND Team ${APPEND}
      O< /^b OK/
      O> c SETACL Team d@example.test lr
      O< c OK SETACL completed
      O>| d APPEND Team ${APPEND}
      O< /^d OK/
      D< /^. STATUS "~o@example.test.Team" \(MESSAGES 3 /
      O> e DELETEACL Team d@example.test
      O< e OK DELETEACL completed
      D< * LIST (\NonExistent) "/" "~o@example.test/Team"
      O>| f APPEND Team ${APPEND}
      O< /^f OK/
      O> g SETACL Team d@example.test l
      O< g OK SETACL completed
      D< * LIST (\HasNoChildren) "/" "~o@example.test/Team"
      D> b NOTIFY SET (mailboxes ~o@example.test/Team (MessageNew MessageExpunge))
      D< * LIST (\NoAccess) "/" "~o@example.test/Team"
      D< b OK NOTIFY completed
    `);
  });
});

describe('NOTIFY: the selected mailbox', () => {
  test('SELECTED: at once, new messages with what was asked for', async () => {
    await imap.service.deliver('E', 'INBOX', many(2));
    await imap.script(String.raw`
      E> a SELECT INBOX
      E< ...
      E< /^a OK/
      E> b NOTIFY SET (selected (MessageNew (UID BODY[TEXT]) MessageExpunge))
      E< b OK NOTIFY completed
      E2> a SELECT INBOX
      E2< ...
      E2< /^a OK/
      E2> b STORE 1 +FLAGS.SILENT (\Deleted)
      E2< b OK STORE completed
      E2> c EXPUNGE
      E2< * 1 EXPUNGE
      E2< c OK EXPUNGE completed
      E< * 1 EXPUNGE
      E2> d COPY 1 INBOX
      E2< ...
      E2< /^d OK/
      E< * 2 EXISTS
      E< * 0 RECENT
      E< * 2 FETCH (UID 3 BODY[TEXT] {8}
      E< body 2
      E< )
      E2> e FETCH 2 FLAGS
      E2< * 2 FETCH (FLAGS ())
      E2< e OK FETCH completed
    `);
  });

  test('SELECTED-DELAYED: that messages are gone waits for a command, or IDLE', async () => {
    await imap.service.deliver('F', 'INBOX', many(3));
    await imap.script(String.raw`
      F> a SELECT INBOX
      F< ...
      F< /^a OK/
      F> b NOTIFY SET (selected-delayed (MessageNew MessageExpunge FlagChange))
      F< b OK NOTIFY completed
      F2> a SELECT INBOX
      F2< ...
      F2< /^a OK/
      F2> b STORE 1 +FLAGS.SILENT (\Flagged)
      F2< b OK STORE completed
      F< * 1 FETCH (UID 1 FLAGS (\Flagged))
      F2> c STORE 2:3 +FLAGS.SILENT (\Deleted)
      F2< c OK STORE completed
      F< * 2 FETCH (UID 2 FLAGS (\Deleted))
      F< * 3 FETCH (UID 3 FLAGS (\Deleted))
      F2> d UID EXPUNGE 2
      F2< * 2 EXPUNGE
      F2< d OK UID EXPUNGE completed
      F> c FETCH 3 UID
      F< * 3 FETCH (UID 3)
      F< c OK FETCH completed
      F> d NOOP
      F< * 2 EXPUNGE
      F< d OK NOOP completed
      F2> e EXPUNGE
      F2< * 2 EXPUNGE
      F2< e OK EXPUNGE completed
      F> e IDLE
      F< + idling
      F< * 2 EXPUNGE
      F> DONE
      F< e OK IDLE completed
    `);
  });

  test('not asked for: only what its own commands take away is told', async () => {
    await imap.service.deliver('G', 'INBOX', many(2));
    await imap.script(String.raw`
      G> a SELECT INBOX
      G< ...
      G< /^a OK/
      G> b NOTIFY NONE
      G< b OK NOTIFY completed
      G2>| a APPEND INBOX ${APPEND}
      G2< /^a OK/
      G> c NOOP
      G< c OK NOOP completed
      G> d STORE 1 +FLAGS.SILENT (\Deleted)
      G< d OK STORE completed
      G> e EXPUNGE
      G< * 1 EXPUNGE
      G< * 2 EXISTS
      G< * 0 RECENT
      G< e OK EXPUNGE completed
    `);
  });
});

test.each<[string, string]>([
  ['NOTIFY', 'BAD space expected'],
  ['NOTIFY ALL', 'BAD SET or NONE expected'],
  ['NOTIFY NONE x', 'BAD end of command expected'],
  ['NOTIFY SET', 'BAD space expected'],
  ['NOTIFY SET personal', "BAD '(' expected"],
  ['NOTIFY SET (nobody NONE)', 'BAD unknown mailboxes'],
  ['NOTIFY SET (personal ())', 'BAD event expected'],
  ['NOTIFY SET (subtree () NONE)', 'BAD mailbox expected'],
  ['NOTIFY SET (personal (MessageNew))', 'BAD MessageNew goes with MessageExpunge'],
  ['NOTIFY SET (personal (FlagChange))', 'BAD FlagChange goes with MessageNew and MessageExpunge'],
  ['NOTIFY SET (selected (MailboxName))', 'BAD of the selected mailbox there are message events only'],
  ['NOTIFY SET (personal (MessageNew (UID) MessageExpunge))', 'BAD messages are told of the selected mailbox only'],
  ['NOTIFY SET (selected (MessageExpunge (UID) MessageNew))', 'BAD what is told belongs to MessageNew'],
  ['NOTIFY SET (selected NONE) (selected-delayed NONE)', 'BAD one group for the selected mailbox'],
  [`NOTIFY SET${' (personal NONE)'.repeat(21)}`, 'BAD too many groups'],
  [
    'NOTIFY SET (personal (AnnotationChange))',
    'NO [BADEVENT (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange MailboxMetadataChange ServerMetadataChange)] Of that nobody is told',
  ],
])('%s is refused', (line, answer) =>
  imap.script(String.raw`
    H> a ${line}
    H< a ${answer}
    newH< ...
    newH> a NOTIFY NONE
    newH< a BAD NOTIFY is not possible in this state
  `),
);
