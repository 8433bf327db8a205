/** Every SMTP and LMTP command. What EHLO announces follows from this list. */
import type { SmtpCommand, SmtpRole } from './command.ts';
import { auth } from './commands/auth.ts';
import { bdat } from './commands/bdat.ts';
import { data } from './commands/data.ts';
import { ehlo, lhlo } from './commands/ehlo.ts';
import { helo } from './commands/helo.ts';
import { help } from './commands/help.ts';
import { mail } from './commands/mail.ts';
import { noop } from './commands/noop.ts';
import { quit } from './commands/quit.ts';
import { rcpt } from './commands/rcpt.ts';
import { rset } from './commands/rset.ts';
import { starttls } from './commands/starttls.ts';
import { vrfy } from './commands/vrfy.ts';

const COMMANDS: readonly SmtpCommand[] = [
  helo,
  ehlo,
  lhlo,
  starttls,
  auth,
  mail,
  rcpt,
  data,
  bdat,
  rset,
  noop,
  vrfy,
  help,
  quit,
]; // prettier-ignore

export function commandsFor(role: SmtpRole): ReadonlyMap<string, SmtpCommand> {
  return new Map(
    COMMANDS.filter(({ roles }) => roles === undefined || roles.includes(role)).map((command) => [
      command.name,
      command,
    ]),
  );
}
