/** The words of the language that was chosen. Korean has every word that English has: the types see to it. */
import { look, type Language } from '../settings-store.ts';
import { useStore } from '../store.ts';
import { en, type Words } from './en.ts';
import { ko } from './ko.ts';

export type { Words } from './en.ts';

const ALL: Readonly<Record<Language, Words>> = { en, ko };

/** For code outside of components: at this moment. */
export function words(): Words {
  return ALL[look.state.language];
}

export function useWords(): Words {
  return ALL[useStore(look, (state) => state.language)];
}
