/** How mail fares at other servers: by address from which it leaves, by domain and account, and as receivers bear it now. */
import type { ReactNode } from 'react';
import { Loaded, Section, useResource } from '../settings/resource.tsx';
import { mediumDate } from '../words/format.ts';
import { useServiceWords } from './words.ts';

interface Standing {
  readonly name: string;
  readonly score: number;
  readonly sent: number;
  readonly bounced: number;
  readonly deferred: number;
  readonly refused: number;
  readonly complaint: number;
}

interface Report {
  readonly sources: readonly (Standing & { readonly hello: string })[];
  readonly warmUp: readonly {
    readonly source: string;
    readonly provider: string;
    readonly limit: number | null;
    readonly used: number;
  }[];
  readonly receivers: readonly {
    readonly source: string;
    readonly provider: string;
    readonly active: number;
    readonly atOnce: number;
  }[];
  readonly domains: readonly Standing[];
  readonly accounts: readonly Standing[];
  readonly blocked: readonly {
    readonly account: string;
    readonly state: 'slowed' | 'suspended';
    readonly since: number;
    readonly reason: string;
  }[];
}

const COLUMNS = ['sent', 'bounced', 'deferred', 'refused', 'complaint'] as const;
/** Each mail is in one of these; a complaint is of one that was sent. */
const OUTCOMES = ['sent', 'deferred', 'bounced', 'refused'] as const;

export function Deliverability() {
  const words = useServiceWords().deliverability;
  const report = useResource<Report>('/v1/admin/deliverability');
  return (
    <Loaded of={report}>
      {({ sources, warmUp, receivers, domains, accounts, blocked }) => (
        <>
          <p className="muted">{words.intro}</p>
          <Standings title={words.sources} rows={sources} />
          <Standings title={words.domains} rows={domains} />
          <Standings title={words.accounts} rows={accounts} />
          <Rows title={words.receivers} of={receivers}>
            {({ source, provider, active, atOnce }) => [provider, source, words.receiver(active, atOnce)]}
          </Rows>
          <Rows title={words.warmUp} of={warmUp}>
            {({ source, provider, limit, used }) => [source, provider, words.today(used, `${limit ?? '∞'}`)]}
          </Rows>
          <Rows title={words.blocked} of={blocked}>
            {({ account, state, since, reason }) => [
              account,
              `${reason} · ${mediumDate(new Date(since).toISOString())}`,
              words.states[state],
            ]}
          </Rows>
        </>
      )}
    </Loaded>
  );
}

function Standings({ title, rows }: { readonly title: string; readonly rows: readonly Standing[] }) {
  const words = useServiceWords().deliverability;
  return (
    <Section title={title}>
      {rows.length === 0 ? (
        <p className="muted">{words.nothing}</p>
      ) : (
        <div className="table" tabIndex={0} role="group" aria-label={title}>
          <table>
            <thead>
              <tr>
                <th scope="col">{words.name}</th>
                <th scope="col">{words.score}</th>
                {COLUMNS.map((one) => (
                  <th key={one} scope="col">
                    {words[one]}
                  </th>
                ))}
                <th scope="col">{words.shares}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.name}>
                  <th scope="row">{row.name}</th>
                  <td>
                    <meter
                      min={0}
                      max={1}
                      low={0.6}
                      high={0.85}
                      optimum={1}
                      value={row.score}
                      aria-label={words.score}
                    />{' '}
                    {row.score.toFixed(2)}
                  </td>
                  {COLUMNS.map((one) => (
                    <td key={one}>{Math.round(row[one]).toLocaleString()}</td>
                  ))}
                  <td>
                    <Shares of={row} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Section>
  );
}

/** What became of its mail, as parts of a bar. */
function Shares({ of }: { readonly of: Standing }) {
  const words = useServiceWords().deliverability;
  const all = OUTCOMES.reduce((sum, one) => sum + of[one], 0);
  if (all === 0) return null;
  const parts = OUTCOMES.map((one) => ({ one, share: (of[one] / all) * 100 })).filter(({ share }) => share > 0);
  const said = parts.map(({ one, share }) => `${words[one]} ${share.toFixed(share < 1 ? 2 : 0)} %`).join(', ');
  let from = 0;
  return (
    <svg className="shares" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label={said}>
      <title>{said}</title>
      {parts.map(({ one, share }) => {
        const x = from;
        from += share;
        return <rect key={one} className={one} x={x} y="0" width={share} height="8" />;
      })}
    </svg>
  );
}

interface RowsProps<T> {
  readonly title: string;
  readonly of: readonly T[];
  /** What it is, more about it, and a word at the end. */
  readonly children: (one: T) => readonly [string, string, string];
}

/** Nothing where there is nothing: these are exceptions. */
function Rows<T>({ title, of, children }: RowsProps<T>): ReactNode {
  if (of.length === 0) return null;
  return (
    <Section title={title}>
      <ul className="items">
        {of.map((one) => {
          const [what, about, word] = children(one);
          return (
            <li key={`${what} ${about}`}>
              <span className="grow">
                <strong>{what}</strong>
                <small className="muted">{about}</small>
              </span>
              <span className="muted">{word}</span>
            </li>
          );
        })}
      </ul>
    </Section>
  );
}
