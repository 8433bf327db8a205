/** Programs that are told of new mail while no page is open (Web Push): this browser, and the others. */
import { useEffect, useState } from 'react';
import { call } from '../api.ts';
import { failed } from '../mail/actions.ts';
import { codeOf } from '../mail/mailbox.ts';
import { toast } from '../ui/toast.tsx';
import { mediumDate } from '../words/format.ts';
import { useWords } from '../words/words.ts';
import { programName } from './program-name.ts';
import { Check, Loaded, Section, useResource } from './resource.tsx';
import { useSettingsWords } from './words.ts';

interface Subscription {
  readonly id: string;
  readonly endpoint: string;
  readonly content: 'none' | 'summary';
  readonly name: string;
  readonly created: string;
}

const PATH = '/v1/push/subscriptions';
const canPush = (): boolean =>
  'serviceWorker' in navigator && 'PushManager' in globalThis && 'Notification' in globalThis;

export function PushSection() {
  const all = useSettingsWords();
  const words = all.push;
  const shared = useWords();
  const programs = useResource<{ items: readonly Subscription[] }>(PATH);
  const [here, setHere] = useState<PushSubscription | null>(null);
  const [summary, setSummary] = useState(true);
  const [complaint, setComplaint] = useState('');
  const [busy, setBusy] = useState(false);

  useEffect(() => {
    if (!canPush()) return;
    void navigator.serviceWorker.ready.then(({ pushManager }) => pushManager.getSubscription()).then(setHere);
  }, []);

  const begin = async () => {
    setComplaint('');
    if ((await Notification.requestPermission()) !== 'granted') return setComplaint(words.denied);
    setBusy(true);
    try {
      const { publicKey } = await call<{ publicKey: string }>('GET', '/v1/push/key');
      const { pushManager } = await navigator.serviceWorker.ready;
      const made = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: publicKey });
      const name = programName(navigator.userAgent).slice(0, 100);
      const content = summary ? 'summary' : 'none';
      await call('POST', PATH, { body: { ...made.toJSON(), content, name } });
      setHere(made);
      toast(words.begun);
      programs.load();
    } catch (error) {
      setComplaint(error instanceof DOMException ? words.unreachable : shared.error(codeOf(error)));
    }
    setBusy(false);
  };
  const end = (one: Subscription) => {
    call('DELETE', `${PATH}/${one.id}`)
      .then(async () => {
        if (one.endpoint === here?.endpoint) {
          await here.unsubscribe();
          setHere(null);
        }
        programs.load();
        toast(words.ended);
      })
      .catch(failed);
  };
  return (
    <Section title={words.title} intro={canPush() ? words.intro : words.impossible}>
      <Loaded of={programs}>
        {({ items }) => {
          const isHere = items.some(({ endpoint }) => endpoint === here?.endpoint);
          return (
            <>
              {items.length > 0 && (
                <ul className="items">
                  {items.map((one) => (
                    <li key={one.id}>
                      <span className="grow">
                        <strong>{one.name || words.nameless}</strong>
                        {one.endpoint === here?.endpoint && <span className="badge verified">{all.security.here}</span>}
                        <small className="muted">
                          {words.contents[one.content]} · {mediumDate(one.created)}
                        </small>
                      </span>
                      <button
                        type="button"
                        className="button small"
                        aria-label={`${words.end}: ${one.name || words.nameless}, ${mediumDate(one.created)}`}
                        onClick={() => end(one)}
                      >
                        {words.end}
                      </button>
                    </li>
                  ))}
                </ul>
              )}
              {canPush() && !isHere && (
                <>
                  <Check label={words.summary} hint={words.summaryHint} checked={summary} onChange={setSummary} />
                  {complaint !== '' && (
                    <p className="complaint" role="alert">
                      {complaint}
                    </p>
                  )}
                  <div className="save-row start">
                    <button type="button" className="button primary" disabled={busy} onClick={() => void begin()}>
                      {words.begin}
                    </button>
                  </div>
                </>
              )}
            </>
          );
        }}
      </Loaded>
    </Section>
  );
}
