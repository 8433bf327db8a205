import { describe, expect, test } from 'vitest';
import { many } from '../../../../test/imap/mails.ts';
import { oneImapService } from '../../../../test/imap/one-service.ts';

const imap = oneImapService();

describe('STORE', () => {
  test('sets, adds, removes; others hear of it', async () => {
    await imap.service.deliver('S', 'INBOX', many(2));
    await imap.script(String.raw`
      S> a SELECT INBOX
      S< ...
      S< /^a OK/
      S2> b SELECT INBOX
      S2< ...
      S2< /^b OK/
      S> c STORE 1:2 +FLAGS (\Seen $Label)
      S< * FLAGS (\Answered \Flagged \Deleted \Seen \Draft $Label)
      S< * OK [PERMANENTFLAGS (\Answered \Flagged \Deleted \Seen \Draft $Label \*)] Flags that are kept
      S< * 1 FETCH (UID 1 FLAGS (\Seen $Label))
      S< * 2 FETCH (UID 2 FLAGS (\Seen $Label))
      S< c OK STORE completed
      S2> d NOOP
      S2< * FLAGS (\Answered \Flagged \Deleted \Seen \Draft $Label)
      S2< ...
      S2< * 1 FETCH (UID 1 FLAGS (\Seen $Label))
      S2< * 2 FETCH (UID 2 FLAGS (\Seen $Label))
      S2< d OK NOOP completed
      S> e UID STORE 2 -FLAGS.SILENT $LABEL
      S< e OK STORE completed
      S2> f NOOP
      S2< * 2 FETCH (UID 2 FLAGS (\Seen))
      S2< f OK NOOP completed
      S> g STORE 1 FLAGS (\Draft __proto__ constructor)
      S< ...
      S< * 1 FETCH (UID 1 FLAGS (\Draft __proto__ constructor))
      S< g OK STORE completed
      S> h NOOP
      S< h OK NOOP completed
      S> i STORE 1 FLAGS ()
      S< * 1 FETCH (UID 1 FLAGS ())
      S< i OK STORE completed
    `);
  });

  test('a change of nothing hides no other change', async () => {
    await imap.service.deliver('Q', 'INBOX', many(1));
    await imap.script(String.raw`
      Q> a SELECT INBOX
      Q< ...
      Q< /^a OK/
      Q2> b SELECT INBOX
      Q2< ...
      Q2< /^b OK/
      Q2> c STORE 1 +FLAGS.SILENT (\Seen \Flagged)
      Q2< c OK STORE completed
      Q> d STORE 1 +FLAGS.SILENT (\Seen)
      Q< * 1 FETCH (UID 1 FLAGS (\Flagged \Seen))
      Q< d OK STORE completed
    `);
  });

  test('UNCHANGEDSINCE leaves alone what changed, and says which', async () => {
    await imap.service.deliver('U', 'INBOX', many(3));
    await imap.script(String.raw`
      U> a SELECT INBOX (CONDSTORE)
      U< ...
      U< /HIGHESTMODSEQ (?<seq>\d+)/
      U< /^a OK/
      U> b STORE 2 +FLAGS (\Flagged)
      U< /^. 2 FETCH \(UID 2 FLAGS \(.Flagged\) MODSEQ \((?<changed>\d+)\)\)$/
      U< b OK STORE completed
      U> c STORE 1:3 (UNCHANGEDSINCE $seq) +FLAGS.SILENT (\Seen)
      U< /^. 1 FETCH \(UID 1 MODSEQ \(\d+\)\)$/
      U< /^. 3 FETCH \(UID 3 MODSEQ \(\d+\)\)$/
      U< c OK [MODIFIED 2] STORE completed, but not for those changed meanwhile
      U> d FETCH 1:* (UID) (CHANGEDSINCE $changed)
      U< /^. 1 FETCH \(UID 1 MODSEQ \(\d+\)\)$/
      U< /^. 3 FETCH \(UID 3 MODSEQ \(\d+\)\)$/
      U< d OK FETCH completed
      U> e UID SEARCH MODSEQ $changed
      U< /^. SEARCH 1 2 3 \(MODSEQ \d+\)$/
      U< e OK SEARCH completed
      U> f UID STORE 2 (UNCHANGEDSINCE 0) +FLAGS (\Seen)
      U< f OK [MODIFIED 2] STORE completed, but not for those changed meanwhile
    `);
  });

  test('of twenty sessions, each on its own condition, exactly one wins (E15)', async () => {
    await imap.service.deliver('W', 'INBOX', many(1));
    const wires = await Promise.all(Array.from({ length: 20 }, (_, i) => imap.service.session(`W${i}`)));
    const until = async (wire: (typeof wires)[number], tag: string): Promise<string> => {
      for (;;) {
        const line = await wire.line();
        if (line.startsWith(`${tag} `)) return line;
      }
    };
    const account = await imap.service.account('W');
    for (const wire of wires) {
      await wire.write('a SELECT INBOX (CONDSTORE)\r\n');
      await until(wire, 'a');
    }
    const since = account.folderAt('INBOX')?.highestModseq;
    await Promise.all(wires.map((wire, i) => wire.write(`b STORE 1 (UNCHANGEDSINCE ${since}) +FLAGS (k${i})\r\n`)));
    const answers = await Promise.all(wires.map((wire) => until(wire, 'b')));
    expect(answers.filter((answer) => answer === 'b OK STORE completed')).toHaveLength(1);
    expect(answers.filter((answer) => answer.startsWith('b OK [MODIFIED 1]'))).toHaveLength(19);
    const winner = answers.indexOf('b OK STORE completed');
    const view = account.view(account.folderAt('INBOX')!.id);
    expect(view.keywordsAt(0)).toEqual([`k${winner}`]);
    for (const wire of wires) wire.destroy();
  });

  test.each([
    'STORE',
    'STORE 1',
    'STORE 1 FOO (\\Seen)',
    'STORE 1 FLAGS',
    'STORE 1 FLAGS (\\Foo)',
    'STORE 0 FLAGS ()',
    'STORE 1 FLAGS (a))',
    'STORE 1 (UNCHANGEDSINCE x) FLAGS ()',
    'STORE 1 (FOO 1) FLAGS ()',
    'STORE 9 FLAGS ()',
  ])('%s is malformed', (command) =>
    imap.script(`
      U> a SELECT INBOX
      U< ...
      U< /^a OK/
      U> b ${command}
      U< /^b BAD /
    `),
  );
});
