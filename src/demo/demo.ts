/** A living mailbox to try out: two people, their mail of the last weeks, and now and then a new letter. */
import type { Directory } from '../directory/api.ts';
import type { Intake } from '../intake/intake.ts';
import type { Recipients } from '../intake/recipients.ts';
import { type AccountId, Flag, type Flags, type MailStore } from '../mailstore/api.ts';
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';
import type { Log } from '../telemetry/log.ts';
import { compose } from './compose.ts';
import { ARRIVALS } from './arrivals.ts';
import type { DemoMail } from './demo-mail.ts';
import { DEMO_MAILS } from './mails.ts';
import { DEMO_ADMINISTRATOR, DEMO_DOMAIN, DEMO_PASSWORD, DEMO_PEOPLE, type Person } from './people.ts';

export interface DemoParts {
  readonly directory: Directory;
  readonly mailstore: MailStore;
  readonly intake: Pick<Intake, 'accept'>;
  readonly recipients: Pick<Recipients, 'resolve'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** The first new letter, when somebody has had the time for the tour of the README, which tells what is there; and the time between two of them at least. */
const FIRST_MS = 6 * 60_000;
const BETWEEN_MS = 60_000;

/** Fills the mailboxes on the first run (or goes on where one was interrupted), and lets mail arrive until disposed, if `letters` says so. */
export async function startDemo(parts: DemoParts, letters: boolean): Promise<Disposable> {
  const { directory, clock, random, log } = parts;
  if ((await directory.domain(DEMO_DOMAIN)) === undefined) await directory.addDomain(DEMO_DOMAIN);
  for (const person of DEMO_PEOPLE) {
    const admin = person === DEMO_ADMINISTRATOR;
    const known = await directory.account(person.address);
    const { id } =
      known ??
      (await directory.addAccount(person.address, { displayName: person.name, password: DEMO_PASSWORD, admin }));
    // One that an earlier version filled.
    if (known !== undefined && known.admin !== admin) await directory.updateAccount(id, { admin });
    await fill(parts, person, id);
  }
  let next = 0;
  let timer: Disposable | undefined;
  const later = (ms: number): void => {
    timer = clock.after(ms, () => {
      later(BETWEEN_MS * (1 + 2 * random.fraction()));
      const letter = ARRIVALS[next++ % ARRIVALS.length];
      if (letter !== undefined)
        arrive(parts, letter).catch((error: unknown) => log.warn({ err: error }, 'the demo could not send a letter'));
    });
  };
  if (letters) later(FIRST_MS);
  return { [Symbol.dispose]: () => timer?.[Symbol.dispose]() };
}

async function fill({ mailstore, clock }: DemoParts, person: Person, id: AccountId): Promise<void> {
  using account = await mailstore.open({ kind: 'system', role: 'import' }, id);
  const begun = await account.record<{ at: number; done: boolean }>('demo', 'filled');
  if (begun?.done) return;
  // Kept before anything is filed: the mails' dates and delivery ids follow from it.
  const at = begun?.at ?? clock.now();
  if (begun === undefined) await account.putRecord('demo', 'filled', { at, done: false });
  const threads = new Map<string, string[]>();
  const mails = DEMO_MAILS.map((mail, number) => ({ mail, number })).filter(({ mail }) => mail.owner === person);
  for (const { mail, number } of mails.sort((a, b) => b.mail.hoursAgo - a.mail.hoursAgo)) {
    const date = at - mail.hoursAgo * HOUR_MS;
    const messageId = `<demo.${number}.${Math.floor(at / 1000)}@${DEMO_DOMAIN}>`;
    const earlier = mail.thread === undefined ? [] : (threads.get(mail.thread) ?? []);
    if (mail.thread !== undefined) threads.set(mail.thread, [...earlier, messageId]);
    const inReplyTo = earlier.at(-1);
    const raw = compose(mail, { date, messageId, references: earlier, ...(inReplyTo !== undefined && { inReplyTo }) });
    if (account.folderAt(mail.folder) === undefined) {
      const folder = await account.createFolder(mail.folder);
      await account.subscribe(folder.path, true);
    }
    const folder = account.folderAt(mail.folder);
    if (folder === undefined) throw new Error(`the demo has no folder ${mail.folder}`);
    await account.addMessage(raw, {
      folder: folder.id,
      flags: flagsOf(mail),
      keywords: mail.keywords ?? [],
      internalDate: date,
      deliveryId: `${Math.floor(at / DAY_MS)}-demo.${number}`,
    });
  }
  await account.putRecord('demo', 'filled', { at, done: true });
}

function flagsOf({ unread, flagged, answered, folder }: DemoMail): Flags {
  return (
    (unread ? 0 : Flag.seen) |
    (flagged ? Flag.flagged : 0) |
    (answered ? Flag.answered : 0) |
    (folder === 'Drafts' ? Flag.draft : 0)
  );
}

/** As any mail from outside: through the intake. */
async function arrive(
  { intake, recipients, clock, random }: DemoParts,
  letter: (typeof ARRIVALS)[number],
): Promise<void> {
  const now = clock.now();
  const messageId = `<${now}.${Buffer.from(random.bytes(6)).toString('hex')}@${DEMO_DOMAIN}>`;
  const head = compose(letter, { date: now, messageId });
  await intake.accept({
    sender: letter.from.address,
    recipients: await Promise.all(letter.to.map(({ address }) => recipients.resolve(address, head.length))),
    origin: { protocol: 'ESMTP', hello: 'demo', remote: '127.0.0.1', cipher: '' },
    mail: { head },
  });
}
