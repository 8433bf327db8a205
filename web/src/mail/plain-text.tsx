/** Plain text with its links, and what is quoted folded away. */
import type { MouseEvent, ReactNode } from 'react';
import { useWords } from '../words/words.ts';

const LINK = /https?:\/\/[^\s<>"'「」]{1,2000}/g;
/** More than this is no text to read: it is shown without links. */
const LINKED = 200_000;

interface Block {
  readonly quoted: boolean;
  readonly text: string;
}

/** Lines that begin with `>`, and the others, in turns. */
export function blocksOf(text: string): Block[] {
  const blocks: { quoted: boolean; lines: string[] }[] = [];
  for (const line of text.split('\n')) {
    const quoted = line.startsWith('>');
    const last = blocks.at(-1);
    if (last !== undefined && last.quoted === quoted) last.lines.push(line);
    else blocks.push({ quoted, lines: [line] });
  }
  return blocks.map(({ quoted, lines }) => ({ quoted, text: lines.join('\n') }));
}

interface PlainTextProps {
  readonly text: string;
  /** Asked before a link is followed; answers whether it is. */
  readonly mayLeave?: (href: string) => boolean;
  /** One of several: no place of the page of its own. */
  readonly folded?: boolean;
}

export function PlainText({ text, mayLeave, folded = false }: PlainTextProps) {
  const words = useWords();
  const blocks = blocksOf(text);
  const last = blocks.findLastIndex((block) => block.text.trim() !== '');
  return (
    <div className="plain-text" tabIndex={0} role={folded ? 'group' : 'region'} aria-label={words.content}>
      {blocks.map((block, i) =>
        block.quoted ? (
          // Answers below a quotation need it; what is quoted at the end was read before.
          <details key={i} className="quoted" open={i !== last}>
            <summary>{words.quoted}</summary>
            <div>{linked(block.text.replace(/^> ?/gm, ''), mayLeave)}</div>
          </details>
        ) : (
          <div key={i}>{linked(block.text, mayLeave)}</div>
        ),
      )}
    </div>
  );
}

function linked(text: string, mayLeave: PlainTextProps['mayLeave']): ReactNode {
  if (text.length > LINKED) return text;
  const ask = (href: string) => (event: MouseEvent) => {
    if (mayLeave?.(href) === false) event.preventDefault();
  };
  const pieces: ReactNode[] = [];
  let at = 0;
  for (const match of text.matchAll(LINK)) {
    // A full stop or bracket behind it belongs to the sentence.
    const href = match[0].replace(/[.,;:!?)\]}]+$/, '');
    pieces.push(
      text.slice(at, match.index),
      <a
        key={match.index}
        href={href}
        target="_blank"
        rel="noopener noreferrer nofollow"
        onClick={ask(href)}
        onAuxClick={ask(href)}
      >
        {href}
      </a>,
    );
    at = match.index + href.length;
  }
  return [...pieces, text.slice(at)];
}
