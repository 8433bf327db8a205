/** The domains, what their DNS should say, and what it says. */
import { useState } from 'react';
import { Loaded, Section, useResource } from '../settings/resource.tsx';
import { Icon } from '../ui/icon.tsx';
import { useServiceWords } from './words.ts';

interface DnsRecord {
  readonly name: string;
  readonly type: string;
  readonly value: string;
  readonly found: string;
}

export function Domains() {
  const words = useServiceWords().domains;
  const domains = useResource<{ items: readonly { readonly name: string }[] }>('/v1/admin/domains');
  const [open, setOpen] = useState<string>();
  return (
    <Section intro={words.intro}>
      <Loaded of={domains}>
        {({ items }) => (
          <ul className="items">
            {items.map(({ name }) => (
              <li key={name} className="domain">
                <strong className="grow">{name}</strong>
                <button
                  type="button"
                  className="button small"
                  aria-expanded={open === name}
                  aria-label={`${words.check}: ${name}`}
                  onClick={() => setOpen(open === name ? undefined : name)}
                >
                  {words.check}
                </button>
                {open === name && <Records domain={name} />}
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Section>
  );
}

function Records({ domain }: { readonly domain: string }) {
  const words = useServiceWords().domains;
  const records = useResource<{ items: readonly DnsRecord[] }>(
    `/v1/admin/domains/${encodeURIComponent(domain)}/records`,
  );
  const said = (found: string) =>
    found === 'ok' ? words.ok : found === 'missing' ? words.missing : words.instead(found);
  return (
    <div className="records">
      <Loaded of={records}>
        {({ items }) => {
          const wrong = items.filter(({ found }) => found !== 'ok').length;
          return (
            <>
              <p role="status">
                <strong>{wrong === 0 ? words.all : words.some(wrong)}</strong>
              </p>
              <dl>
                {items.map(({ name, type, value, found }) => (
                  <div key={`${name} ${type} ${value}`}>
                    <dt>
                      <Icon name={found === 'ok' ? 'check' : 'warning'} /> {name} <span className="badge">{type}</span>
                    </dt>
                    <dd>
                      <code>{value}</code>
                      <small className={found === 'ok' ? 'muted' : 'reason'}>{said(found)}</small>
                    </dd>
                  </div>
                ))}
              </dl>
            </>
          );
        }}
      </Loaded>
    </div>
  );
}
