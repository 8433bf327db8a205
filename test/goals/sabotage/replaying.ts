/** Loaded before a service (`node --import`): reads all that the store has into memory, as a start does that replays a log. The control of A25. */
import { readFileSync } from 'node:fs';

const store = readFileSync(process.env['REPLAYED'] as string);
setInterval(() => store.length, 1_000).unref();
