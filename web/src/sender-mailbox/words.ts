import { look } from '../settings-store.ts';
import { useStore } from '../store.ts';
import { en, type SenderMailboxWords } from './words-en.ts';
import { ko } from './words-ko.ts';

export function useSenderMailboxWords(): SenderMailboxWords {
  return { en, ko }[useStore(look, (state) => state.language)];
}
