/** What those who run the service did, and whether nobody has changed what is written of it. */
import { useEffect, useState } from 'react';
import { call, query } from '../api.ts';
import { codeOf } from '../mail/mailbox.ts';
import { Loaded, Section, useResource } from '../settings/resource.tsx';
import { Icon } from '../ui/icon.tsx';
import { mediumDate } from '../words/format.ts';
import { useWords } from '../words/words.ts';
import { useServiceWords } from './words.ts';

interface Verdict {
  readonly entries: number;
  readonly last: { readonly number: number; readonly hash: string } | null;
  readonly problems: readonly string[];
}

interface Entry {
  readonly number: number;
  readonly at: string;
  readonly by: string;
  readonly what: string;
  readonly about: string;
  readonly outcome: 'asked' | 'failed';
}

const PAGE = 100;

export function Audit() {
  const words = useServiceWords();
  const verdict = useResource<Verdict>('/v1/admin/audit/verification');
  return (
    <Section intro={words.audit.intro}>
      <Loaded of={verdict}>
        {({ entries, last, problems }) => (
          <>
            <div className={problems.length === 0 ? 'health well' : 'health'} role="status">
              <Icon name={problems.length === 0 ? 'check' : 'warning'} />
              <div>
                <strong>{problems.length === 0 ? words.audit.holds(entries) : words.audit.broken}</strong>
                {problems.map((one) => (
                  <p key={one} lang="en">
                    {one}
                  </p>
                ))}
                {last !== null && (
                  <p>
                    {words.audit.note} <code>{`${last.number}:${last.hash}`}</code>
                  </p>
                )}
              </div>
            </div>
            <Entries key={last?.hash} last={last?.number ?? 0} />
          </>
        )}
      </Loaded>
      <div className="save-row start">
        <button type="button" className="button" onClick={verdict.load}>
          {words.refresh}
        </button>
      </div>
    </Section>
  );
}

/** Newest first, a hundred at a time. */
function Entries({ last }: { readonly last: number }) {
  const words = useServiceWords();
  const shared = useWords();
  /** Entries after this one are shown. */
  const [after, setAfter] = useState(Math.max(0, last - PAGE));
  const [items, setItems] = useState<readonly Entry[]>([]);
  const [error, setError] = useState('');
  useEffect(() => {
    call<{ items: readonly Entry[] }>('GET', `/v1/admin/audit${query({ after, limit: PAGE })}`)
      .then((page) =>
        setItems((before) => {
          const oldest = before.at(-1)?.number ?? Number.POSITIVE_INFINITY;
          return [...before, ...page.items.filter(({ number }) => number < oldest).toReversed()];
        }),
      )
      .catch((problem: unknown) => setError(codeOf(problem)));
  }, [after]);
  return (
    <>
      {error !== '' && (
        <p className="complaint" role="alert">
          {shared.error(error)}
        </p>
      )}
      {last === 0 && <p className="muted">{words.audit.empty}</p>}
      <ul className="items">
        {items.map(({ number, at, by, what, about, outcome }) => (
          <li key={number}>
            <span className="grow">
              <strong>{what}</strong>
              {outcome === 'failed' && <span className="badge forged">{words.audit.failed}</span>}
              <code className="about">{about === '{}' ? '' : about}</code>
              <small className="muted">{[`№ ${number}`, by, mediumDate(at)].join(' · ')}</small>
            </span>
          </li>
        ))}
      </ul>
      {after > 0 && (
        <button type="button" className="button" onClick={() => setAfter(Math.max(0, after - PAGE))}>
          {words.more}
        </button>
      )}
    </>
  );
}
