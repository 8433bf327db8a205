/** All operations, as the control socket knows them. */
import * as account from './operations/account.ts';
import * as audit from './operations/audit.ts';
import * as credentials from './operations/credentials.ts';
import * as domain from './operations/domain.ts';
import * as downmail from './operations/downmail.ts';
import * as intake from './operations/intake.ts';
import * as legalHold from './operations/legal-hold.ts';
import * as message from './operations/message.ts';
import * as module from './operations/module.ts';
import * as offices from './operations/offices.ts';
import * as person from './operations/person.ts';
import * as oauth from './operations/oauth.ts';
import * as quarantine from './operations/quarantine.ts';
import * as queue from './operations/queue.ts';
import * as reject from './operations/reject.ts';
import * as reports from './operations/reports.ts';
import * as search from './operations/search.ts';
import * as senders from './operations/senders.ts';
import * as store from './operations/store.ts';
import * as suppression from './operations/suppression.ts';
import * as tls from './operations/tls.ts';
import type { AnyOperation } from './server.ts';

export const OPERATIONS: readonly AnyOperation[] = [
  account,
  audit,
  credentials,
  domain,
  downmail,
  intake,
  legalHold,
  message,
  module,
  offices,
  person,
  oauth,
  quarantine,
  queue,
  reject,
  reports,
  search,
  senders,
  store,
  suppression,
  tls,
]
  .flatMap((file): unknown[] => Object.values(file))
  .filter((value): value is AnyOperation => typeof value === 'object' && value !== null && 'run' in value);
