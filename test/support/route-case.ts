/** What a test of who reaches what says of a route. */
import type { Call } from './http.ts';

/** Each kind of id that routes take: one of alice's, and one that nobody has. */
export interface Ids {
  readonly folder: string;
  readonly message: string;
  readonly thread: string;
  readonly submission: string;
  readonly copy: string;
  readonly suppressed: string;
  readonly rule: string;
  readonly script: string;
  readonly person: string;
  readonly webhook: string;
  readonly push: string;
  readonly run: string;
  readonly session: string;
  readonly appPassword: string;
  readonly passkey: string;
  readonly grant: string;
  readonly identity: string;
  readonly contact: string;
  readonly group: string;
  readonly accountData: string;
}

export interface RouteCase {
  /** With the ids in their places. */
  readonly request: (ids: Ids) => readonly [url: string, call?: Call];
  /** What a signed-in stranger gets for alice's ids and for missing ones alike. */
  readonly stranger: number;
}
