/** What was found out about the sender of a mail when it came in, as the API shows it. */
import type { z } from 'zod';
import {
  type AuthenticationResults,
  authservIdOf,
  type MethodResult,
  parseAuthenticationResults,
} from '../../mail/authentication-results.ts';
import { HeaderBlock } from '../../mail/header.ts';
import type { MailAddress } from '../../mail/message.ts';
import type { Body } from '../../mailstore/api.ts';
import type * as schemas from './schemas.ts';

/** Our own fields are on top of the mail. */
const TOP_BYTES = 32 << 10;

type View = z.output<typeof schemas.authentication>;

/** Null when nothing was checked: the mail was made here. A field of ours that came from outside was removed at intake. */
export async function authenticationView(body: Body, hostname: string): Promise<View | null> {
  const top = await body.bytes(0, Math.min(body.size, TOP_BYTES));
  const ours = hostname.toLowerCase();
  const field = HeaderBlock.parse(top)
    .all('authentication-results')
    .find((value) => authservIdOf(value) === ours);
  const parsed = field === undefined ? undefined : parseAuthenticationResults(field);
  return parsed === undefined || parsed.results.length === 0 ? null : view(parsed);
}

/** Whether the domain of its one author stands for it. What was made here is. */
export function isFromAuthor(found: View | null, from: readonly MailAddress[]): boolean {
  if (from.length !== 1) return false;
  if (found === null || found.dmarc.result === 'pass') return true;
  if (found.dmarc.result !== 'none') return false;
  const { address = '' } = from[0] ?? {};
  const author = address.slice(address.lastIndexOf('@') + 1).toLowerCase();
  const ofAuthor = ({ result, domain }: View['spf']) => {
    const name = domain.slice(domain.lastIndexOf('@') + 1).toLowerCase();
    return result === 'pass' && name !== '' && (name === author || name.endsWith(`.${author}`));
  };
  return ofAuthor(found.spf) || found.dkim.some(ofAuthor);
}

function view({ results }: AuthenticationResults): View {
  const of = (method: string) => results.filter((one) => one.method === method);
  const first = (method: string, ...properties: readonly string[]) => {
    const [one] = of(method);
    return { result: one?.result ?? 'none', domain: one === undefined ? '' : property(one, properties) };
  };
  return {
    spf: first('spf', 'smtp.mailfrom', 'smtp.helo'),
    dkim: of('dkim')
      .filter(({ result }) => result !== 'none')
      .map((one) => ({ result: one.result, domain: property(one, ['header.d']) })),
    dmarc: first('dmarc', 'header.from'),
    arc: first('arc', 'header.d'),
  };
}

function property({ properties }: MethodResult, names: readonly string[]): string {
  return properties.find(([name]) => names.includes(name))?.[1] ?? '';
}
