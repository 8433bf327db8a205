/** One copy that waits for its recipient: what is known of it, and what its sender may do with it. */
import { Fragment, useState } from 'react';
import type { submission } from '../../../src/protocols/http/schemas.ts';
import type { senderMailboxCopy } from '../../../src/protocols/http/schemas-downmail.ts';
import { call, type Shape } from '../api.ts';
import { failed } from '../mail/actions.ts';
import { Dialog } from '../ui/dialog.tsx';
import { toast } from '../ui/toast.tsx';
import { mediumDate, size } from '../words/format.ts';
import { useSenderMailboxWords } from './words.ts';

export type Copy = Shape<typeof senderMailboxCopy>;
type Submission = Shape<typeof submission>;

const ASK_MS = 500;
const MOST_ASKED = 20;

interface CopyDialogProps {
  readonly copy: Copy;
  /** `changed`: what is listed is not as it was. */
  readonly onClose: (changed: boolean) => void;
}

export function CopyDialog({ copy, onClose }: CopyDialogProps) {
  const words = useSenderMailboxWords();
  const [recalled, setRecalled] = useState<Submission>();
  const [busy, setBusy] = useState(false);
  const {
    id,
    mail,
    recipient,
    subject,
    userId,
    sent,
    expires,
    notified,
    fetched,
    fetches,
    wrongPasswords,
    passCode,
    locked,
  } = copy;
  const act = (run: () => Promise<void>) => {
    setBusy(true);
    run()
      .catch(failed)
      .finally(() => setBusy(false));
  };
  const remove = () =>
    act(async () => {
      await call('DELETE', `/v1/sender-mailbox/copies/${id}`);
      toast(words.gone);
      onClose(true);
    });
  const recall = () => act(async () => setRecalled(await recallMail(mail)));
  const facts: readonly (readonly [string, string])[] = [
    [words.recipients, recipient],
    [words.userId, userId],
    [words.sent, mediumDate(sent)],
    [words.size, size(copy.size)],
    [words.expires, mediumDate(expires)],
    ...(notified === undefined ? [] : [[words.notified, mediumDate(notified)] as const]),
    [words.fetches, fetched === undefined ? words.notFetched : `${mediumDate(fetched)}, ${words.times(fetches)}`],
    ...(passCode === undefined ? [] : [[words.passCode, passCode] as const]),
    ...(locked === true ? [[words.locked, words.lockedHint] as const] : []),
    ...(wrongPasswords === 0 ? [] : [[words.wrongPasswords, String(wrongPasswords)] as const]),
  ];
  return (
    <Dialog title={subject || words.details} onClose={() => onClose(recalled !== undefined)}>
      {recalled === undefined ? (
        <>
          <dl className="facts">
            {facts.map(([name, value]) => (
              <Fragment key={name}>
                <dt>{name}</dt>
                <dd>
                  <bdi>{value}</bdi>
                </dd>
              </Fragment>
            ))}
          </dl>
          <p>
            <a href={`/v1/sender-mailbox/copies/${id}/raw`} download>
              {words.original}
            </a>
          </p>
          <div className="dialog-buttons">
            <button type="button" className="button" disabled={busy} onClick={remove}>
              {words.deleteOne}
            </button>
            <button type="button" className="button" disabled={busy} onClick={recall}>
              {words.recall}
            </button>
          </div>
        </>
      ) : (
        <>
          <h3>{words.recalled}</h3>
          <ul className="items">
            {recalled.recipients.map((one) => (
              <li key={one.address}>
                <bdi className="grow">{one.address}</bdi>
                <span className="muted">{words.outcomes[one.recall ?? 'asked']}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </Dialog>
  );
}

/** With what came of it for each recipient, as far as that is decided within a few seconds. */
async function recallMail(mail: string): Promise<Submission> {
  let found = await call<Submission>('POST', `/v1/submissions/${mail}/recall`);
  for (let asked = 0; asked < MOST_ASKED && found.recipients.some(({ recall }) => recall === 'asked'); asked++) {
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
    found = await call<Submission>('GET', `/v1/submissions/${mail}`);
  }
  return found;
}
