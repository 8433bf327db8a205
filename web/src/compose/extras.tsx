/** What the extended form asks beside the mail itself: how, when, and where a copy is kept. */
import { useEffect, useState } from 'react';
import { mailbox } from '../mail/mailbox.ts';
import { useStore } from '../store.ts';
import { useWords } from '../words/words.ts';
import { change } from './composing.ts';
import { Confidential } from './confidential.tsx';
import type { Draft } from './draft.ts';
import { type OwnAccount, ownAccount } from './own-account.ts';
import { useComposeWords } from './words.ts';

export function Extras({ draft }: { readonly draft: Draft }) {
  const words = useWords();
  const own = useComposeWords();
  const folders = useStore(mailbox, (state) => state.folders);
  const [account, setAccount] = useState<OwnAccount>();
  useEffect(() => void ownAccount().then(setAccount), []);
  const { categories = [], holdsMail = false } = account ?? {};
  const copies = folders.filter(({ role }) => role === null || role === 'archive' || role === 'inbox');
  return (
    <div className="compose-extras">
      <Select
        label={words.importance}
        value={draft.importance}
        options={(['high', 'normal', 'low'] as const).map((one) => [one, words.importances[one]])}
        onChange={(importance) => change({ importance })}
      />
      <label>
        <span>{words.sendAt}</span>
        <input
          type="datetime-local"
          value={draft.sendAt}
          onChange={(event) => change({ sendAt: event.target.value })}
        />
      </label>
      <Select
        label={own.saveTo}
        value={draft.saveTo}
        options={[['', own.saveUsual], ...copies.map((one) => [one.id, words.folderName(one)] as const)]}
        onChange={(saveTo) => change({ saveTo })}
      />
      {categories.length > 1 && (
        <Select
          label={own.category}
          value={draft.category || (categories[0] ?? '')}
          options={categories.map((one) => [one, one] as const)}
          onChange={(category) => change({ category })}
        />
      )}
      {holdsMail && !draft.confidential && (
        <Select
          label={own.downmail}
          value={draft.downmail}
          options={(['usual', 'held', 'whole'] as const).map((one) => [one, own.downmails[one]])}
          onChange={(downmail) => change({ downmail })}
        />
      )}
      <label>
        <input
          type="checkbox"
          checked={draft.receipt}
          onChange={(event) => change({ receipt: event.target.checked })}
        />
        <span>{words.receipt}</span>
      </label>
      {(holdsMail || draft.confidential) && <Confidential confidential={draft.confidential} until={draft.readUntil} />}
    </div>
  );
}

interface SelectProps<K extends string> {
  readonly label: string;
  readonly value: K;
  readonly options: readonly (readonly [K, string])[];
  readonly onChange: (value: K) => void;
}

function Select<K extends string>({ label, value, options, onChange }: SelectProps<K>) {
  return (
    <label>
      <span>{label}</span>
      <select value={value} onChange={(event) => onChange(event.target.value as K)}>
        {options.map(([key, text]) => (
          <option key={key} value={key}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
