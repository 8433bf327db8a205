/** A button that opens a list of things to do. Arrow keys walk, Escape and a look elsewhere close. */
import { type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { Icon, type IconName } from './icon.tsx';

export interface MenuItem {
  readonly label: string;
  readonly icon?: IconName;
  readonly checked?: boolean;
  readonly act: () => void;
}

interface MenuProps {
  readonly label: string;
  readonly className?: string;
  readonly button: ReactNode;
  /** Groups are set apart by a line. */
  readonly groups: readonly (readonly MenuItem[])[];
  readonly align?: 'start' | 'end';
  /** Opens above its button. */
  readonly upwards?: boolean;
}

export function Menu({ label, className = 'icon-button', button, groups, align = 'end', upwards = false }: MenuProps) {
  const [open, setOpen] = useState(false);
  const around = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const id = useId();

  useEffect(() => {
    if (!open) return;
    around.current?.querySelector<HTMLElement>('[role^=menuitem]')?.focus();
    const outside = (event: Event) => {
      if (!around.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener('pointerdown', outside);
    // A click into a mail's frame does not arrive here.
    const away = () => setOpen(false);
    window.addEventListener('blur', away);
    return () => {
      document.removeEventListener('pointerdown', outside);
      window.removeEventListener('blur', away);
    };
  }, [open]);

  const close = () => {
    setOpen(false);
    opener.current?.focus();
  };
  const walk = (event: React.KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === 'Escape') return close();
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === 'Tab') setOpen(false);
    if (step === undefined) return;
    event.preventDefault();
    const all = [...(around.current?.querySelectorAll<HTMLElement>('[role^=menuitem]') ?? [])];
    const at = all.indexOf(document.activeElement as HTMLElement);
    all[(at + step + all.length) % all.length]?.focus();
  };

  return (
    <div className="menu" ref={around}>
      <button
        type="button"
        ref={opener}
        className={className}
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
      >
        {button}
      </button>
      {open && (
        <div
          id={id}
          role="menu"
          aria-label={label}
          className={`menu-list ${align}${upwards ? ' upwards' : ''}`}
          tabIndex={-1}
          onKeyDown={walk}
        >
          {groups.map((items, i) => (
            <div role="group" key={items[0]?.label ?? i}>
              {items.map(({ label: what, icon, checked, act }) => (
                <button
                  key={what}
                  type="button"
                  role={checked === undefined ? 'menuitem' : 'menuitemradio'}
                  aria-checked={checked}
                  tabIndex={-1}
                  onClick={() => {
                    close();
                    act();
                  }}
                >
                  <span className="menu-mark">
                    {icon !== undefined && <Icon name={icon} />}
                    {checked === true && <Icon name="check" />}
                  </span>
                  {what}
                </button>
              ))}
            </div>
          ))}
        </div>
      )}
    </div>
  );
}
