/** Labels: keywords of messages (RFC 9051 §2.3.2) with a name and a colour for people. Mail programs see and set the keywords. */
import { z } from 'zod';
import type { MailAccount, MsgId } from '../../../mailstore/api.ts';
import type { Random } from '../../../ports/random.ts';
import { ownAccount } from '../auth.ts';
import type { App, Services } from '../context.ts';
import { Problem } from '../reply.ts';
import * as schemas from '../schemas.ts';

const TAGS = ['messages'];
/** One record with the whole list. */
const KIND = 'labels';
const LIST = 'all';
const MOST = 100;
const AT_ONCE = 1_000;

const name = schemas
  .line(60)
  .transform((value) => value.trim().normalize('NFC'))
  .refine((value) => value !== '', 'a label has a name');
const label = z.strictObject({
  id: z.string().describe('The keyword that messages with this label have'),
  name: z.string(),
  colour: schemas.colour,
});
type Label = z.output<typeof label>;
const wanted = z.strictObject({
  id: schemas.keyword.optional().describe('Absent: of a new one the service makes the keyword'),
  name,
  colour: schemas.colour,
});
const list = z.strictObject({ items: z.array(label) });

export function labelRoutes(app: App, services: Services): void {
  app.get(
    '/v1/labels',
    { schema: { tags: TAGS, summary: 'Your labels', response: { 200: list, ...schemas.problems(401) } } },
    async (request, reply) => ({ items: [...(await labelsOf(await ownAccount(request, reply, services)))] }),
  );

  app.put(
    '/v1/labels',
    {
      schema: {
        tags: TAGS,
        summary: 'Your labels, as they shall be',
        description: 'In this order. One that is not named any more is taken off all messages.',
        body: z.strictObject({ items: z.array(wanted).max(MOST) }),
        response: { 200: list, ...schemas.problems(400, 401, 409) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const names = request.body.items.map((one) => one.name.toLowerCase());
      if (new Set(names).size < names.length) throw new Problem('conflict', 'Two labels have the same name.');
      let items: readonly Label[] = [];
      let gone: readonly string[] = [];
      await account.changeRecords([{ kind: KIND, id: LIST }], (before) => {
        const known = ((before({ kind: KIND, id: LIST }) ?? []) as readonly Label[]).map(({ id }) => id);
        items = withKeywords(request.body.items, known, services.random);
        gone = known.filter((id) => !items.some((one) => one.id === id));
        return [{ kind: KIND, id: LIST, value: items }];
      });
      for (const keyword of gone) await takeOff(account, keyword);
      return { items: [...items] };
    },
  );
}

async function labelsOf(account: MailAccount): Promise<readonly Label[]> {
  return (await account.record<readonly Label[]>(KIND, LIST)) ?? [];
}

/** A short name in ASCII is its own keyword: other programs show that. */
function withKeywords(
  items: readonly z.output<typeof wanted>[],
  known: readonly string[],
  random: Random,
): readonly Label[] {
  const taken = new Set([...known, ...items.flatMap(({ id }) => id ?? [])].map((id) => id.toLowerCase()));
  return items.map(({ id, name, colour }) => {
    if (id !== undefined) return { id, name, colour };
    const own = /^[A-Za-z][A-Za-z0-9_-]{0,30}$/.test(name) && !taken.has(name.toLowerCase());
    const made = own ? name : `label-${Buffer.from(random.bytes(6)).toString('hex')}`;
    taken.add(made.toLowerCase());
    return { id: made, name, colour };
  });
}

async function takeOff(account: MailAccount, keyword: string): Promise<void> {
  const lower = keyword.toLowerCase();
  const has = (id: MsgId) => account.meta(id)?.keywords.some((one) => one.toLowerCase() === lower);
  const ids = account
    .folders()
    .flatMap(({ id: folder }) =>
      account.keywords(folder).some((one) => one.toLowerCase() === lower)
        ? account.getMessageIds({ folder }).filter(has)
        : [],
    );
  for (let at = 0; at < ids.length; at += AT_ONCE)
    await account.updateMessage(ids.slice(at, at + AT_ONCE), { mode: 'remove', flags: 0, keywords: [keyword] });
}
