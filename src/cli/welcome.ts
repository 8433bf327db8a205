/** What somebody who starts the service wants to know. */
import type { DataKind } from '../profiles/data-folder.ts';
import { DEMO_PASSWORD, DEMO_PEOPLE } from '../demo/people.ts';
import type { Running } from '../profiles/serve.ts';

export function welcome(service: Running, kind: DataKind): string {
  const listening = service.listening();
  const lines = Object.entries(listening).map(([name, addresses]) => `  ${name.padEnd(12)} ${addresses.join(', ')}`);
  const http = listening['http']?.[0];
  if (http !== undefined) lines.unshift(`  web          http://${http}/`);
  const who: string[] = [];
  if (kind === 'demo')
    who.push(`  sign in as   ${DEMO_PEOPLE.map(({ address }) => address).join(' or ')}, password ${DEMO_PASSWORD}`);
  if (kind === 'sandbox') who.push('  sign in as   any address of mail.test, password pass');
  if (service.firstAdministrator !== undefined) {
    const { address, path } = service.firstAdministrator;
    who.push(
      `  administrator ${address}`,
      `  set its password within a day, once, at ${http === undefined ? path : `http://${http}${path}`}`,
    );
  }
  return `\nPabal is ready, its data is in ${service.data}\n${[...lines, ...who].join('\n')}\n\n`;
}
