/** What the owner's rules ask to be done with a mail: decided by one stage, carried out by those after it. */
import type { FileintoAction, KeepAction, NotifyAction, VacationAction } from '../mail/sieve/actions.ts';
import type { SieveError } from '../mail/sieve/error.ts';
import type { SieveHeader } from '../mail/sieve/header.ts';
import type { Body, MessageDetails } from '../mailstore/api.ts';
import type { StoredScript } from './sieve/scripts.ts';

export interface Plan {
  /** It was sent on to somebody else. */
  readonly redirected: boolean;
  /** Where it is filed; nowhere when there are none: it was redirected, refused or discarded. */
  readonly places: readonly (KeepAction | FileintoAction)[];
  readonly answers: readonly VacationAction[];
  readonly notices: readonly NotifyAction[];
  /** Noted once it is filed. */
  readonly remember: readonly { readonly id: string; readonly seconds: number }[];
  /** A script that could not go on: its owner is told. */
  readonly failure?: { readonly script: StoredScript; readonly error: SieveError };
  /** As it came. */
  readonly header: SieveHeader;
  readonly details: MessageDetails;
  readonly body: Body;
}
