/** Says whether Hangul or Latin letters are typed in a field, and changes it: where syllables are put together here. */
import { look } from '../settings-store.ts';
import { useStore } from '../store.ts';
import { type FieldName, hangulFields, setHangul } from './mode.ts';

const LABELS = {
  en: { on: 'Hangul is typed here', off: 'Latin letters are typed here' },
  ko: { on: '한글 입력', off: '영문 입력' },
};

export function HangulSwitch({ field }: { readonly field: FieldName }) {
  const shown = useStore(look, (state) => state.hangulKeys);
  const language = useStore(look, (state) => state.language);
  const on = useStore(hangulFields, (fields) => fields[field]);
  if (!shown) return null;
  const label = LABELS[language][on ? 'on' : 'off'];
  return (
    <button
      type="button"
      className="chip hangul-switch"
      aria-label={label}
      aria-pressed={on}
      title={`${label} (Shift+Space)`}
      // The field keeps the focus.
      onPointerDown={(event) => event.preventDefault()}
      onClick={() => setHangul(field, !on)}
    >
      {on ? '한' : 'A'}
    </button>
  );
}
