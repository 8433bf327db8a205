import type { Message } from '../api.ts';
import { Icon } from '../ui/icon.tsx';
import { size } from '../words/format.ts';
import { useWords } from '../words/words.ts';

/** Files to download. Images that the text shows in place are not listed again. */
export function Attachments({ message }: { readonly message: Message }) {
  const words = useWords();
  const html = message.html ?? '';
  const listed = message.attachments.filter(
    ({ inline, contentId }) => !(inline && contentId !== '' && html.includes(`cid:${contentId}`)),
  );
  if (listed.length === 0) return null;
  return (
    <ul className="attachments" aria-label={words.attachments(listed.length)}>
      {listed.map(({ n, name, type, size: bytes }) => {
        // Direction marks in a name may hide what kind of file it is.
        const clean = name.replace(/[\p{Cc}\p{Cf}]/gu, '').trim() || type;
        return (
          <li key={n}>
            <a
              href={`/v1/messages/${message.id}/attachments/${n}`}
              download={clean}
              title={`${words.download}: ${clean}`}
            >
              <Icon name={type.startsWith('image/') ? 'image' : 'attach'} />
              <bdi className="file-name">{clean}</bdi>
              <span className="muted">{size(bytes)}</span>
              <Icon name="download" />
            </a>
          </li>
        );
      })}
    </ul>
  );
}
