/** Extension modules, and what they could not deal with. */
import { z } from 'zod';
import { MailError } from '../../mail/error.ts';
import type { DeadLetter } from '../../modules/dead-letters.ts';
import type { ModuleFacts } from '../../modules/module.ts';
import { operation } from '../operation.ts';

/** Empty when the service does not run. */
export const moduleList = operation<Record<string, never>, readonly ModuleFacts[]>(
  'module.list',
  z.strictObject({}),
  (service) => Promise.resolve(service.modules()),
);

export const moduleDead = operation<Record<string, never>, { letters: number }, DeadLetter>(
  'module.dead',
  z.strictObject({}),
  async (service, _args, io) => {
    let letters = 0;
    for await (const letter of service.deadLetters.list()) {
      io.item(letter);
      await io.taken();
      letters++;
    }
    return { letters };
  },
);

const id = z.strictObject({ id: z.string().min(1).max(200) });

/** The running service takes it up within a minute. */
export const moduleRedeliver = operation('module.redeliver', id, async (service, args) => {
  if (!(await service.deadLetters.redeliver(args.id))) throw missing(args.id);
  return {};
});

export const moduleDrop = operation('module.drop', id, async (service, args) => {
  if (!(await service.deadLetters.drop(args.id))) throw missing(args.id);
  return {};
});

function missing(letter: string): MailError {
  return new MailError('message-missing', 'user', `there is no dead letter ${letter}`);
}
