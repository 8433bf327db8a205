/** The password once more, for what the session alone does not allow: asked for, and then it is done after all. */
import { useState } from 'react';
import { ApiError, call } from '../api.ts';
import { codeOf } from '../mail/mailbox.ts';
import { Dialog } from '../ui/dialog.tsx';
import { useWords } from '../words/words.ts';
import { Field, SaveRow, useForm } from './resource.tsx';
import { useSettingsWords } from './words.ts';

type Act<T> = () => Promise<T>;

interface Asked {
  readonly confirmed: () => void;
  readonly given: (error: unknown) => void;
}

/** `ask` does what it is given, when needed after a question, which is `question` until then. Rejects as the act, also when nobody answers. */
export function useConfirmed(): {
  readonly ask: <T>(act: Act<T>) => Promise<T>;
  readonly question: React.ReactNode;
} {
  const [asked, setAsked] = useState<Asked>();
  const ask = async <T,>(act: Act<T>): Promise<T> => {
    try {
      return await act();
    } catch (error) {
      if (codeOf(error) !== 'confirmation-needed') throw error;
      await new Promise<void>((confirmed, given) => setAsked({ confirmed, given: () => given(error) })).finally(() =>
        setAsked(undefined),
      );
      return await act();
    }
  };
  const question = asked && <ConfirmDialog onConfirmed={asked.confirmed} onClose={() => asked.given(undefined)} />;
  return { ask, question };
}

function ConfirmDialog({ onConfirmed, onClose }: { readonly onConfirmed: () => void; readonly onClose: () => void }) {
  const all = useSettingsWords();
  const words = all.confirm;
  const shared = useWords();
  const [coded, setCoded] = useState(false);
  const { busy, complaint, submit } = useForm(async ({ current, code }) => {
    try {
      await call('POST', '/v1/session/confirm', { body: { current, ...(code && { code }) } });
      onConfirmed();
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'code-required') throw error;
      setCoded(true);
      return shared.error(error.code);
    }
  });
  return (
    <Dialog title={words.title} onClose={onClose} className="narrow">
      <form className="stack" onSubmit={submit}>
        <p>{words.why}</p>
        <Field label={words.password}>
          <input name="current" type="password" autoComplete="current-password" required maxLength={1000} />
        </Field>
        {coded && (
          <Field label={words.code}>
            <input name="code" autoComplete="one-time-code" required maxLength={40} />
          </Field>
        )}
        <SaveRow busy={busy} complaint={complaint} label={words.go}>
          <button type="button" className="button" onClick={onClose}>
            {all.cancel}
          </button>
        </SaveRow>
      </form>
    </Dialog>
  );
}
