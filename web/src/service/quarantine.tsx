/** Mail that the checks held back: looked at, delivered after all, or deleted. */
import { useState } from 'react';
import { call } from '../api.ts';
import type { Address } from '../api.ts';
import { failed } from '../mail/actions.ts';
import { Loaded, Section, useResource } from '../settings/resource.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { toast } from '../ui/toast.tsx';
import { displayName, mediumDate, size as bytes } from '../words/format.ts';
import { useWords } from '../words/words.ts';
import { PageList, usePages } from './page-list.tsx';
import { useServiceWords } from './words.ts';

interface Held {
  readonly id: string;
  readonly received: string;
  readonly heldFor: 'infected' | 'scanner-down';
  readonly reason: string;
  readonly sender: string;
  readonly recipients: readonly string[];
  readonly client: string | null;
}

interface HeldDetails extends Held {
  readonly from: readonly Address[];
  readonly subject: string;
  readonly size: number;
  readonly attachments: readonly string[];
  readonly header: string;
}

export function QuarantinePage() {
  const words = useServiceWords().quarantine;
  const { nobody } = useWords();
  const held = usePages<Held>('/v1/admin/quarantine');
  const [open, setOpen] = useState<Held>();
  const row = (one: Held) => (
    <li key={one.id}>
      <span className="grow">
        <strong>
          <bdi>{`${one.sender || nobody} → ${one.recipients.join(', ')}`}</bdi>
        </strong>
        <span className="reason">
          {words.heldFor[one.heldFor]}: {one.reason}
        </span>
        <small className="muted">{[mediumDate(one.received), one.client].filter(Boolean).join(' · ')}</small>
      </span>
      <button
        type="button"
        className="button small"
        aria-label={`${words.details}: ${one.sender}, ${mediumDate(one.received)}`}
        onClick={() => setOpen(one)}
      >
        {words.details}
      </button>
    </li>
  );
  return (
    <Section intro={words.intro}>
      <PageList of={held} empty={words.empty} row={row} />
      {open !== undefined && (
        <HeldDialog held={open} onClose={() => setOpen(undefined)} onGone={() => held.remove(open)} />
      )}
    </Section>
  );
}

interface HeldDialogProps {
  readonly held: Held;
  readonly onClose: () => void;
  readonly onGone: () => void;
}

function HeldDialog({ held, onClose, onGone }: HeldDialogProps) {
  const words = useServiceWords().quarantine;
  const shared = useWords();
  const path = `/v1/admin/quarantine/${encodeURIComponent(held.id)}`;
  const details = useResource<HeldDetails>(path);
  const [asked, setAsked] = useState(false);
  const act = (method: 'POST' | 'DELETE', where: string, said: string) => {
    call(method, where)
      .then(() => {
        toast(said);
        onGone();
        onClose();
      })
      .catch(failed);
  };
  return (
    <Dialog title={words.heldFor[held.heldFor]} onClose={onClose} className="wide">
      <Loaded of={details}>
        {({ from, subject, size, attachments, header }) => (
          <>
            <h3>{subject || shared.noSubject}</h3>
            <dl className="facts">
              <dt>{words.from}</dt>
              <dd>{from.map(displayName).join(', ') || shared.nobody}</dd>
              <dt>{words.size}</dt>
              <dd>{bytes(size)}</dd>
              {attachments.length > 0 && (
                <>
                  <dt>{words.files}</dt>
                  <dd>
                    <bdi>{attachments.join(', ')}</bdi>
                  </dd>
                </>
              )}
            </dl>
            <pre className="original" tabIndex={0}>
              {header}
            </pre>
          </>
        )}
      </Loaded>
      {asked && <p role="alert">{words.sure}</p>}
      <div className="dialog-buttons">
        <button
          type="button"
          className="button"
          onClick={() => (asked ? act('DELETE', path, words.dropped) : setAsked(true))}
        >
          {words.drop}
        </button>
        <button type="button" className="button primary" onClick={() => act('POST', `${path}/release`, words.released)}>
          {words.release}
        </button>
      </div>
    </Dialog>
  );
}
