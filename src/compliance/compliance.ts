/** What laws ask of who runs the service, opened on one store. */
import type { AccountId } from '../mailstore/api.ts';
import { personData, type PersonDataParts } from './person-data.ts';

export class Compliance {
  readonly #parts: PersonDataParts;

  constructor(parts: PersonDataParts) {
    this.#parts = parts;
  }

  /** See `person-data.ts`. */
  personData(account: AccountId): AsyncGenerator<Uint8Array> {
    return personData(this.#parts, account);
  }
}
