/** Whether senders may take mail back that was not opened, and what they took back. */
import { mediumDate } from '../words/format.ts';
import { Check, Loaded, Section, usePut, useResource } from './resource.tsx';
import { useSettingsWords } from './words.ts';

interface Setting {
  readonly allow: boolean;
  readonly note: boolean;
}

interface Recalled {
  readonly items: readonly { readonly from: string; readonly sent: string; readonly at: string }[];
}

export function RecalledSection() {
  const words = useSettingsWords().recalled;
  const path = '/v1/settings/recall';
  const setting = useResource<Setting>(path);
  const put = usePut(path, setting);
  const recalled = useResource<Recalled>('/v1/recalled');
  return (
    <Section title={words.title}>
      <Loaded of={setting}>
        {(value) => (
          <>
            <Check
              label={words.allow}
              hint={words.allowHint}
              checked={value.allow}
              onChange={(allow) => put({ ...value, allow })}
            />
            {value.allow && (
              <Check label={words.note} checked={value.note} onChange={(note) => put({ ...value, note })} />
            )}
          </>
        )}
      </Loaded>
      {recalled.value !== undefined && recalled.value.items.length > 0 && (
        <ul className="items" aria-label={words.list}>
          {recalled.value.items.map(({ from, sent, at }) => (
            <li key={`${at} ${from} ${sent}`}>
              <span className="grow">{words.row(from, mediumDate(sent))}</span>
              <time className="muted" dateTime={at}>
                {mediumDate(at)}
              </time>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
