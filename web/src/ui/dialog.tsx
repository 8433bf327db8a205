/** A window over the others: the browser's own, which keeps the focus in and gives it back. */
import { type ReactNode, useEffect, useRef } from 'react';
import { useWords } from '../words/words.ts';
import { Icon } from './icon.tsx';

const FIELD = '.dialog-inside > :not(header) :is(input, select, textarea)';

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly className?: string;
  readonly children: ReactNode;
}

export function Dialog({ title, onClose, className = '', children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const words = useWords();
  useEffect(() => {
    const dialog = element.current;
    if (dialog === null || dialog.open) return;
    dialog.showModal();
    // The browser would take the first button, which closes: who opened it goes on typing.
    dialog.querySelector<HTMLElement>(FIELD)?.focus();
  }, []);
  return (
    <dialog
      ref={element}
      className={`dialog ${className}`}
      aria-label={title}
      onClose={onClose}
      onKeyDown={(event) => event.stopPropagation()}
      onClick={(event) => {
        if (event.target === element.current) element.current.close();
      }}
    >
      <div className="dialog-inside">
        <header>
          <h2>{title}</h2>
          <button
            type="button"
            className="icon-button"
            aria-label={words.close}
            onClick={() => element.current?.close()}
          >
            <Icon name="close" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
