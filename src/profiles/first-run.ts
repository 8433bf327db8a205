/** A service without an account gets its first domain and its first administrator. */
import type { Directory } from '../directory/api.ts';
import { passwordLink } from '../directory/recovery.ts';

export interface FirstAdministrator {
  readonly address: string;
  /** Of the page where its password can be set, once. */
  readonly path: string;
}

export async function firstRun(directory: Directory, hostname: string): Promise<FirstAdministrator | undefined> {
  for await (const _account of directory.accounts()) return undefined;
  const [first] = await directory.domains();
  const { name } = first ?? (await directory.addDomain(hostname));
  const admin = await directory.addAccount(`admin@${name}`, { admin: true, displayName: 'Administrator' });
  return { address: admin.address, path: await passwordLink(directory, admin) };
}
