/** The pages of administrators. Who is none gets nothing from the service. */
import type { ReactNode } from 'react';
import { Pages } from '../ui/pages.tsx';
import { useWords } from '../words/words.ts';
import { Accounts } from './accounts.tsx';
import { Audit } from './audit.tsx';
import { Deliverability } from './deliverability.tsx';
import { Domains } from './domains.tsx';
import { Flow } from './flow.tsx';
import { Overview } from './overview.tsx';
import { QuarantinePage } from './quarantine.tsx';
import { Queues } from './queues.tsx';
import { Reports } from './reports.tsx';
import { type ServiceWords, useServiceWords } from './words.ts';
import '../css/service.css';

type Page = keyof ServiceWords['pages'];

const PAGES: Readonly<Record<Page, () => ReactNode>> = {
  overview: Overview,
  flow: Flow,
  queues: Queues,
  quarantine: QuarantinePage,
  accounts: Accounts,
  domains: Domains,
  deliverability: Deliverability,
  reports: Reports,
  audit: Audit,
};

export function ServiceView({ page }: { readonly page: string }) {
  const { pages } = useServiceWords();
  const { service } = useWords();
  return <Pages<Page> view="service" title={service} names={pages} pages={PAGES} asked={page} />;
}
