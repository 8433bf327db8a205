/** Lets a composition make certain recipients fail on purpose (the sandbox); absent in a real service. */
import type { Reply } from './reply.ts';

export type RecipientFault =
  | { readonly kind: 'refuse'; readonly reply: Reply }
  /** The recipient is taken after a pause. */
  | { readonly kind: 'delay'; readonly ms: number };

export type RecipientHook = (recipient: {
  readonly local: string;
  readonly domain: string;
}) => RecipientFault | undefined;
