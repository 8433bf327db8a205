/** Why a mail cannot be picked up (any more), in a sentence: for who signs in with the right password, and for nobody else. */
import type { Opened } from './pick-up.ts';

export const GONE: Readonly<Record<(Opened & { kind: 'gone' })['state'], string>> = {
  fetched: 'The mail was fetched, and is not kept any more',
  expired: 'The mail was not fetched in time, and is not kept any more',
  recalled: 'The sender took the mail back',
};

export const PAGE_ONLY = 'The mail is confidential: it can be read with its pass code on the web page of its link only';
