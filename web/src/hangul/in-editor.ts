/** The same in text with formatting, whose editor has its own way to say what was typed. */
import type { EditorView } from '@tiptap/pm/view';
import { look } from '../settings-store.ts';
import { composesHere, hangulFields, isSwitch, note, setHangul } from './mode.ts';
import { add, letterOf, takeBack } from './syllable.ts';

const NAME = 'text';

/** For the properties of an editor. */
export function hangulInEditor() {
  let open = '';
  let end = 0;
  const begin = (view: EditorView, from: number, to: number): void => {
    const still = open !== '' && from === to && from === end && before(view, from, open.length) === open;
    if (!still) open = '';
  };
  const put = (view: EditorView, from: number, to: number, text: string, next: string): true => {
    const at = from - open.length;
    view.dispatch(view.state.tr.insertText(text, at, to).scrollIntoView());
    open = next;
    end = at + text.length;
    return true;
  };
  return {
    handleTextInput(view: EditorView, from: number, to: number, text: string): boolean {
      begin(view, from, to);
      const letter = composesHere(NAME) && !view.composing ? letterOf(text) : undefined;
      if (letter === undefined) {
        open = '';
        note(NAME, text);
        return false;
      }
      const { done, open: next } = add(open, letter);
      return put(view, from, to, done + next, next);
    },
    handleKeyDown(view: EditorView, event: KeyboardEvent): boolean {
      if (event.isComposing || view.composing) return false;
      if (look.state.hangulKeys && isSwitch(event)) {
        setHangul(NAME, !hangulFields.state[NAME]);
        return true;
      }
      if (event.key !== 'Backspace' || event.ctrlKey || event.metaKey || event.altKey) return false;
      const { from, to } = view.state.selection;
      begin(view, from, to);
      const rest = takeBack(open);
      return rest !== '' && put(view, from, to, rest, rest);
    },
  };
}

function before(view: EditorView, at: number, length: number): string {
  return view.state.doc.textBetween(Math.max(0, at - length), at);
}
