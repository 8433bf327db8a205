/** What servers tell each other about domains: who spoke for their mail (DMARC), and over what it came (TLS-RPT). */
import { Loaded, Section, useResource } from '../settings/resource.tsx';
import { mediumDate } from '../words/format.ts';
import { useServiceWords } from './words.ts';

interface Summary {
  readonly direction: 'sent' | 'received';
  readonly kind: 'dmarc' | 'tls';
  readonly domain: string;
  readonly reportId: string;
  readonly organization: string;
  readonly at: number;
  readonly total: number;
  readonly failed: number;
  readonly parts: readonly { readonly name: string; readonly total: number; readonly failed: number }[];
}

export function Reports() {
  const words = useServiceWords().reports;
  const reports = useResource<{ reports: readonly Summary[] }>('/v1/admin/reports');
  const result = ({ failed, total }: Pick<Summary, 'failed' | 'total'>) =>
    failed === 0 ? words.all(total) : words.failed(failed, total);
  return (
    <Section intro={words.intro}>
      <Loaded of={reports}>
        {({ reports: all }) => (
          <>
            {all.length === 0 && <p className="muted">{words.empty}</p>}
            <ul className="items">
              {all.map((one) => {
                const { direction, kind, domain, organization, at, reportId, parts, failed } = one;
                return (
                  <li key={`${direction} ${kind} ${domain} ${reportId}`}>
                    <span className="grow">
                      <strong>{words.of(organization, domain)}</strong>
                      <span className="badge">{words.kinds[kind]}</span>
                      <small className="muted">
                        {words.directions[direction]} · {mediumDate(new Date(at).toISOString())}
                      </small>
                      {failed > 0 &&
                        parts
                          .filter((part) => part.failed > 0)
                          .map((part) => (
                            <small key={part.name} className="reason">
                              {part.name}: {result(part)}
                            </small>
                          ))}
                    </span>
                    <span className="muted">{result(one)}</span>
                  </li>
                );
              })}
            </ul>
          </>
        )}
      </Loaded>
    </Section>
  );
}
