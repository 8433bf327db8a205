/** What waits in a queue and why, and trying it again. */
import { useState } from 'react';
import { call } from '../api.ts';
import { failed } from '../mail/actions.ts';
import { Choice, Section } from '../settings/resource.tsx';
import { toast } from '../ui/toast.tsx';
import { mediumDate } from '../words/format.ts';
import { useWords } from '../words/words.ts';
import { PageList, usePages } from './page-list.tsx';
import { type QueueName, useServiceWords } from './words.ts';

interface Entry {
  readonly id: string;
  readonly created: string;
  readonly due: string;
  readonly attempts: number;
  readonly held: boolean;
  readonly reason: string | null;
  readonly sender: string;
  readonly to: readonly string[];
}

export function Queues() {
  const words = useServiceWords();
  const [name, setName] = useState<QueueName>('error');
  return (
    <Section>
      <Choice<QueueName> label={words.queue} value={name} options={words.queueNames} onChange={setName} />
      <QueueList key={name} name={name} />
    </Section>
  );
}

function QueueList({ name }: { readonly name: QueueName }) {
  const words = useServiceWords();
  const { nobody } = useWords();
  const entries = usePages<Entry>(`/v1/admin/queues/${name}`);
  const retry = ({ id }: Entry) => {
    call('POST', `/v1/admin/queues/entries/${encodeURIComponent(id)}/retry`)
      .then(() => {
        toast(words.retried);
        entries.load();
      })
      .catch(failed);
  };
  const row = (entry: Entry) => {
    const { id, created, due, attempts, held, reason, sender, to } = entry;
    const facts = [mediumDate(created), words.attempts(attempts), held ? words.isHeld : words.nextAt(mediumDate(due))];
    const about = `${sender || nobody} → ${to.join(', ')}`;
    return (
      <li key={id}>
        <span className="grow">
          <strong>
            <bdi>{about}</bdi>
          </strong>
          {reason !== null && <span className="reason">{reason}</span>}
          <small className="muted">{facts.join(' · ')}</small>
        </span>
        <button
          type="button"
          className="button small"
          aria-label={`${words.retry}: ${about}`}
          onClick={() => retry(entry)}
        >
          {words.retry}
        </button>
      </li>
    );
  };
  return <PageList of={entries} empty={words.emptyQueue} row={row} />;
}
