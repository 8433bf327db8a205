/** The mode of one field: its language, its switch, and the syllables that are put together in it. */
import { type RefObject, useEffect } from 'react';
import { look } from '../settings-store.ts';
import { useStore } from '../store.ts';
import { composesHere, type FieldName, hangulFields, isSwitch, note, setHangul } from './mode.ts';
import { add, letterOf, takeBack } from './syllable.ts';

type Field = HTMLInputElement | HTMLTextAreaElement;

/** `undefined`: as the page. */
export function useHangul(name: FieldName, field: RefObject<Field | null>, again: unknown = 0): 'ko' | undefined {
  useEffect(() => {
    const element = field.current;
    if (element === null) return;
    const stop = new AbortController();
    watch(element, name, stop.signal);
    return () => stop.abort();
  }, [name, field, again]);
  return useStore(hangulFields, (fields) => fields[name]) ? 'ko' : undefined;
}

function watch(element: Field, name: FieldName, signal: AbortSignal): void {
  /** What is being composed, and where it ends. */
  let open = '';
  let end = 0;
  const isStill = (): boolean =>
    open !== '' &&
    element.selectionStart === end &&
    element.selectionEnd === end &&
    element.value.slice(end - open.length, end) === open;
  /** In the place of what was being composed; as if it had been typed, so that it can be undone. */
  const put = (text: string, next: string): void => {
    const at = element.selectionStart ?? 0;
    element.setSelectionRange(at - open.length, element.selectionEnd);
    document.execCommand('insertText', false, text);
    open = next;
    end = element.selectionStart ?? 0;
  };
  element.addEventListener(
    'beforeinput',
    (given) => {
      const event = given as InputEvent;
      const { data, inputType, isComposing } = event;
      if (isComposing) return;
      if (!isStill()) open = '';
      const letter = inputType === 'insertText' && data !== null && composesHere(name) ? letterOf(data) : undefined;
      if (letter !== undefined) {
        const { done, open: next } = add(open, letter);
        event.preventDefault();
        put(done + next, next);
      } else if (inputType === 'deleteContentBackward' && takeBack(open) !== '') {
        event.preventDefault();
        put(takeBack(open), takeBack(open));
      } else if (inputType === 'insertText') note(name, data ?? '');
    },
    { signal },
  );
  element.addEventListener('compositionend', (event) => note(name, (event as CompositionEvent).data), { signal });
  element.addEventListener(
    'keydown',
    (given) => {
      const event = given as KeyboardEvent;
      if (!look.state.hangulKeys || event.isComposing || !isSwitch(event)) return;
      event.preventDefault();
      setHangul(name, !hangulFields.state[name]);
    },
    { signal },
  );
}
