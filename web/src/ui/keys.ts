/**
 * Single keys as shortcuts: never while somebody types, or a syllable is being composed, or a dialog is open. With the Korean
 * layout the same key says a letter of its own: then the place of the key counts.
 */
import { useEffect, useRef } from 'react';

export type Shortcuts = Readonly<Record<string, () => void>>;

const EDITABLE = 'input, textarea, select, [contenteditable=""], [contenteditable=true]';
/** Keys that buttons and lists understand themselves. */
const NAMED = new Set(['Enter', 'Delete', 'Escape', 'ArrowDown', 'ArrowUp']);

/** The name of the shortcut that this key stands for; undefined when it is none. */
export function shortcutOf(event: KeyboardEvent): string | undefined {
  if (event.isComposing || event.key === 'Process' || event.ctrlKey || event.metaKey || event.altKey) return undefined;
  const target = event.target instanceof Element ? event.target : undefined;
  if (target?.closest(EDITABLE)) return undefined;
  if (NAMED.has(event.key)) return target?.closest('button, a, [role=menu]') ? undefined : event.key;
  if (/^[\x21-\x7e]$/.test(event.key)) return event.key;
  const place = /^Key([A-Z])$/.exec(event.code)?.[1];
  return place === undefined ? undefined : event.shiftKey ? place : place.toLowerCase();
}

export function useShortcuts(shortcuts: Shortcuts): void {
  const now = useRef(shortcuts);
  useEffect(() => {
    now.current = shortcuts;
  });
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (document.querySelector('dialog[open]') !== null) return;
      const name = shortcutOf(event);
      const act = name !== undefined && Object.hasOwn(now.current, name) ? now.current[name] : undefined;
      if (act === undefined) return;
      event.preventDefault();
      act();
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, []);
}
