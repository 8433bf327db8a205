/** A list that comes page after page. */
import { type ReactNode, useCallback, useEffect, useState } from 'react';
import { call, query } from '../api.ts';
import { codeOf } from '../mail/mailbox.ts';
import { useWords } from '../words/words.ts';
import { useServiceWords } from './words.ts';

export interface Paged<T> {
  readonly items: readonly T[] | undefined;
  readonly more: boolean;
  readonly error: string;
  /** From the beginning. */
  readonly load: () => void;
  readonly loadMore: () => void;
  readonly remove: (item: T) => void;
}

export function usePages<T>(path: string): Paged<T> {
  const [items, setItems] = useState<readonly T[]>();
  const [next, setNext] = useState<string>();
  const [error, setError] = useState('');
  const fetchPage = useCallback(
    (cursor: string | undefined) => {
      setError('');
      call<{ items: readonly T[]; next?: string }>('GET', path + query({ cursor }))
        .then((page) => {
          setItems((before) => (cursor === undefined ? page.items : [...(before ?? []), ...page.items]));
          setNext(page.next);
        })
        .catch((problem: unknown) => setError(codeOf(problem)));
    },
    [path],
  );
  const load = useCallback(() => fetchPage(undefined), [fetchPage]);
  useEffect(load, [load]);
  const remove = (item: T) => setItems((before) => before?.filter((one) => one !== item));
  return { items, more: next !== undefined, error, load, loadMore: () => fetchPage(next), remove };
}

interface PageListProps<T> {
  readonly of: Paged<T>;
  readonly empty: string;
  readonly row: (item: T) => ReactNode;
}

export function PageList<T>({ of: { items, more, error, load, loadMore }, empty, row }: PageListProps<T>) {
  const words = useServiceWords();
  const shared = useWords();
  return (
    <>
      {error !== '' && (
        <p className="complaint" role="alert">
          {shared.error(error)}
        </p>
      )}
      {items === undefined && error === '' && <p className="muted">{shared.loading}</p>}
      {items?.length === 0 && <p className="muted">{empty}</p>}
      {items !== undefined && items.length > 0 && <ul className="items">{items.map(row)}</ul>}
      <div className="save-row start">
        {more && (
          <button type="button" className="button" onClick={loadMore}>
            {words.more}
          </button>
        )}
        <button type="button" className="button" onClick={load}>
          {words.refresh}
        </button>
      </div>
    </>
  );
}
