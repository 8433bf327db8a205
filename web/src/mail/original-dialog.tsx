import { useEffect, useState } from 'react';
import { Dialog } from '../ui/dialog.tsx';
import { useWords } from '../words/words.ts';

/** So much is shown; the rest is to be had as a file. */
const SHOWN = 256 << 10;

/** The mail as it came, header and all. */
export function OriginalDialog({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const words = useWords();
  const [text, setText] = useState<string>();
  useEffect(() => {
    fetch(`/v1/messages/${id}/raw`, { headers: { range: `bytes=0-${SHOWN - 1}` } })
      .then(async (response) => setText(response.ok ? await response.text() : ''))
      .catch(() => setText(''));
  }, [id]);
  return (
    <Dialog title={words.original} onClose={onClose} className="wide">
      {text === '' ? (
        <p role="alert">{words.error('offline')}</p>
      ) : (
        <pre className="original">{text ?? words.loading}</pre>
      )}
      <a className="button" href={`/v1/messages/${id}/raw`}>
        {words.downloadOriginal}
      </a>
    </Dialog>
  );
}
