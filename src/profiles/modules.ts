/** The extension modules that run, and what brings them their events. */
import type { Config } from '../config/schema.ts';
import type { UserComplaints } from '../delivery/feedback/by-user.ts';
import type { Originals } from '../downmail/originals.ts';
import { EventRun, type EventRunParts } from '../intake/sieve/event-run.ts';
import type { BayesFilters } from '../intake/spam/bayes-filters.ts';
import { Cursors } from '../mailstore/cursors.ts';
import { contactCollection } from '../modules/contact-collection.ts';
import { imapScripts } from '../modules/imap-scripts.ts';
import type { ModuleFacts } from '../modules/module.ts';
import { newMail } from '../modules/new-mail.ts';
import { originalFetching } from '../modules/original-fetching.ts';
import { pager } from '../modules/pager.ts';
import { Vapid } from '../modules/push/vapid.ts';
import { webPush } from '../modules/push/web-push.ts';
import { ModuleRunner } from '../modules/runner.ts';
import { searchIndexing } from '../modules/search-indexing.ts';
import { spamReports } from '../modules/spam-reports.ts';
import { spamTraining } from '../modules/spam-training.ts';
import { webhooks } from '../modules/webhooks.ts';
import { loadModules } from './load-modules.ts';
import type { Opened } from './single.ts';

export interface ModuleParts extends EventRunParts {
  readonly store: Opened;
  readonly filters: BayesFilters;
  readonly complaints: UserComplaints;
  readonly originals: Originals;
}

export interface Modules extends AsyncDisposable {
  readonly facts: () => readonly ModuleFacts[];
  /** For Web Push. */
  readonly pushKey: string;
}

export async function openModules(config: Config, parts: ModuleParts): Promise<Modules> {
  const { store, filters, complaints, originals, clock, log, metrics, hostname } = parts;
  const { resolver, random, cache, bus, mailstore } = store;
  const gateway = config.pager;
  const paging =
    gateway.url === ''
      ? []
      : [pager({ resolver, privateAddresses: true, clock, cache, gateway, perHour: gateway.per_hour })];
  const privateAddresses = config.modules.private_addresses;
  const vapid = await Vapid.open({ kv: store.kv, clock, random, contact: `mailto:postmaster@${hostname}` });
  const modules = [
    spamTraining(filters),
    spamReports((account, message) => complaints.about(account, message)),
    contactCollection(),
    newMail(),
    imapScripts(new EventRun(parts)),
    originalFetching({ originals, clock }),
    webhooks({ resolver, privateAddresses, clock }),
    webPush({ resolver, privateAddresses, clock, random, cache, vapid }),
    ...(config.modules.search_indexing ? [searchIndexing(mailstore)] : []),
    ...paging,
    ...(await loadModules(config.modules.load)),
  ];
  const cursors = new Cursors(store.kv, random);
  const dead = store.deadLetters;
  const runner = new ModuleRunner({ modules, store: mailstore, cursors, dead, bus, clock, random, log, metrics });
  return {
    facts: () => modules.map(({ name, does, events, scope }) => ({ name, does, events, scope })),
    pushKey: vapid.publicKey,
    [Symbol.asyncDispose]: () => runner[Symbol.asyncDispose](),
  };
}
