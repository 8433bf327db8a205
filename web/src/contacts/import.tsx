/** An address book of another program, as a file. */
import { OWN_PAGE, problemOf } from '../api.ts';
import { failed } from '../mail/actions.ts';
import { Icon } from '../ui/icon.tsx';
import { useWords } from '../words/words.ts';
import { useContactWords } from './words.ts';

export interface Imported {
  readonly added: number;
  readonly skipped: number;
  readonly refused: readonly { readonly number: number; readonly reason: string }[];
}

/** Answers what asks for a file. */
export function useImport(onDone: (result: Imported) => void): () => void {
  return () => {
    const field = document.createElement('input');
    field.type = 'file';
    field.accept = '.vcf,.csv,text/vcard,text/csv';
    field.addEventListener('change', () => {
      const [file] = field.files ?? [];
      if (file !== undefined) void send(file).then((result) => onDone(result), failed);
    });
    field.click();
  };
}

/** What kind of file it is, the service finds out. */
async function send(file: File): Promise<Imported> {
  const response = await fetch('/v1/contacts/import', {
    method: 'POST',
    headers: { ...OWN_PAGE, 'content-type': 'application/octet-stream' },
    body: file,
  });
  if (!response.ok) throw problemOf(response.status, await response.text());
  return (await response.json()) as Imported;
}

export function ImportResult({ result, onClose }: { readonly result: Imported; readonly onClose: () => void }) {
  const words = useContactWords();
  const { close } = useWords();
  const { added, skipped, refused } = result;
  return (
    <div className="notice" role="status">
      <div className="grow">
        <strong>{words.imported(added, skipped)}</strong>
        {refused.length > 0 && (
          <>
            <p>{words.refused(refused.length)}</p>
            <ul>
              {refused.map(({ number, reason }) => (
                <li key={number}>{words.refusedRow(number, reason)}</li>
              ))}
            </ul>
          </>
        )}
      </div>
      <button type="button" className="icon-button small" aria-label={close} onClick={onClose}>
        <Icon name="close" />
      </button>
    </div>
  );
}
