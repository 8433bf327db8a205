/** What people set up for their own mail: whom they reject, whom they treat in a way of their own, what is said while they are away. */
import { z } from 'zod';
import { type Absence, absenceOf, isTimeZone, putAbsence, putTimeZone, timeZoneOf } from '../../../intake/absence.ts';
import { dropNewMailFolder, newMailFolder, useNewMailFolder } from '../../../intake/new-mail.ts';
import { droppedMail, ownRejects, putOwnRejects } from '../../../intake/own-rejects.ts';
import { people, PEOPLE_LIMITS, type Person, personAt, putPerson, removePerson } from '../../../intake/people.ts';
import { REJECT_ACTIONS, REJECT_LIMITS } from '../../../mail/reject-list.ts';
import type { MailAccount } from '../../../mailstore/api.ts';
import { ownAccount } from '../auth.ts';
import type { App, Services } from '../context.ts';
import { Problem } from '../reply.ts';
import * as schemas from '../schemas.ts';
import { absence } from '../schemas-absence.ts';
import { folderOf } from './folders.ts';

const TAGS = ['rules'];
const instant = z.iso.datetime();
const address = z.email({ pattern: z.regexes.unicodeEmail }).max(320);

const rejectEntry = z.strictObject({
  sender: z
    .string()
    .min(1)
    .max(REJECT_LIMITS.characters)
    .describe(
      'An address; a domain, with all below it; or an address or domain with * (any text) and ? (any character)',
    ),
  action: z
    .enum(REJECT_ACTIONS)
    .default('refuse')
    .describe(
      'refuse: the sender is told where that is possible, else it goes to Junk; junk; discard: dropped without a word',
    ),
});
const entries = z.array(rejectEntry).max(REJECT_LIMITS.entries);
const rejects = z.strictObject({
  items: entries,
  dropped: z
    .strictObject({
      total: z.int(),
      last: z.array(z.strictObject({ at: instant, sender: z.string(), entry: z.string() })),
    })
    .describe('What was discarded: how many, and the last 50'),
});

export function rejectRoutes(app: App, services: Services): void {
  app.get(
    '/v1/reject-list',
    {
      schema: {
        tags: TAGS,
        summary: 'Senders whose mail is not wanted',
        response: { 200: rejects, ...schemas.problems(401) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { total, last } = await droppedMail(account);
      const shown = last.map(({ at, sender, entry }) => ({ at: new Date(at).toISOString(), sender, entry }));
      return { items: [...(await ownRejects(account))], dropped: { total, last: shown } };
    },
  );

  app.put(
    '/v1/reject-list',
    {
      schema: {
        tags: TAGS,
        summary: 'Other senders instead',
        body: z.strictObject({ items: entries }),
        response: { 200: z.strictObject({ items: entries }), ...schemas.problems(400, 401, 409) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      return { items: [...(await putOwnRejects(account, request.body.items))] };
    },
  );
}

const personFields = {
  importance: z.enum(['high', 'low']).optional(),
  folder: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .describe('Where their mail goes when no rule says otherwise (id or role)'),
  notify: z.array(address).max(PEOPLE_LIMITS.notify).optional().describe('Who is sent a notice of their mail'),
  signature: z.string().max(PEOPLE_LIMITS.signature).optional().describe('For programs that write to them'),
  accept: z
    .boolean()
    .optional()
    .describe('Their mail is always taken, if it is theirs: your reject list and the spam check do not apply'),
  images: z
    .boolean()
    .optional()
    .describe('Images of other servers in their mail are shown, if it is theirs (`remoteImagesAllowed` of a message)'),
};
const person = z.strictObject(personFields);
const personView = z.strictObject({ address: z.string(), ...personFields });
const addressParam = z.strictObject({ address: z.string().min(1).max(400) });

export function peopleRoutes(app: App, services: Services): void {
  app.get(
    '/v1/people',
    {
      schema: {
        tags: TAGS,
        summary: 'People whose mail is handled in a way of its own',
        response: { 200: z.strictObject({ items: z.array(personView) }), ...schemas.problems(401) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      return { items: (await people(account)).map(viewOf) };
    },
  );

  app.get(
    '/v1/people/:address',
    {
      schema: {
        tags: TAGS,
        summary: 'How the mail of one is handled',
        params: addressParam,
        response: { 200: personView, ...schemas.problems(401, 404) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const found = await personAt(account, request.params.address);
      if (found === undefined) throw new Problem('not-found');
      return viewOf(found);
    },
  );

  app.put(
    '/v1/people/:address',
    {
      schema: {
        tags: TAGS,
        summary: 'Handle the mail of one so',
        params: addressParam,
        body: person,
        response: { 200: personView, ...schemas.problems(400, 401, 404, 409) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { folder, ...rest } = request.body;
      const kept = {
        ...rest,
        address: request.params.address,
        ...(folder !== undefined && { folder: folderOf(account, folder).id }),
      } as Person;
      await putPerson(account, kept);
      return viewOf(kept);
    },
  );

  app.delete(
    '/v1/people/:address',
    {
      schema: {
        tags: TAGS,
        summary: 'Handle the mail of one like any other',
        params: addressParam,
        response: { 204: z.undefined().describe('Gone'), ...schemas.problems(401, 404) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      if (!(await removePerson(account, request.params.address))) throw new Problem('not-found');
      return await reply.code(204).send();
    },
  );
}

function viewOf({ folder, ...rest }: Person): z.output<typeof personView> {
  return { ...rest, ...(folder !== undefined && { folder: String(folder) }) } as z.output<typeof personView>;
}

const zone = z.strictObject({
  timeZone: z.string().max(100).refine(isTimeZone, 'no such time zone').describe('IANA name, such as Asia/Seoul'),
});

export function absenceRoutes(app: App, services: Services): void {
  app.get(
    '/v1/settings/absence',
    {
      schema: {
        tags: TAGS,
        summary: 'What is said while you are away',
        response: { 200: absence, ...schemas.problems(401) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const kept = await absenceOf(account);
      if (kept === undefined) return absence.parse({ enabled: false });
      const { changed: _changed, ...shown } = kept;
      return shown;
    },
  );

  app.put(
    '/v1/settings/absence',
    {
      schema: {
        tags: TAGS,
        summary: 'Say something while you are away',
        description:
          'Once to each sender in so many days; never to lists, machines, forged senders and oneself (RFC 3834). After a change everybody ' +
          'is answered anew. A Sieve script that answers goes first.',
        body: absence,
        response: { 200: absence, ...schemas.problems(400, 401) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const kept = { ...request.body, changed: services.clock.now() } as Absence;
      await putAbsence(account, kept);
      return request.body;
    },
  );

  app.get(
    '/v1/settings/time-zone',
    {
      schema: {
        tags: TAGS,
        summary: 'The time zone of the account',
        response: { 200: zone, ...schemas.problems(401) },
      },
    },
    async (request, reply) => ({ timeZone: await timeZoneOf(await ownAccount(request, reply, services)) }),
  );

  app.put(
    '/v1/settings/time-zone',
    {
      schema: {
        tags: TAGS,
        summary: 'Change the time zone of the account',
        body: zone,
        response: { 200: zone, ...schemas.problems(400, 401) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      await putTimeZone(account, request.body.timeZone);
      return request.body;
    },
  );
}

export function newMailRoutes(app: App, services: Services): void {
  const setting = z.strictObject({
    folder: z.string().nullable().describe('Id of the folder; null: new mail goes to INBOX'),
  });
  const wanted = z.strictObject({
    enabled: z.boolean(),
    folder: z
      .string()
      .min(1)
      .max(1_000)
      .optional()
      .describe('Path; it is made when it is not there. Default: New, or 새 메일'),
  });
  const view = async (account: MailAccount) => {
    const folder = await newMailFolder(account);
    return { folder: folder === undefined ? null : String(folder.id) };
  };

  app.get(
    '/v1/settings/new-mail',
    {
      schema: {
        tags: TAGS,
        summary: 'The folder for new mail',
        response: { 200: setting, ...schemas.problems(401) },
      },
    },
    async (request, reply) => view(await ownAccount(request, reply, services)),
  );

  app.put(
    '/v1/settings/new-mail',
    {
      schema: {
        tags: TAGS,
        summary: 'Have a folder for new mail, or none',
        description:
          'Mail for which you have no rule arrives there, and moves to INBOX when it is read. Mail programs that look into INBOX only, and ' +
          'POP3, find it there then. Without it what is in the folder goes to INBOX.',
        body: wanted,
        response: { 200: setting, ...schemas.problems(400, 401, 409) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { enabled, folder } = request.body;
      if (enabled) await useNewMailFolder(account, folder);
      else await dropNewMailFolder(account);
      return view(account);
    },
  );
}
