/** One of the folders, or none of them. */
import type { Folder } from '../api.ts';
import { useWords } from '../words/words.ts';
import { Field } from './resource.tsx';
import { folderNames } from './rule.ts';

interface FolderChoiceProps {
  readonly label: string;
  /** What it means when none is chosen; absent: one must be. */
  readonly none?: string;
  readonly folders: readonly Folder[];
  /** Id; '' is none. */
  readonly value: string;
  readonly disabled?: boolean;
  readonly onChange: (folder: string) => void;
}

export function FolderChoice({ label, none, folders, value, disabled = false, onChange }: FolderChoiceProps) {
  const nameOf = folderNames(folders, useWords(), '');
  return (
    <Field label={label}>
      <select value={value} disabled={disabled} onChange={(event) => onChange(event.target.value)}>
        {none !== undefined && <option value="">{none}</option>}
        {folders.map(({ id }) => (
          <option key={id} value={id}>
            {nameOf(id)}
          </option>
        ))}
      </select>
    </Field>
  );
}
