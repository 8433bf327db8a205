import { lazy, Suspense, useState } from 'react';
import type { Attachment, Message } from '../api.ts';
import { Icon } from '../ui/icon.tsx';
import { size } from '../words/format.ts';
import { useWords } from '../words/words.ts';
import { previewKind } from './preview-kind.ts';
import { useMailWords } from './words.ts';

/** Loaded when somebody looks at a file. */
const PreviewDialog = lazy(async () => ({ default: (await import('./preview-dialog.tsx')).PreviewDialog }));

/** Files to look at and to download. Images that the text shows in place are not listed again. */
export function Attachments({ message }: { readonly message: Message }) {
  const words = useWords();
  const html = message.html ?? '';
  const listed = message.attachments.filter(
    ({ inline, contentId }) => !(inline && contentId !== '' && html.includes(`cid:${contentId}`)),
  );
  if (listed.length === 0) return null;
  return (
    <ul className="attachments" aria-label={words.attachments(listed.length)}>
      {listed.map((file) => (
        <AttachmentItem key={file.n} file={file} href={`/v1/messages/${message.id}/attachments/${file.n}`} />
      ))}
    </ul>
  );
}

function AttachmentItem({ file, href }: { readonly file: Attachment; readonly href: string }) {
  const words = useWords();
  const own = useMailWords();
  const [open, setOpen] = useState(false);
  const { name, type, size: bytes } = file;
  // Direction marks in a name may hide what kind of file it is.
  const clean = name.replace(/[\p{Cc}\p{Cf}]/gu, '').trim() || type;
  const kind = previewKind(file);
  return (
    <li>
      <a href={href} download={clean} title={`${words.download}: ${clean}`}>
        <Icon name={type.startsWith('image/') ? 'image' : 'attach'} />
        <bdi className="file-name">{clean}</bdi>
        <span className="muted">{size(bytes)}</span>
        <Icon name="download" />
      </a>
      {kind !== undefined && (
        <button
          type="button"
          className="button small"
          aria-label={own.previewOf(clean)}
          title={own.previewOf(clean)}
          onClick={() => setOpen(true)}
        >
          {own.preview}
        </button>
      )}
      {open && kind !== undefined && (
        <Suspense>
          <PreviewDialog kind={kind} href={href} name={clean} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </li>
  );
}
