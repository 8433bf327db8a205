/** Which answers of the service are kept for when there is no connection. */

/** A cache of what somebody reads begins with this, and goes on with the account's id: the page makes and removes it. */
export const MAIL_CACHE = 'pabal-mail-';

const MAIL =
  /^\/v1\/(?:session|identities|folders|folders\/[^/]+\/(?:messages|threads)|messages\/[0-9]+|threads\/[0-9a-f]+)$/;
const FILES = /^\/(?:assets\/[^/]+|icon\.svg|pabal\.webmanifest)$/;

export type Kept = 'file' | 'mail' | 'page';

/** `navigates`: the browser wants a whole page. */
export function keptAs(path: string, navigates: boolean): Kept | undefined {
  if (navigates) return path === '/' ? 'page' : undefined;
  if (FILES.test(path)) return 'file';
  return MAIL.test(path) ? 'mail' : undefined;
}
