/**
 * Whether Hangul or Latin letters are typed in a field: each field remembers it (D-38). A page cannot switch the input method of the
 * machine. Where there is none, and its owner has said so in the settings, syllables are put together here; with one, the field only
 * notes what was typed in it, so that a telephone offers the right keys and a reader's voice the right language.
 */
import { look } from '../settings-store.ts';
import { Store } from '../store.ts';

export type FieldName = 'people' | 'subject' | 'text' | 'search';

const KEY = 'pabal.hangul';
const FIELDS: readonly FieldName[] = ['people', 'subject', 'text', 'search'];

function remembered(): Readonly<Record<FieldName, boolean>> {
  let kept: Partial<Record<FieldName, unknown>> = {};
  try {
    kept = JSON.parse(localStorage.getItem(KEY) ?? '{}') as typeof kept;
  } catch {
    // Storage may be forbidden.
  }
  return Object.fromEntries(FIELDS.map((name) => [name, kept[name] === true])) as Record<FieldName, boolean>;
}

export const hangulFields = new Store<Readonly<Record<FieldName, boolean>>>(remembered());

export function setHangul(field: FieldName, on: boolean): void {
  if (hangulFields.state[field] === on) return;
  hangulFields.set({ [field]: on });
  try {
    localStorage.setItem(KEY, JSON.stringify(hangulFields.state));
  } catch {
    // As above.
  }
}

/** Whether syllables are put together here, in this field, now. */
export const composesHere = (field: FieldName): boolean => look.state.hangulKeys && hangulFields.state[field];

/** The key between the two on Korean keyboards, and the one that older programs have for it. */
export const isSwitch = ({ key, code, shiftKey }: Pick<KeyboardEvent, 'key' | 'code' | 'shiftKey'>): boolean =>
  key === 'HangulMode' || code === 'Lang1' || (shiftKey && code === 'Space');

/** What was typed with the input method of the machine, or without one. */
export function note(field: FieldName, typed: string): void {
  if (look.state.hangulKeys) return;
  if (/[ㄱ-ㆎ가-힣]/.test(typed)) setHangul(field, true);
  else if (/[A-Za-z]/.test(typed)) setHangul(field, false);
}
