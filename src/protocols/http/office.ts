/** What somebody who administers may do: by role, and for which domains. What is not theirs is answered like what is missing. */
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { AccountInfo, Directory, DomainInfo } from '../../directory/api.ts';
import { type Office, type Offices, reaches, reachesDomain } from '../../directory/offices.ts';
import { Problem } from './reply.ts';

export const domainParam = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(255)
    .regex(/^[\p{L}\p{N}.-]+$/u, 'a domain'),
});
export const addressParam = z.strictObject({ address: z.string().min(1).max(400) });

/** Throws `not-allowed` for who has no role for this route. */
export async function officeOf(request: FastifyRequest, offices: Pick<Offices, 'of'>): Promise<Office> {
  const { roles = ['operator'] } = request.routeOptions.config;
  const found = request.signedIn && (await offices.of(request.signedIn.user.account));
  if (found === undefined || !roles.includes(found.role)) throw new Problem('not-allowed');
  return found;
}

/** For routes that only those who administer reach: the hook has made sure of it. */
export function office(request: FastifyRequest): Office {
  if (request.office === undefined) throw new Problem('not-allowed');
  return request.office;
}

/** Throws `not-found` for what is not of the caller's domains. */
export async function accountOf(request: FastifyRequest, directory: Directory, address: string): Promise<AccountInfo> {
  const found = await directory.account(address);
  if (found === undefined || !reaches(office(request), found)) throw new Problem('not-found');
  return found;
}

/** The same, to change it: nobody but an operator changes the account of who administers, and nobody locks himself out. */
export async function changedAccount(
  request: FastifyRequest,
  { directory, offices }: { readonly directory: Directory; readonly offices: Pick<Offices, 'of'> },
  address: string,
): Promise<AccountInfo> {
  const found = await accountOf(request, directory, address);
  if (found.id === request.signedIn?.user.account) throw new Problem('conflict', 'It is your own account.');
  if (office(request).role !== 'operator' && (found.admin || (await offices.of(found.id)) !== undefined))
    throw new Problem('not-allowed', 'It is the account of somebody who administers.');
  return found;
}

/** Throws `not-found` for what is not of the caller's domains. */
export async function domainOf(request: FastifyRequest, directory: Directory, name: string): Promise<DomainInfo> {
  const found = await directory.domain(name);
  if (found === undefined || !reachesDomain(office(request), found.name)) throw new Problem('not-found');
  return found;
}
