/**
 * The way out of a mail of which its reader was warned: a page of ours that says where a link leads, and why to be careful. Only what
 * we sealed is shown, so nobody can use the page to lead people elsewhere; and it never leads on by itself.
 */
import { isSealed, sealOf } from './seal.ts';

const MOST_URL = 2_000;

export interface Leaving {
  readonly to: string;
  /** Codes of warnings, with blanks. */
  readonly why: string;
}

export class LeavingLinks {
  readonly #secret: Uint8Array;

  /** The same secret on every node and after a restart. */
  constructor(secret: Uint8Array) {
    this.#secret = secret;
  }

  /** A path of ours; undefined for what is no web address, or too long for one. */
  path(to: string, why: string): string | undefined {
    if (to.length > MOST_URL || !isWeb(to)) return undefined;
    return `/leave?${new URLSearchParams({ to, why, seal: sealOf(this.#secret, 'leave', why, to) }).toString()}`;
  }

  /** What a path was made of; undefined for what is not ours. */
  read({ to, why, seal }: Readonly<Record<string, unknown>>): Leaving | undefined {
    if (typeof to !== 'string' || typeof why !== 'string' || typeof seal !== 'string' || !isWeb(to)) return undefined;
    return isSealed(this.#secret, seal, 'leave', why, to) ? { to, why } : undefined;
  }

  /** The markup that cleaning left, with every link to the web through the page; it writes all attributes in one way. */
  through(clean: string, why: string): string {
    return clean.replaceAll(/ href="(https?:[^"]*)"/gi, (whole, escaped: string) => {
      const path = this.path(unescaped(escaped), why);
      // What is too long to be carried leads nowhere.
      return path === undefined ? ' title="…"' : whole.replace(escaped, () => path.replaceAll('&', '&amp;'));
    });
  }
}

/** An attribute's value, as cleaning writes it. */
export function unescaped(attribute: string): string {
  return attribute.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

export function isWeb(url: string): boolean {
  return /^https?:\/\//i.test(url) && URL.canParse(url);
}
