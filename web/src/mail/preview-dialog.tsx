/** An attachment shown where one reads: images, PDF, text, sound. */
import { useEffect, useState } from 'react';
import { Dialog } from '../ui/dialog.tsx';
import { useWords } from '../words/words.ts';
import type { PreviewKind } from './preview-kind.ts';
import { useMailWords } from './words.ts';

interface PreviewProps {
  readonly kind: PreviewKind;
  /** Without the last part of its path. */
  readonly href: string;
  readonly name: string;
  readonly onClose: () => void;
}

export function PreviewDialog({ kind, href, name, onClose }: PreviewProps) {
  const words = useWords();
  const own = useMailWords();
  const [failed, setFailed] = useState(false);
  const fail = () => setFailed(true);
  const shown = `${href}/shown`;
  return (
    <Dialog title={name} onClose={onClose} className="preview-dialog">
      {failed ? (
        <p role="alert">{own.previewFailed}</p>
      ) : (
        <div className="preview-inside">
          {kind === 'image' && <img src={shown} alt={name} onError={fail} />}
          {kind === 'pdf' && <iframe title={name} src={shown} />}
          {kind === 'audio' && <audio controls src={shown} onError={fail} aria-label={name} />}
          {kind === 'text' && <TextPreview href={shown} onFail={fail} />}
        </div>
      )}
      <div className="dialog-buttons">
        <a className="button" href={href} download={name}>
          {words.download}
        </a>
      </div>
    </Dialog>
  );
}

const MOST_CHARACTERS = 200_000;

function TextPreview({ href, onFail }: { readonly href: string; readonly onFail: () => void }) {
  const words = useWords();
  const own = useMailWords();
  const [text, setText] = useState<string>();
  useEffect(() => {
    fetch(href)
      .then(async (response) => (response.ok ? setText(await response.text()) : onFail()))
      .catch(onFail);
    // oxlint-disable-next-line react/exhaustive-deps -- once for each file
  }, [href]);
  if (text === undefined) return <p className="pane-note">{words.loading}</p>;
  return (
    <>
      <pre tabIndex={0}>{text.slice(0, MOST_CHARACTERS)}</pre>
      {text.length > MOST_CHARACTERS && <p className="muted">{own.previewCut}</p>}
    </>
  );
}
