/** The sender mailbox (Downmail): its room, what waits in it and for whom, and taking it back. */
import { type FormEvent, useCallback, useEffect, useState } from 'react';
import type { senderMailboxFacts } from '../../../src/protocols/http/schemas-downmail.ts';
import { call, query, type Shape } from '../api.ts';
import { failed } from '../mail/actions.ts';
import { codeOf } from '../mail/mailbox.ts';
import { Field, Loaded, Section, useResource } from '../settings/resource.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { toast } from '../ui/toast.tsx';
import { mediumDate, size } from '../words/format.ts';
import { useWords } from '../words/words.ts';
import { type Copy, CopyDialog } from './held-copy.tsx';
import { useSenderMailboxWords } from './words.ts';

type Facts = Shape<typeof senderMailboxFacts>;

export function SenderMailboxPage() {
  const words = useSenderMailboxWords();
  const facts = useResource<Facts>('/v1/sender-mailbox');
  if (facts.error === 'sender-mailbox-missing') return <p className="muted">{words.nothing}</p>;
  return (
    <>
      <Section title={words.room} intro={words.intro}>
        <Loaded of={facts}>{(value) => <Room facts={value} />}</Loaded>
      </Section>
      <Waiting onChanged={facts.load} />
    </>
  );
}

function Room({ facts: { allocated, used, free, mails, copies } }: { readonly facts: Facts }) {
  const words = useSenderMailboxWords();
  const said = words.used(size(used), allocated === null ? undefined : size(allocated), size(free ?? 0));
  return (
    <>
      {allocated !== null && <progress className="wide" max={allocated} value={used} aria-label={said} />}
      <p>{said}</p>
      <p className="muted">{words.waiting(mails, copies)}</p>
    </>
  );
}

interface Filter {
  readonly recipients: string;
  /** Days, as the browser has them: `2026-01-31`. */
  readonly from: string;
  readonly until: string;
}

const ALL: Filter = { recipients: '', from: '', until: '' };

interface Found {
  readonly items: readonly Copy[];
  readonly next?: string;
}

function Waiting({ onChanged }: { readonly onChanged: () => void }) {
  const words = useSenderMailboxWords();
  const shared = useWords();
  const [filter, setFilter] = useState(ALL);
  const [asked, setAsked] = useState(ALL);
  const [found, setFound] = useState<Found>();
  const [error, setError] = useState('');
  const [open, setOpen] = useState<Copy>();
  const [deleting, setDeleting] = useState(false);

  const list = useCallback(
    (cursor?: string) => {
      const { recipients, after, before } = wanted(asked);
      const values = { recipient: recipients?.join(','), after, before, cursor };
      return call<Found>('GET', `/v1/sender-mailbox/copies${query(values)}`);
    },
    [asked],
  );
  const load = useCallback(() => {
    setError('');
    list()
      .then(setFound)
      .catch((problem: unknown) => setError(codeOf(problem)));
  }, [list]);
  useEffect(load, [load]);
  const changed = () => {
    load();
    onChanged();
  };
  const more = ({ items, next = '' }: Found) => {
    list(next)
      .then((page) => setFound({ ...page, items: [...items, ...page.items] }))
      .catch(failed);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setAsked(filter);
  };
  const change = (part: Partial<Filter>) => setFilter({ ...filter, ...part });
  const isNarrowed = Object.keys(wanted(asked)).length > 0;
  return (
    <Section title={words.mails}>
      <form className="stack" onSubmit={submit}>
        <Field label={words.recipients} hint={words.recipientsHint}>
          <input value={filter.recipients} onChange={(event) => change({ recipients: event.target.value })} />
        </Field>
        <div className="columns">
          <Field label={words.from}>
            <input type="date" value={filter.from} onChange={(event) => change({ from: event.target.value })} />
          </Field>
          <Field label={words.until}>
            <input type="date" value={filter.until} onChange={(event) => change({ until: event.target.value })} />
          </Field>
        </div>
        <div className="save-row">
          <button className="button">{words.show}</button>
          <button
            type="button"
            className="button"
            disabled={!isNarrowed || found === undefined || found.items.length === 0}
            title={isNarrowed ? undefined : words.deleteShownHint}
            onClick={() => setDeleting(true)}
          >
            {words.deleteShown}
          </button>
        </div>
      </form>
      <Loaded of={{ value: found, error, load, set: setFound }}>
        {(value) =>
          value.items.length === 0 ? (
            <p className="muted">{words.empty}</p>
          ) : (
            <ul className="items held-copies">
              {value.items.map((copy) => (
                <CopyRow key={copy.id} copy={copy} onOpen={() => setOpen(copy)} />
              ))}
            </ul>
          )
        }
      </Loaded>
      {found?.next !== undefined && (
        <button type="button" className="button" onClick={() => more(found)}>
          {shared.more}
        </button>
      )}
      {open && (
        <CopyDialog
          copy={open}
          onClose={(isChanged) => {
            setOpen(undefined);
            if (isChanged) changed();
          }}
        />
      )}
      {deleting && (
        <DeleteDialog
          filter={asked}
          onClose={(isChanged) => {
            setDeleting(false);
            if (isChanged) changed();
          }}
        />
      )}
    </Section>
  );
}

function CopyRow({ copy, onOpen }: { readonly copy: Copy; readonly onOpen: () => void }) {
  const words = useSenderMailboxWords();
  const { noSubject } = useWords();
  const { subject, recipient, sent, fetched } = copy;
  const state = fetched === undefined ? words.notFetched : words.fetched(mediumDate(fetched));
  return (
    <li>
      <span className="grow">
        <strong>{subject || noSubject}</strong>
        <small className="muted">{[words.to(recipient), mediumDate(sent), size(copy.size), state].join(' · ')}</small>
      </span>
      <button
        type="button"
        className="button small"
        aria-label={`${words.details}: ${subject}, ${recipient}`}
        onClick={onOpen}
      >
        {words.details}
      </button>
    </li>
  );
}

interface DeleteProps {
  readonly filter: Filter;
  readonly onClose: (changed: boolean) => void;
}

function DeleteDialog({ filter, onClose }: DeleteProps) {
  const words = useSenderMailboxWords();
  const [busy, setBusy] = useState(false);
  const remove = () => {
    setBusy(true);
    call<{ deleted: number; fetched: number }>('POST', '/v1/sender-mailbox/delete', { body: wanted(filter) })
      .then(({ deleted, fetched }) => {
        toast(words.deleted(deleted, fetched));
        onClose(true);
      })
      .catch((problem: unknown) => {
        failed(problem);
        setBusy(false);
      });
  };
  return (
    <Dialog title={words.deleteShown} onClose={() => onClose(false)}>
      <p>{words.sure}</p>
      <div className="dialog-buttons">
        <button type="button" className="button primary" disabled={busy} onClick={remove}>
          {words.deleteShown}
        </button>
      </div>
    </Dialog>
  );
}

/** As the service is asked; the last day counts as a whole. */
function wanted({ recipients, from, until }: Filter) {
  const names = recipients.split(/[\s,;]+/).filter(Boolean);
  const before = until === '' ? undefined : new Date(`${until}T00:00`);
  before?.setDate(before.getDate() + 1);
  return {
    ...(names.length > 0 && { recipients: names }),
    ...(from !== '' && { after: new Date(`${from}T00:00`).toISOString() }),
    ...(before && { before: before.toISOString() }),
  };
}
