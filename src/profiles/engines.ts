/** The scanners that the configuration names. */
import { ClamdScanner } from '../adapters/scanner-clamd.ts';
import { RspamdScanner } from '../adapters/scanner-rspamd.ts';
import { SpamdScanner } from '../adapters/scanner-spamd.ts';
import type { Config } from '../config/schema.ts';
import { Engines, type EnginesParts } from '../intake/scan/engines.ts';
import { OutgoingCheck, type OutgoingCheckParts } from '../submit/outgoing-check.ts';
import type { Scanner } from '../ports/scanner.ts';

export function openEngines(
  { spam, viruses }: Config,
  parts: Pick<EnginesParts, 'clock' | 'log' | 'metrics'>,
): Engines {
  const scanners: Scanner[] = [];
  if (viruses.clamd !== '') scanners.push(new ClamdScanner({ endpoint: viruses.clamd }));
  if (spam.rspamd !== '')
    scanners.push(
      new RspamdScanner({
        url: spam.rspamd,
        ...(spam.rspamd_password !== '' && { password: spam.rspamd_password }),
      }),
    );
  if (spam.spamd !== '') scanners.push(new SpamdScanner({ endpoint: spam.spamd }));
  return new Engines({ ...parts, scanners, deadlineMs: viruses.seconds * 1000 });
}

export function outgoingCheck({ spam, viruses }: Config, parts: Omit<OutgoingCheckParts, 'rules'>): OutgoingCheck {
  const whenDown = viruses.on_failure === 'accept' ? 'accept' : 'refuse';
  const rules = { viruses: viruses.check ? ({ whenDown } as const) : undefined, spamLimit: spam.outgoing_limit };
  return new OutgoingCheck({ ...parts, rules });
}
