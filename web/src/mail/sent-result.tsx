/** Of a mail that one sent: what became of it for each recipient, who has read it, and taking it back. */
import { useEffect, useState } from 'react';
import type { submission } from '../../../src/protocols/http/schemas.ts';
import { call } from '../api.ts';
import type { Shape } from '../api.ts';
import { Icon } from '../ui/icon.tsx';
import { longDate, mediumDate } from '../words/format.ts';
import { useWords } from '../words/words.ts';
import * as actions from './actions.ts';

type Submission = Shape<typeof submission>;
type Recipient = Submission['recipients'][number];

/** What may still change is asked for again, less and less often. */
const ASK_MS = 2_000;
const MOST_MS = 30_000;
const UNSETTLED: readonly Recipient['state'][] = ['held', 'queued', 'delayed', 'sent', 'waiting'];
const ARRIVED: readonly Recipient['state'][] = ['sent', 'delivered', 'fetched'];
const FAILED: readonly Recipient['state'][] = ['bounced', 'dropped', 'expired'];

const isOpen = ({ recipients }: Submission): boolean =>
  recipients.some(({ state, recall }) => recall === 'asked' || UNSETTLED.includes(state));

export function SentResult({ sent }: { readonly sent: Submission }) {
  const words = useWords();
  const [now, setNow] = useState(sent);
  const [wait, setWait] = useState(0);
  const [shown, setShown] = useState(false);
  const [busy, setBusy] = useState(false);
  const path = `/v1/submissions/${sent.id}`;
  const { recipients, state, recalled, sendAt } = now;
  const failed = recipients.filter((one) => FAILED.includes(one.state)).length;
  const arrived = recipients.filter((one) => ARRIVED.includes(one.state)).length;
  const withdrawn = recipients.filter(({ recall }) => recall === 'withdrawn').length;
  const read = recipients.filter(({ receipt }) => receipt?.disposition === 'displayed').length;

  useEffect(() => {
    // What the message carries is as old as the message in memory: the first question is asked at once.
    if (wait > 0 && !isOpen(now)) return;
    const timer = setTimeout(() => {
      call<Submission>('GET', path)
        .then(setNow)
        .catch(() => undefined)
        .finally(() => setWait(Math.min(MOST_MS, wait * 2 || ASK_MS)));
    }, wait);
    return () => clearTimeout(timer);
  }, [path, wait, now]);

  const takeBack = () => {
    setBusy(true);
    call<Submission>('POST', `${path}/recall`)
      .then((after) => {
        setNow(after);
        setShown(true);
        setWait(ASK_MS);
      })
      .catch(actions.failed)
      .finally(() => setBusy(false));
  };
  const summary = [
    state === 'held' && sendAt !== undefined
      ? words.sentHeld(longDate(sendAt))
      : state === 'cancelled'
        ? words.sentStates.cancelled
        : words.sentArrived(arrived, recipients.length),
    state !== 'cancelled' && withdrawn > 0 && words.sentWithdrawn(withdrawn),
    failed > 0 && words.sentFailed(failed),
    read > 0 && words.sentRead(read),
  ];
  return (
    <section className="sent-result" aria-label={words.sentResult}>
      <div className="sent-line">
        <button type="button" className="link" aria-expanded={shown} onClick={() => setShown(!shown)}>
          <Icon name={failed > 0 ? 'warning' : 'sent'} />
          <span role="status">{summary.filter(Boolean).join(' · ')}</span>
          <Icon name={shown ? 'up' : 'down'} />
        </button>
        {state !== 'cancelled' && recalled === undefined && (
          <button type="button" className="button small" disabled={busy} onClick={takeBack}>
            {words.takeBack}
          </button>
        )}
      </div>
      {shown && (
        <ul>
          {recipients.map((one) => (
            <Result key={one.address} of={one} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Result({
  of: { address, state, at, status, server, reply, reason, recall, receipt, complaint },
}: {
  readonly of: Recipient;
}) {
  const words = useWords();
  const told = reason ?? reply;
  return (
    <li className={FAILED.includes(state) ? 'failed' : ''}>
      <strong>
        <bdi>{address}</bdi>
      </strong>
      <span>
        {words.sentStates[state]}
        {at !== undefined && (
          <time className="muted" dateTime={at} title={longDate(at)}>
            {' '}
            {mediumDate(at)}
          </time>
        )}
      </span>
      {recall !== undefined && <span>{words.recallStates[recall]}</span>}
      {receipt !== undefined && (
        <span>
          {words.receiptOf(receipt.disposition, mediumDate(receipt.at))}
          {!receipt.proven && <small className="muted"> {words.receiptUnproven}</small>}
        </span>
      )}
      {complaint !== undefined && <span>{words.complained(mediumDate(complaint))}</span>}
      {told !== undefined && state !== 'delivered' && (
        <small className="muted">{[server, status, told].filter(Boolean).join(' · ')}</small>
      )}
    </li>
  );
}
