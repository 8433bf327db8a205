/** Extension modules that the operator names. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { EVENT_TYPES, type ExtensionModule } from '../modules/module.ts';
import { StartError } from './start-error.ts';

/** Throws `StartError` for a file that cannot be loaded, or exports no module. */
export function loadModules(files: readonly string[]): Promise<ExtensionModule[]> {
  return Promise.all(
    files.map(async (file) => {
      try {
        const loaded = (await import(pathToFileURL(resolve(file)).href)) as { readonly module?: unknown };
        return checked(loaded.module);
      } catch (error) {
        throw new StartError(`modules.load: ${file}: ${(error as Error).message}`, { cause: error });
      }
    }),
  );
}

function checked(given: unknown): ExtensionModule {
  const module = given as Partial<ExtensionModule> | undefined;
  if (typeof module !== 'object' || module === null) throw new Error('it exports no `module`');
  if (!/^[a-z0-9-]{1,40}$/.test(module.name ?? '')) throw new Error('its name is not of a-z, 0-9 and -');
  if (typeof module.handle !== 'function') throw new Error('it has no `handle`');
  if (module.scope !== 'read' && module.scope !== 'change') throw new Error('its scope is neither read nor change');
  const unknown = (module.events ?? []).find((type) => !EVENT_TYPES.includes(type));
  if (unknown !== undefined) throw new Error(`there are no events of the type ${unknown}`);
  return { does: '', events: [], ...module } as ExtensionModule;
}
