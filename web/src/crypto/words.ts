import { look } from '../settings-store.ts';
import { useStore } from '../store.ts';
import { type CryptoWords, en } from './words-en.ts';
import { ko } from './words-ko.ts';

export function useCryptoWords(): CryptoWords {
  return { en, ko }[useStore(look, (state) => state.language)];
}
