import { look } from '../settings-store.ts';
import { useStore } from '../store.ts';
import { en, type SettingsWords } from './words-en.ts';
import { ko } from './words-ko.ts';

export type { SettingsWords } from './words-en.ts';

export function useSettingsWords(): SettingsWords {
  return { en, ko }[useStore(look, (state) => state.language)];
}
