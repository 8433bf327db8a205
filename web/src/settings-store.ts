/** What this browser remembers: language and look. */
import { Store } from './store.ts';

export type Language = 'ko' | 'en';
export type Theme = 'system' | 'light' | 'dark';
export type Density = 'comfortable' | 'compact';

interface Look {
  readonly language: Language;
  readonly theme: Theme;
  readonly density: Density;
  /** Lists are of conversations where they can be. */
  readonly grouped: boolean;
  /** What was read can be read without a connection. */
  readonly keepsMail: boolean;
  /** The machine has no input method for Hangul: syllables are put together here. */
  readonly hangulKeys: boolean;
}

const KEY = 'pabal.look';

function remembered(): Look {
  const language: Language = navigator.languages.find((l) => /^(?:ko|en)\b/i.test(l))?.startsWith('ko') ? 'ko' : 'en';
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Look>;
    return {
      language: kept.language === 'ko' || kept.language === 'en' ? kept.language : language,
      theme: kept.theme === 'light' || kept.theme === 'dark' ? kept.theme : 'system',
      density: kept.density === 'compact' ? 'compact' : 'comfortable',
      grouped: kept.grouped === true,
      keepsMail: kept.keepsMail !== false,
      hangulKeys: kept.hangulKeys === true,
    };
  } catch {
    // Storage may be forbidden.
    return { language, theme: 'system', density: 'comfortable', grouped: false, keepsMail: true, hangulKeys: false };
  }
}

export const look = new Store<Look>(remembered());

/** On the page as it was chosen. */
export function showLook(): void {
  const { language, theme, density } = look.state;
  const root = document.documentElement;
  root.lang = language;
  root.dataset['density'] = density;
  if (theme === 'system') delete root.dataset['theme'];
  else root.dataset['theme'] = theme;
}

export function setLook(change: Partial<Look>): void {
  look.set(change);
  showLook();
  try {
    localStorage.setItem(KEY, JSON.stringify(look.state));
  } catch {
    // As above.
  }
}
