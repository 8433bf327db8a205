/**
 * What mail programs that cannot run here say, in their order and their spelling, as their published source and logs show it: written after them, not
 * recorded from them. Each `...` passes over answers that other tests pin.
 */
import { describe, test } from 'vitest';
import { many } from '../../../test/imap/mails.ts';
import { oneImapService } from '../../../test/imap/one-service.ts';

const imap = oneImapService();

/** The initial response of PLAIN (RFC 4616). */
const plain = (user: string): string => Buffer.from(`\0${user}@example.test\0pass`).toString('base64');

/** A mail as an APPEND wants it: its size, and its text as a transcript sends it, with the end of the command. */
function literal(lines: readonly string[]): { readonly size: number; readonly text: string } {
  return { size: `${lines.join('\r\n')}\r\n`.length, text: String.raw`${lines.join(String.raw`\r\n`)}\r\n\r\n` };
}

describe('as Thunderbird does', () => {
  test('a new account: what the server can, the folders, the headers of INBOX, one message, and IDLE', async () => {
    await imap.service.deliver('T', 'INBOX', many(3));
    await imap.script(String.raw`
      newT< /^\* OK \[CAPABILITY .*AUTH=PLAIN/
      newT> 1 capability
      newT< /^\* CAPABILITY .*IMAP4rev1.*AUTH=PLAIN/
      newT< /^1 OK/
      newT> 2 authenticate PLAIN
      newT< /^\+ /
      newT> ${plain('t')}
      newT< /^2 OK/
      newT> 3 capability
      newT< /^\* CAPABILITY (?=.* NAMESPACE)(?=.* UIDPLUS)(?=.* IDLE)(?=.* CONDSTORE)(?=.* MOVE)(?=.* SPECIAL-USE)(?=.* LIST-EXTENDED)/
      newT< /^3 OK/
      newT> 4 ID ("name" "Thunderbird" "version" "128.3.0")
      newT< /^\* ID \("name" "Pabal"/
      newT< 4 OK ID completed
      newT> 5 namespace
      newT< /^\* NAMESPACE \(\("" "\/"\)\)/
      newT< /^5 OK/
      newT> 6 list (subscribed) "" "*" return (special-use)
      newT< ...
      newT< /^\* LIST \(.*\\Drafts.*\) "\/" "Drafts"/
      newT< ...
      newT< /^6 OK/
      newT> 7 list "" "INBOX"
      newT< * LIST (\HasNoChildren) "/" "INBOX"
      newT< 7 OK LIST completed
      newT> 8 create "Templates"
      newT< ...
      newT< /^8 OK/
      newT> 9 subscribe "Templates"
      newT< ...
      newT< /^9 OK/
      newT> 10 select "INBOX" (CONDSTORE)
      newT< ...
      newT< * 3 EXISTS
      newT< ...
      newT< /^\* OK \[HIGHESTMODSEQ (?<seen>\d+)\]/
      newT< ...
      newT< /^10 OK \[READ-WRITE\]/
      newT> 11 getquotaroot "INBOX"
      newT< ...
      newT< /^11 OK/
      newT> 12 myrights "INBOX"
      newT< /^\* MYRIGHTS "INBOX" \w+/
      newT< 12 OK MYRIGHTS completed
      newT> 13 UID fetch 1:* (FLAGS)
      newT< * 1 FETCH (UID 1 FLAGS ())
      newT< ...
      newT< /^13 OK/
      newT> 14 UID fetch 1:3 (UID RFC822.SIZE FLAGS BODY.PEEK[HEADER.FIELDS (From To Cc Bcc Subject Date Message-ID Priority X-Priority References Newsgroups In-Reply-To Content-Type Reply-To List-Unsubscribe)])
      newT< /^\* 1 FETCH \(UID 1 RFC822.SIZE \d+ FLAGS \(\).* BODY\[HEADER.FIELDS \("?From"? .*\)\] \{\d+\}/
      newT< From: Sender <s1@example.test>
      newT< Subject: mail 1
      newT< ...
      newT< /^\* 3 FETCH/
      newT< ...
      newT< /^14 OK/
      newT> 15 UID fetch 2 (BODYSTRUCTURE)
      newT< /^\* 2 FETCH \(UID 2 BODYSTRUCTURE \("text" "plain"/
      newT< /^15 OK/
      newT> 16 UID fetch 2 (UID RFC822.SIZE BODY.PEEK[])
      newT< /^\* 2 FETCH \(UID 2 RFC822.SIZE (?<size>\d+) BODY\[\] \{\d+\}/
      newT< ...
      newT< body 2
      newT< ...
      newT< /^16 OK/
      newT> 17 uid store 2 +Flags (\Seen)
      newT< /^\* 2 FETCH \(UID 2 FLAGS \(\\Seen\)/
      newT< /^17 OK/
      newT> 18 uid store 3 +Flags ($Junk)
      newT< ...
      newT< /^\* 3 FETCH \(UID 3 FLAGS \(\$Junk\)/
      newT< /^18 OK/
      newT> 19 IDLE
      newT< + idling
      T2>| a APPEND INBOX {14+}\r\nSubject: x\r\n\r\n\r\n
      newT< * 4 EXISTS
      newT< ...
      newT< * 0 RECENT
      newT> DONE
      newT< 19 OK IDLE completed
      newT> 20 noop
      newT< 20 OK NOOP completed
      newT> 21 UID fetch 4:* (FLAGS)
      newT< /^\* 4 FETCH \(UID 4/
      newT< /^21 OK/
      newT> 22 UID fetch 1:* (FLAGS) (CHANGEDSINCE $seen)
      newT< /^\* 2 FETCH \(UID 2 FLAGS \(\\Seen\) MODSEQ/
      newT< /^\* 3 FETCH/
      newT< /^\* 4 FETCH/
      newT< /^22 OK/
      newT> 23 logout
      newT< /^\* BYE/
      newT< /^23 OK/
      newT<|
    `);
  });

  test('a draft is saved twice, a message moved, another put into the trash; other folders are asked about on a second connection', async () => {
    await imap.service.deliver('U', 'INBOX', many(3));
    const [first, second] = ['so far', 'further'].map((text) =>
      literal(['Message-ID: <d@example.test>', 'Subject: draft', '', text]),
    ) as [ReturnType<typeof literal>, ReturnType<typeof literal>];
    await imap.script(String.raw`
      U> 1 select "INBOX" (CONDSTORE)
      U< ...
      U< /^1 OK/
      U2> 1 select "Drafts" (CONDSTORE)
      U2< ...
      U2< /^1 OK/
      U2>| 2 append "Drafts" (\\Seen \\Draft) {${first.size}+}\r\n${first.text}
      U2< ...
      U2< /^2 OK \[APPENDUID \d+ 1\]/
      U2> 3 UID fetch 1 (UID RFC822.SIZE FLAGS BODY.PEEK[HEADER.FIELDS (From To Subject Message-ID)])
      U2< /^\* 1 FETCH \(UID 1 RFC822.SIZE ${first.size} FLAGS \(\\Seen \\Draft\)/
      U2< ...
      U2< /^3 OK/
      U2>| 4 append "Drafts" (\\Seen \\Draft) {${second.size}+}\r\n${second.text}
      U2< ...
      U2< /^4 OK \[APPENDUID \d+ 2\]/
      U2> 5 UID SEARCH UNDELETED HEADER Message-ID <d@example.test>
      U2< * SEARCH 1 2
      U2< /^5 OK/
      U2> 6 uid store 1 +FLAGS (\Deleted)
      U2< /^\* 1 FETCH \(UID 1 FLAGS \(\\Deleted \\Seen \\Draft\)/
      U2< /^6 OK/
      U2> 7 uid expunge 1
      U2< * 1 EXPUNGE
      U2< /^7 OK/
      U> 2 uid move 1 "Archive"
      U< /^\* OK \[COPYUID \d+ 1 1\]/
      U< * 1 EXPUNGE
      U< /^2 OK/
      U> 3 uid copy 2 "Trash"
      U< /^3 OK \[COPYUID \d+ 2 1\]/
      U> 4 uid store 2 +FLAGS (\Deleted \Seen)
      U< ...
      U< /^4 OK/
      U2> 8 STATUS "Archive" (UIDNEXT MESSAGES UNSEEN RECENT)
      U2< /^\* STATUS "Archive" \(UIDNEXT 2 MESSAGES 1 UNSEEN 1 RECENT \d\)/
      U2< /^8 OK/
      U> 5 close
      U< 5 OK CLOSE completed
      U2> 9 STATUS "INBOX" (UIDNEXT MESSAGES UNSEEN RECENT)
      U2< /^\* STATUS "INBOX" \(UIDNEXT 4 MESSAGES 1 UNSEEN 1 RECENT 0\)/
      U2< /^9 OK/
    `);
  });
});

describe('as Apple Mail does', () => {
  test('a new account: names itself, finds the folders by their use, and fetches the newest first', async () => {
    await imap.service.deliver('M', 'INBOX', many(4));
    await imap.script(String.raw`
      newM< /^\* OK/
      newM> 1.3 CAPABILITY
      newM< /^\* CAPABILITY .*SASL-IR/
      newM< /^1.3 OK/
      newM> 2.3 AUTHENTICATE PLAIN ${plain('m')}
      newM< /^2.3 OK/
      newM> 3.3 CAPABILITY
      newM< /^\* CAPABILITY (?=.* ID)(?=.* ENABLE)(?=.* CONDSTORE)(?=.* QRESYNC)(?=.* ESEARCH)(?=.* SPECIAL-USE)/
      newM< /^3.3 OK/
      newM> 4.3 ID ("name" "Mac OS X Mail" "version" "16.0 (3826.300.87.4.3)" "os" "Mac OS X" "os-version" "15.3 (24D60)" "vendor" "Apple Inc.")
      newM< /^\* ID \(/
      newM< 4.3 OK ID completed
      newM> 5.3 NAMESPACE
      newM< /^\* NAMESPACE/
      newM< /^5.3 OK/
      newM> 6.3 LIST "" ""
      newM< * LIST (\Noselect) "/" ""
      newM< 6.3 OK LIST completed
      newM> 7.3 LIST "" "*" RETURN (SPECIAL-USE)
      newM< ...
      newM< /^\* LIST \(\\HasNoChildren \\Sent\) "\/" "Sent"/
      newM< ...
      newM< 7.3 OK LIST completed
      # What came before SPECIAL-USE is not announced; who asks nevertheless goes on.
      newM> 8.3 XLIST "" "*"
      newM< /^8.3 BAD/
      newM> 9.3 LSUB "" "*"
      newM< ...
      newM< /^9.3 OK/
      newM> 10.3 STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ)
      newM< /^\* STATUS "?INBOX"? \(MESSAGES 4 UIDNEXT 5 UIDVALIDITY \d+ UNSEEN 4 HIGHESTMODSEQ \d+\)/
      newM< /^10.3 OK/
      newM> 11.3 SELECT INBOX (CONDSTORE)
      newM< ...
      newM< * 4 EXISTS
      newM< ...
      newM< /^\* OK \[UIDVALIDITY (?<validity>\d+)\]/
      newM< ...
      newM< /^\* OK \[HIGHESTMODSEQ (?<seen>\d+)\]/
      newM< ...
      newM< /^11.3 OK/
      newM> 12.3 FETCH 1:4 (FLAGS UID)
      newM< /^\* 1 FETCH \(FLAGS \(\) UID 1\)/
      newM< ...
      newM< /^12.3 OK/
      newM> 13.3 UID FETCH 3:4 (INTERNALDATE UID RFC822.SIZE FLAGS MODSEQ BODY.PEEK[HEADER.FIELDS (date subject from to cc message-id in-reply-to references content-type x-priority x-uniform-type-identifier x-universally-unique-identifier list-id list-unsubscribe bimi-indicator authentication-results)])
      newM< /^\* 3 FETCH \((?=.*UID 3)(?=.*INTERNALDATE ")(?=.*RFC822.SIZE \d+)(?=.*FLAGS \(\))(?=.*MODSEQ \(\d+\)).*BODY\[HEADER.FIELDS \(.*\)\] \{\d+\}$/
      newM< ...
      newM< /^\* 4 FETCH/
      newM< ...
      newM< /^13.3 OK/
      newM> 14.3 UID FETCH 4 (BODYSTRUCTURE BODY.PEEK[HEADER])
      newM< /^\* 4 FETCH \(UID 4 BODYSTRUCTURE \(.*\) BODY\[HEADER\] \{\d+\}/
      newM< ...
      newM< /^14.3 OK/
      newM> 15.3 UID FETCH 4 (BODY.PEEK[1]<0.5>)
      newM< * 4 FETCH (UID 4 BODY[1]<0> {5}
      newM< body )
      newM< /^15.3 OK/
      newM> 16.3 UID STORE 4 +FLAGS.SILENT (\Seen)
      newM< /^\* 4 FETCH \(UID 4 MODSEQ \(\d+\)\)/
      newM< /^16.3 OK/
      newM> 17.3 CHECK
      newM< /^17.3 OK/
      newM> 18.3 UID SEARCH RETURN (ALL) 1:* NOT DELETED
      newM< * ESEARCH (TAG "18.3") UID ALL 1:4
      newM< /^18.3 OK/
      newM> 19.3 CLOSE
      newM< /^19.3 OK/
      newM> 20.3 LOGOUT
      newM< /^\* BYE/
      newM< /^20.3 OK/
      newM<|
      # Later: only what changed since.
      newM2< /^\* OK/
      newM2> 1.4 AUTHENTICATE PLAIN ${plain('m')}
      newM2< /^1.4 OK/
      newM2> 2.4 ENABLE QRESYNC
      newM2< * ENABLED QRESYNC
      newM2< /^2.4 OK/
      newM2> 3.4 SELECT INBOX (QRESYNC ($validity $seen 1:4))
      newM2< ...
      newM2< /^\* 4 FETCH \(UID 4 FLAGS \(\\Seen\) MODSEQ/
      newM2< /^3.4 OK/
    `);
  });

  test('one connection for each folder, each in IDLE, and one for what the user does', async () => {
    await imap.service.deliver('N', 'INBOX', many(3));
    const draft = literal(['X-Universally-Unique-Identifier: 6F9619FF-8B86', 'Subject: draft', '', 'so far']);
    await imap.script(String.raw`
      N> 1.1 SELECT INBOX
      N< ...
      N< /^1.1 OK/
      N> 2.1 IDLE
      N< + idling
      N2> 1.2 SELECT Archive
      N2< ...
      N2< /^1.2 OK/
      N2> 2.2 IDLE
      N2< + idling
      N3> 1.3 SELECT Trash
      N3< ...
      N3< /^1.3 OK/
      N3> 2.3 IDLE
      N3< + idling
      N4> 1.4 SELECT Drafts
      N4< ...
      N4< /^1.4 OK/
      N4> 2.4 IDLE
      N4< + idling
      N5> 1.5 SELECT INBOX
      N5< ...
      N5< /^1.5 OK/
      # An orange flag: bits that only Apple's programs know, kept as any other keyword.
      N5> 2.5 UID STORE 1 +FLAGS.SILENT (\Flagged $MailFlagBit0)
      N5< ...
      N5< /^2.5 OK/
      N< ...
      N< /^\* 1 FETCH \(UID 1 FLAGS \(\\Flagged \$MailFlagBit0\)\)/
      N5> 3.5 UID MOVE 1 Archive
      N5< /^\* OK \[COPYUID \d+ 1 1\]/
      N5< * 1 EXPUNGE
      N5< /^3.5 OK/
      N< * 1 EXPUNGE
      N2< ...
      N2< * 1 EXISTS
      N5> 4.5 UID COPY 2 Trash
      N5< /^4.5 OK \[COPYUID \d+ 2 1\]/
      N3< ...
      N3< * 1 EXISTS
      N5> 5.5 UID STORE 2 +FLAGS.SILENT (\Deleted)
      N5< 5.5 OK STORE completed
      N< * 1 FETCH (UID 2 FLAGS (\Deleted))
      N5> 6.5 UID EXPUNGE 2
      N5< * 1 EXPUNGE
      N5< /^6.5 OK/
      N< * 1 EXPUNGE
      # A draft: written to the folder, found there by its own field, and the one before it removed.
      N5>| 7.5 APPEND Drafts (\\Seen \\Draft $NotJunk) {${draft.size}}\r\n
      N5< /^\+ /
      N5>| ${draft.text}
      N5< /^7.5 OK \[APPENDUID \d+ 1\]/
      N4< ...
      N4< * 1 EXISTS
      N4< * 0 RECENT
      N4> DONE
      N4< 2.4 OK IDLE completed
      N4> 3.4 UID SEARCH HEADER X-Universally-Unique-Identifier 6F9619FF-8B86
      N4< * SEARCH 1
      N4< /^3.4 OK/
      N4> 4.4 UID FETCH 1 (FLAGS)
      N4< ...
      N4< * 1 FETCH (UID 1 FLAGS (\Seen \Draft $NotJunk))
      N4< /^4.4 OK/
      N> DONE
      N< 2.1 OK IDLE completed
      N> 3.1 NOOP
      N< 3.1 OK NOOP completed
    `);
  });
});
