/** What laws ask of who runs the service, opened on one store. */
import type { AccountId, MailStore } from '../mailstore/api.ts';
import type { Random } from '../ports/random.ts';
import { LegalHoldList } from './legal-holds.ts';
import { personData, type PersonDataParts } from './person-data.ts';

export interface ComplianceParts extends PersonDataParts {
  readonly mailstore: MailStore;
  readonly random: Random;
}

export class Compliance {
  readonly holds: LegalHoldList;
  readonly #parts: ComplianceParts;

  constructor(parts: ComplianceParts) {
    this.#parts = parts;
    this.holds = new LegalHoldList(parts);
  }

  /** See `person-data.ts`. */
  personData(account: AccountId): AsyncGenerator<Uint8Array> {
    return personData(this.#parts, account);
  }
}
