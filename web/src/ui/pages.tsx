/** Several pages with their names at the side, one of them open. */
import { type ReactNode, useEffect, useRef } from 'react';
import { hrefOf, type Route } from '../route.ts';
import { useWords } from '../words/words.ts';
import '../css/pages.css';

interface PagesProps<P extends string> {
  readonly view: Route['view'];
  readonly title: string;
  readonly names: Readonly<Record<P, string>>;
  readonly pages: Readonly<Record<P, () => ReactNode>>;
  /** As the address has it; of one that is not there the first opens. */
  readonly asked: string;
}

export function Pages<P extends string>({ view, title, names, pages, asked }: PagesProps<P>) {
  const { brand } = useWords();
  const heading = useRef<HTMLHeadingElement>(null);
  const all = Object.keys(pages) as P[];
  const open = all.find((one) => one === asked) ?? (all[0] as P);
  const Open: () => ReactNode = pages[open];
  useEffect(() => {
    document.title = `${names[open]} · ${title} · ${brand}`;
  }, [open, names, title, brand]);
  useEffect(() => heading.current?.focus({ preventScroll: true }), [open]);
  return (
    <main className="page-pane">
      <nav className="page-tabs" aria-label={title}>
        {all.map((one) => (
          <a key={one} href={hrefOf({ view, what: one })} aria-current={one === open ? 'page' : undefined}>
            {names[one]}
          </a>
        ))}
      </nav>
      <div className="page-content">
        <h1 ref={heading} tabIndex={-1}>
          {names[open]}
        </h1>
        <Open key={open} />
      </div>
    </main>
  );
}
