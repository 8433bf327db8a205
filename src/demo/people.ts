/** Who lives in the demo. */
export const DEMO_DOMAIN = 'example.test';
export const DEMO_PASSWORD = 'demo-password';

export interface Person {
  readonly name: string;
  readonly address: string;
}

const person = (name: string, local: string): Person => ({ name, address: `${local}@${DEMO_DOMAIN}` });

export const ALICE = person('Alice Kim', 'alice');
export const BOB = person('Bob Lee', 'bob');
export const DEMO_PEOPLE: readonly Person[] = [ALICE, BOB];
/** Reads what people write to `postmaster` and `abuse`. */
export const DEMO_ADMINISTRATOR = ALICE;
