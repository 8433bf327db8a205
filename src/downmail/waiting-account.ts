/**
 * A sender mailbox as mail programs show it (SMM, its second function): the folder "Sender mailbox" has each mail that waits, and below it
 * is a folder for each recipient with his copies. Deleting a mail deletes it for all recipients, deleting a copy for that one; nobody can
 * fetch it from then on. INBOX is empty.
 */
import type { MailAccount } from '../mailstore/api.ts';
import type { Held, HeldRef } from '../mailstore/sender-mailbox.ts';
import { listWaiting } from './manager.ts';
import { ShownAccount, type ShownContent, type ShownFolder, type ShownMessage } from './shown-account.ts';

export const SENDER_MAILBOX_FOLDER = 'Sender mailbox';
/** Copies that are shown, of the newest mails; and recipients who have a folder of their own. */
const MOST_COPIES = 20_000;
const MOST_FOLDERS = 2_000;
/** Copies that are ended in one step. */
const STEP = 1_000;

/** As of now: what comes later is there when somebody signs in again. The account is closed with it. */
export async function waitingAccount(account: MailAccount & Disposable): Promise<ShownAccount> {
  try {
    await account.refresh();
    const uidValidity = Math.max(1, account.version % 2 ** 32);
    const copies = await newestCopies(account);
    const contents = new Contents(account);
    const of = new Map<ShownMessage, Set<string>>();
    const refs = new Map<string, HeldRef>(copies.map((held) => [keyOf(held), held]));
    const shown = (some: readonly Held[]): ShownMessage => {
      const message = messageOf(some[0]!, contents);
      of.set(message, new Set(some.map(keyOf)));
      return message;
    };
    const byMail = Map.groupBy(copies, ({ submission }) => submission);
    const byRecipient = Map.groupBy(copies, ({ recipient }) => recipient.address);
    const folders: ShownFolder[] = [
      { name: 'INBOX', role: 'inbox', messages: [] },
      { name: SENDER_MAILBOX_FOLDER, messages: [...byMail.values()].map(shown) },
      ...[...byRecipient].slice(-MOST_FOLDERS).map(([address, some]) => ({
        // The slash begins a folder below.
        name: address.replaceAll('/', '%2F'),
        parent: 1,
        messages: some.map((held) => shown([held])),
      })),
    ];
    return new ShownAccount({
      id: account.id,
      // Without a commit nothing can have changed, and numbers mean what they meant.
      uidValidity,
      folders,
      async delete(messages) {
        const wanted = [...new Set(messages.flatMap((message) => [...(of.get(message) ?? [])]))];
        await endCopies(
          account,
          wanted.flatMap((key) => refs.get(key) ?? []),
        ); // prettier-ignore
        const gone: ShownMessage[] = [];
        for (const [message, left] of of) {
          for (const key of wanted) left.delete(key);
          if (left.size > 0) continue;
          gone.push(message);
          of.delete(message);
        }
        return gone;
      },
      [Symbol.dispose]: () => account[Symbol.dispose](),
    });
  } catch (error) {
    account[Symbol.dispose]();
    throw error;
  }
}

/** The oldest first. */
export async function newestCopies(account: MailAccount): Promise<readonly Held[]> {
  const found: Held[] = [];
  for await (const held of listWaiting(account)) {
    found.push(held);
    if (found.length === MOST_COPIES) break;
  }
  return found.toSorted((a, b) => compare(a.submission, b.submission) || a.part - b.part || a.position - b.position);
}

/** Nobody fetches them from now on. */
export async function endCopies(account: MailAccount, refs: readonly HeldRef[]): Promise<void> {
  for (let i = 0; i < refs.length; i += STEP) await account.senderMailbox.end(refs.slice(i, i + STEP), 'recalled');
}

/** The content of a mail, which all its copies share; the last one is kept. */
class Contents {
  readonly #account: MailAccount;
  #last: { readonly id: string; readonly content: Promise<ShownContent> } | undefined;

  constructor(account: MailAccount) {
    this.#account = account;
  }

  of({ submission, mail: { size } }: Held): Promise<ShownContent> {
    if (this.#last?.id !== submission) {
      const { id: account } = this.#account;
      const content = this.#account.staged({ account, email: submission, size });
      this.#last = { id: submission, content };
      // Once more may go better.
      content.catch(() => (this.#last = undefined));
    }
    return this.#last.content;
  }
}

function messageOf(held: Held, contents: Contents): ShownMessage {
  const { mail, submission } = held;
  const sent = mail.released ?? mail.created;
  return { size: mail.size, email: submission, received: sent, sent, content: () => contents.of(held) };
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function keyOf({ submission, part, position }: HeldRef): string {
  return `${submission}.${part}.${position}`;
}
