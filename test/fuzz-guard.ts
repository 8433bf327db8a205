/** Runs beside every fuzz file: whatever the inputs were, the prototypes that everything inherits must be as before. */
import { afterAll, beforeAll } from 'vitest';

const PROTOTYPES = [Object.prototype, Array.prototype, String.prototype, Function.prototype, Map.prototype];
let before: readonly string[] = [];

function names(): string[] {
  return PROTOTYPES.map((prototype) => Reflect.ownKeys(prototype).map(String).join());
}

beforeAll(() => {
  before = names();
});
afterAll(() => {
  if (names().join(';') !== before.join(';')) throw new Error('some input changed Object.prototype or a like one');
});
