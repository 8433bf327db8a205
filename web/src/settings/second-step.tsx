/** A code beside the password: what there is, switching it on, and off again. */
import { useState } from 'react';
import { encode } from 'uqr';
import { call } from '../api.ts';
import { toast } from '../ui/toast.tsx';
import { mediumDate } from '../words/format.ts';
import { Field, Loaded, SaveRow, Section, useForm, useResource } from './resource.tsx';
import { useSettingsWords } from './words.ts';

interface State {
  readonly enabled: boolean;
  readonly since?: string;
  readonly recoveryCodes: number;
}

interface Prepared {
  readonly secret: string;
  readonly uri: string;
}

export function SecondStep() {
  const words = useSettingsWords().secondStep;
  const state = useResource<State>('/v1/second-step');
  const [prepared, setPrepared] = useState<Prepared>();
  const [recovery, setRecovery] = useState<readonly string[]>([]);

  const prepare = async (current: string) => setPrepared(await call('POST', '/v1/second-step', { body: { current } }));
  const told = ({ recoveryCodes }: { readonly recoveryCodes: readonly string[] }) => {
    setRecovery(recoveryCodes);
    setPrepared(undefined);
    state.load();
  };
  const enable = async (code: string) => told(await call('PUT', '/v1/second-step', { body: { code } }));
  const renew = async (body: object) => told(await call('POST', '/v1/second-step/recovery-codes', { body }));
  const end = async (body: object) => {
    await call('POST', '/v1/second-step/end', { body });
    setRecovery([]);
    state.load();
    toast(words.ended);
  };
  return (
    <Section title={words.title} intro={words.intro}>
      <Loaded of={state}>
        {({ enabled, since = '', recoveryCodes }) => (
          <>
            <p>{enabled ? `${words.on(mediumDate(since))}. ${words.left(recoveryCodes)}.` : words.off}</p>
            {recovery.length > 0 && (
              <div role="status">
                <p>{words.recovery}</p>
                <ul className="secrets">
                  {recovery.map((code) => (
                    <li key={code}>
                      <code>{code}</code>
                    </li>
                  ))}
                </ul>
              </div>
            )}
            {prepared !== undefined ? (
              <>
                <p>{words.scan}</p>
                <Picture of={prepared.uri} />
                <p>
                  {words.key}: <code>{prepared.secret}</code>
                </p>
                <Ask wants={['code']} label={words.confirm} act={({ code = '' }) => enable(code)} />
              </>
            ) : enabled ? (
              <>
                <Ask wants={['current', 'code']} label={words.newCodes} act={renew} />
                <Ask wants={['current', 'code']} label={words.end} act={end} />
              </>
            ) : (
              <Ask wants={['current']} label={words.start} act={({ current = '' }) => prepare(current)} />
            )}
          </>
        )}
      </Loaded>
    </Section>
  );
}

/** Black on white whatever the theme: else cameras do not read it. */
function Picture({ of }: { readonly of: string }) {
  const words = useSettingsWords().secondStep;
  const { data, size } = encode(of, { border: 4 });
  const squares = data.flatMap((line, y) => line.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ''))).join('');
  return (
    <svg role="img" aria-label={words.picture} viewBox={`0 0 ${size} ${size}`} width={size * 4} height={size * 4}>
      <rect width={size} height={size} fill="#fff" />
      <path d={squares} fill="#000" shapeRendering="crispEdges" />
    </svg>
  );
}

interface AskProps {
  readonly wants: readonly ('current' | 'code')[];
  readonly label: string;
  readonly act: (given: { readonly current?: string; readonly code?: string }) => Promise<void>;
}

function Ask({ wants, label, act }: AskProps) {
  const words = useSettingsWords().secondStep;
  const { busy, complaint, submit } = useForm(act);
  return (
    <form className="stack narrow" aria-label={label} onSubmit={submit}>
      {wants.includes('current') && (
        <Field label={words.current}>
          <input name="current" type="password" autoComplete="current-password" required maxLength={1000} />
        </Field>
      )}
      {wants.includes('code') && (
        <Field label={words.code} hint={words.codeHint}>
          <input name="code" inputMode="numeric" autoComplete="one-time-code" required maxLength={40} />
        </Field>
      )}
      <SaveRow busy={busy} complaint={complaint} label={label} />
    </form>
  );
}
