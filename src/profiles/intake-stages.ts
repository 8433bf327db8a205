/** Which stages the intake has, from the configuration. Their order is `STAGE_ORDER`. */
import type { Config } from '../config/schema.ts';
import type { Directory } from '../directory/api.ts';
import type { RejectLists } from '../directory/reject-lists.ts';
import { Authenticator, type CheckedOrigin } from '../intake/authentication/check.ts';
import { FeedbackStage, type FeedbackStageParts } from '../delivery/feedback/stage.ts';
import { passBack } from '../delivery/feedback/pass-back.ts';
import type { ReportHistory } from '../delivery/reports/history.ts';
import { domainReports } from '../delivery/reports/stage.ts';
import { OriginalsStage } from '../downmail/originals-stage.ts';
import type { Gateway } from '../downmail/gateway.ts';
import type { DownmailPolicy } from '../downmail/policy.ts';
import { Pipeline } from '../intake/pipeline.ts';
import type { ReturnPaths } from '../intake/return-paths.ts';
import { type SieveParts, SieveStage } from '../intake/sieve/stage.ts';
import { authentication } from '../intake/stages/authentication.ts';
import { file } from '../intake/stages/file.ts';
import { loop } from '../intake/stages/loop.ts';
import { BadHosts } from '../intake/protection/bad-hosts.ts';
import { ProtectionStage } from '../intake/stages/protection.ts';
import { NotifyStage } from '../intake/stages/notify.ts';
import type { SendingParts } from '../intake/stages/parts.ts';
import { SpamStage, dnsList } from '../intake/stages/spam.ts';
import { RejectListStage } from '../intake/stages/reject-list.ts';
import { SenderAddressStage } from '../intake/stages/sender-address.ts';
import { VacationStage } from '../intake/stages/vacation.ts';
import { VirusStage } from '../intake/stages/virus.ts';
import type { Engines } from '../intake/scan/engines.ts';
import type { BayesFilters } from '../intake/spam/bayes-filters.ts';
import { Greylist } from '../intake/spam/greylist.ts';
import type { ReverseNames } from '../net/reverse-name.ts';
import type { Cache } from '../ports/cache.ts';
import type { Resolver } from '../ports/resolver.ts';

export interface IntakeStageParts extends SendingParts, SieveParts, FeedbackStageParts {
  readonly reports: ReportHistory;
  /** Hears of each DMARC evaluation. */
  readonly evaluated: ((checked: CheckedOrigin) => void) | undefined;
  readonly config: Config;
  readonly rejectLists: RejectLists;
  readonly resolver: Resolver;
  readonly reverseNames: ReverseNames;
  readonly returnPaths: ReturnPaths;
  readonly directory: Pick<Directory, 'account' | 'isLocal' | 'maySendAs' | 'route'>;
  readonly cache: Cache;
  readonly engines: Engines;
  readonly filters: BayesFilters;
  readonly policy: DownmailPolicy;
  readonly gateway: Gateway;
}

/** A conventional server asks nobody. */
function takesOriginals({ mode }: DownmailPolicy): boolean {
  return mode === 'conventional' || mode === 'hybrid-send';
}

export function openPipeline(parts: IntakeStageParts): Pipeline {
  const { config, log, metrics, cache, clock } = parts;
  const failures = metrics.counter('intake_stages_passed_over_total', 'Mails that a failing stage let pass.', [
    'stage',
  ]);
  const { check, dmarc, trusted_sealers: sealers, wrong_senders: action, loopback } = config.authentication;
  const { gateway } = parts.policy;
  const rules = {
    mode: dmarc,
    // Who hands originals over to this gateway has looked who sent them.
    trustedSealers: new Set([...sealers.map((domain) => domain.toLowerCase()), ...gateway.domains]),
    gateway: gateway.to.toLowerCase(),
  };
  const authenticator = check && new Authenticator({ ...parts, rules, loopback });
  const { viruses, spam } = config;
  const spamRules = {
    addressLists: spam.address_lists.map(dnsList),
    domainLists: spam.domain_lists.map(dnsList),
    languages: spam.languages,
  };
  return new Pipeline(
    [
      loop(),
      ...(authenticator ? [authentication(authenticator), domainReports(parts)] : []),
      new FeedbackStage(parts),
      passBack(parts),
      ...(viruses.check ? [new VirusStage({ ...parts, rules: { ...viruses, onFailure: viruses.on_failure } })] : []),
      ...(spam.check
        ? [
            new SpamStage({
              ...parts,
              rules: spamRules,
              limit: spam.limit,
              onFailure: spam.on_failure,
              loopback: spam.loopback,
              ...(spam.greylisting && { greylist: new Greylist(cache, clock) }),
            }),
          ]
        : []),
      ...(config.protection.check
        ? [
            new ProtectionStage({
              ...parts,
              bad: new BadHosts(config.protection.bad_hosts, log),
              loopback: config.protection.loopback,
            }),
          ]
        : []),
      new RejectListStage(parts),
      ...(action === 'accept' ? [] : [new SenderAddressStage({ ...parts, action, loopback })]),
      ...(takesOriginals(parts.policy) ? [] : [new OriginalsStage({ ...parts, policy: parts.policy })]),
      new SieveStage(parts),
      new VacationStage(parts),
      file(parts),
      new NotifyStage(parts),
    ],
    {
      passedOver(stage, error) {
        failures.inc({ stage });
        log.warn({ err: error, stage }, 'a stage failed, and the mail went on');
      },
    },
  );
}
