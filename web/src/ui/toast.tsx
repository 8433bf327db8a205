/** Short notes at the edge, with one way to answer them. Read out by screen readers. */
import { Store, useStore } from '../store.ts';
import { useWords } from '../words/words.ts';
import { Icon } from './icon.tsx';

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly action?: { readonly label: string; readonly act: () => void } | undefined;
  readonly kind: 'note' | 'error';
}

const SHOWN_MS = 8_000;
const MOST = 3;
const toasts = new Store<{ readonly shown: readonly Toast[] }>({ shown: [] });
let last = 0;

/** Answers its id, to take it away before its time. */
export function toast(
  text: string,
  action?: Toast['action'],
  kind: Toast['kind'] = 'note',
  shownMs: number = SHOWN_MS,
): number {
  const id = ++last;
  toasts.set({ shown: [...toasts.state.shown, { id, text, action, kind }].slice(-MOST) });
  setTimeout(() => dismiss(id), shownMs);
  return id;
}

export function dismiss(id: number): void {
  toasts.set({ shown: toasts.state.shown.filter((one) => one.id !== id) });
}

/** For the key that takes the last thing back. */
export function actOnLast(): void {
  const one = toasts.state.shown.findLast(({ action }) => action !== undefined);
  if (one === undefined) return;
  dismiss(one.id);
  one.action?.act();
}

export function Toasts() {
  const shown = useStore(toasts, (state) => state.shown);
  const words = useWords();
  return (
    <div className="toasts" role="status" aria-live="polite">
      {shown.map(({ id, text, action, kind }) => (
        <div key={id} className={`toast ${kind}`}>
          <span>{text}</span>
          {action !== undefined && (
            <button
              type="button"
              className="toast-action"
              onClick={() => {
                dismiss(id);
                action.act();
              }}
            >
              {action.label}
            </button>
          )}
          <button type="button" className="icon-button small" aria-label={words.close} onClick={() => dismiss(id)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}
