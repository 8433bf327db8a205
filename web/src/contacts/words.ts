import { look } from '../settings-store.ts';
import { useStore } from '../store.ts';
import { en, type ContactWords } from './words-en.ts';
import { ko } from './words-ko.ts';

export type { ContactWords } from './words-en.ts';

export function useContactWords(): ContactWords {
  return { en, ko }[useStore(look, (state) => state.language)];
}
