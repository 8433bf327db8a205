/** Where one is, as it stands in the address: reload, back and bookmarks work. */
import { Store } from './store.ts';

export interface Route {
  readonly view: 'folder' | 'search' | 'contacts' | 'settings' | 'service';
  /** Folder id (or role), query, group of contacts, or page of the settings or of the service's. */
  readonly what: string;
  readonly message?: string;
}

const LETTERS = { folder: 'f', search: 'q', contacts: 'c', settings: 's', service: 'o' } as const;

function read(): Route {
  const [, letter = '', what = '', message = ''] = location.hash.split('/');
  const view = (Object.keys(LETTERS) as Route['view'][]).find((name) => LETTERS[name] === letter);
  if (view === undefined || what === '') return { view: 'folder', what: 'inbox' };
  let decoded = what;
  try {
    decoded = decodeURIComponent(what);
  } catch {
    // Somebody typed it.
  }
  return { view, what: decoded, ...(/^[0-9]+$/.test(message) && { message }) };
}

export const route = new Store<{ readonly at: Route }>({ at: read() });

addEventListener('hashchange', () => route.set({ at: read() }));

export function hrefOf({ view, what, message }: Route): string {
  return `#/${LETTERS[view]}/${encodeURIComponent(what)}${message === undefined ? '' : `/${message}`}`;
}

/** `replace`: the step back leads past here. */
export function go(to: Route, { replace = false } = {}): void {
  const href = hrefOf(to);
  if (location.hash === href) return;
  if (replace) {
    history.replaceState(null, '', href);
    route.set({ at: read() });
  } else {
    location.hash = href;
    route.set({ at: read() });
  }
}
