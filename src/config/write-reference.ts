/** `npm run docs`: writes `docs/configuration.md`. */
import { writeFile } from 'node:fs/promises';
import { configReference } from './print.ts';

await writeFile(new URL('../../docs/configuration.md', import.meta.url), configReference());
