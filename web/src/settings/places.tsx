/** From where somebody signed in, or tried to. */
import { mediumDate } from '../words/format.ts';
import { Loaded, Section, useResource } from './resource.tsx';
import { useSettingsWords } from './words.ts';

interface Place {
  readonly network: string;
  readonly remote: string;
  readonly protocols: readonly ('http' | 'imap' | 'pop3' | 'smtp' | 'managesieve')[];
  readonly last?: string;
  readonly failures: number;
  readonly lastFailure?: string;
}

export function Places() {
  const words = useSettingsWords().places;
  const places = useResource<{ items: readonly Place[] }>('/v1/sign-ins');
  const about = ({ protocols, last, failures, lastFailure }: Place): string =>
    [
      protocols.map((protocol) => words.protocols[protocol]).join(', '),
      last === undefined ? words.never : words.last(mediumDate(last)),
      lastFailure === undefined ? '' : words.failures(failures, mediumDate(lastFailure)),
    ]
      .filter(Boolean)
      .join(' · ');
  return (
    <Section title={words.title} intro={words.intro}>
      <Loaded of={places}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="muted">{words.empty}</p>
          ) : (
            <ul className="items">
              {items.map((place) => (
                <li key={place.network}>
                  <span className="grow">
                    <strong>{place.remote}</strong>
                    <small className="muted">{about(place)}</small>
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Section>
  );
}
