/** What LIST may be asked beyond a name (RFC 5258): which mailboxes, and what is to be told of them. */
import { type Decoder, malformed } from './decoder.ts';

export interface ListSelection {
  readonly subscribed: boolean;
  /** With a special use only (RFC 6154 §5.2). */
  readonly specialUse: boolean;
  /** Also those above a mailbox that is selected. */
  readonly recursive: boolean;
}

export interface ListReturn {
  readonly subscribed: boolean;
  /** Items of STATUS (RFC 5819). */
  readonly status: readonly string[] | undefined;
}

/** `(SUBSCRIBED RECURSIVEMATCH)`; REMOTE adds nothing, for no mailbox is elsewhere. */
export function listSelection(d: Decoder): ListSelection {
  const words = new Set(d.list(() => d.word()));
  const subscribed = words.delete('SUBSCRIBED');
  const specialUse = words.delete('SPECIAL-USE');
  const recursive = words.delete('RECURSIVEMATCH');
  words.delete('REMOTE');
  if (words.size > 0) throw malformed('unknown LIST selection option');
  if (recursive && !subscribed && !specialUse) throw malformed('RECURSIVEMATCH of nothing');
  return { subscribed, specialUse, recursive };
}

/** After RETURN. CHILDREN and SPECIAL-USE are told whether they are asked for or not. */
export function listReturn(d: Decoder, statusItems: (d: Decoder) => readonly string[]): ListReturn {
  let subscribed = false;
  let status: readonly string[] | undefined;
  d.list(() => {
    switch (d.word()) {
      case 'SUBSCRIBED':
        subscribed = true;
        break;
      case 'STATUS':
        status = statusItems(d);
        break;
      case 'CHILDREN':
      case 'SPECIAL-USE':
        break;
      default:
        throw malformed('unknown LIST return option');
    }
  });
  return { subscribed, status };
}
