/** What is known of who sent a mail, checked when it came in. Kept in the queue with it, so it is plain JSON. */
import { formatAuthenticationResults, type MethodResult } from '../../mail/authentication-results.ts';
import { bimiEntry, type BimiResult, locationField } from './bimi.ts';

/** RFC 8601 §2.7: not each method knows all of them. */
export type AuthResult = 'none' | 'pass' | 'fail' | 'softfail' | 'neutral' | 'policy' | 'temperror' | 'permerror'; // prettier-ignore

export interface DkimResult {
  readonly result: AuthResult;
  /** Who signed, and with which key; '' when it cannot be read. */
  readonly domain: string;
  readonly selector: string;
  readonly algorithm: string;
  /** The first characters of the signature, which tell several apart (RFC 6008). */
  readonly signature: string;
  readonly reason?: string;
  /** Bytes at the end of the body that it does not cover. */
  readonly uncovered?: number;
}

export interface Authentication {
  /** Does the client's address have a name that leads back to it? */
  readonly iprev: { readonly result: AuthResult; readonly address: string; readonly name: string };
  readonly spf: {
    readonly result: AuthResult;
    readonly identity: 'mailfrom' | 'helo';
    readonly domain: string;
    readonly reason?: string;
  };
  /** At least one: `none` when there is no signature. */
  readonly dkim: readonly DkimResult[];
  /** `sealer` is the last one of the chain, `claims` what it says of DMARC. */
  readonly arc: {
    readonly result: AuthResult;
    readonly instance: number;
    readonly sealer: string;
    readonly claims: string;
    readonly reason?: string;
  };
  readonly dmarc: {
    readonly result: AuthResult;
    /** Of the author's address. */
    readonly domain: string;
    /** Where the record is that counts. */
    readonly policyDomain: string;
    /** What the record asks for; 'none' without one. */
    readonly policy: DmarcPolicy;
    /** What is done about it. */
    readonly disposition: DmarcPolicy;
    /** Why it is not what the policy asks for. */
    readonly override?: 'trusted-forwarder' | 'mailing-list' | 'local-policy';
    readonly spfAligned: boolean;
    readonly dkimAligned: boolean;
    readonly reason?: string;
  };
  /** Absent: nobody asked. */
  readonly bimi?: BimiResult;
}

export type DmarcPolicy = 'none' | 'quarantine' | 'reject';

type Properties = MethodResult['properties'];

function property(name: string, value: string): Properties {
  return value === '' ? [] : [[name, value]];
}

/** The fields that say it, to be put on top. */
export function resultsField(authservId: string, { iprev, spf, dkim, arc, dmarc, bimi }: Authentication): string {
  const because = (reason: string | undefined) => (reason === undefined ? {} : { comment: reason });
  const results: MethodResult[] = [
    {
      method: 'iprev',
      result: iprev.result,
      ...(iprev.name !== '' && { comment: iprev.name }),
      properties: property('policy.iprev', iprev.address),
    },
    {
      method: 'spf',
      result: spf.result,
      ...because(spf.reason),
      properties: property(`smtp.${spf.identity}`, spf.domain),
    },
    ...dkim.map(({ result, domain, selector, algorithm, signature, reason }) => ({
      method: 'dkim',
      result,
      ...because(reason),
      properties: [
        ...property('header.d', domain),
        ...property('header.s', selector),
        ...property('header.a', algorithm),
        ...property('header.b', signature),
      ],
    })),
    {
      method: 'arc',
      result: arc.result,
      ...because(
        arc.instance > 0 ? `i=${arc.instance}${arc.reason === undefined ? '' : `, ${arc.reason}`}` : arc.reason,
      ),
      properties: property('header.d', arc.sealer),
    },
    {
      method: 'dmarc',
      result: dmarc.result,
      ...because(
        dmarc.reason ?? (dmarc.policyDomain === '' ? undefined : `p=${dmarc.policy} disposition=${dmarc.disposition}`),
      ),
      properties: [
        ...property('header.from', dmarc.domain),
        ...(dmarc.policyDomain === '' ? [] : property('policy.dmarc', dmarc.policy)),
      ],
    },
    ...(bimi === undefined ? [] : [bimiEntry(bimi)]),
  ];
  return `${formatAuthenticationResults({ authservId, results })}${locationField(bimi)}`;
}
