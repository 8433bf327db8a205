/** `pabal doctor`: what is wrong, and how to mend it. */
import { X509Certificate } from 'node:crypto';
import { readFile, statfs } from 'node:fs/promises';
import { connect as connectTcp, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Config } from '../../config/schema.ts';
import { type Endpoint, formatEndpoint, isLoopbackHost } from '../../config/values.ts';
import type { Control } from '../../control/operation.ts';
import { domainDkim, domainList } from '../../control/operations/domain.ts';
import { status } from '../../control/operations/store.ts';
import { tlsStatus } from '../../control/operations/tls.ts';
import { ENDING_DAYS } from '../../net/certificates.ts';
import { contextOf } from '../../net/tls.ts';
import { kindOf } from '../../profiles/data-folder.ts';
import { type Cli, type CommonOptions, configOf, connect, withJson } from '../cli.ts';
import { openResolver } from '../../profiles/single.ts';
import { checkRecords, checkReverse, recordsFor } from '../../directory/dns-records.ts';
import { publishedBy } from '../../profiles/published.ts';
import { formatBytes, printJson, printTable } from '../print.ts';

type State = 'ok' | 'warning' | 'wrong';
type Finding = readonly [what: string, state: State, about: string];

const LOW_DISK = 1 << 30;

export function doctor(program: Command, cli: Cli): void {
  withJson(
    program
      .command('doctor')
      .description('configuration, data, ports, disk, certificate, DNS: what is wrong and how to mend it'),
  ).action(async (options: CommonOptions) => {
    const { config, file } = await configOf(cli, options);
    const findings: Finding[] = [['configuration', 'ok', file ?? 'defaults (there is no pabal.toml)']];
    findings.push(await disk(config), await certificate(config), ...(await sources(config)));
    const control = await dataFolder(cli, options, config, findings);
    try {
      if (control === undefined || !control.remote) findings.push(...(await freePorts(config)));
      if (control !== undefined)
        findings.push(
          ...(await running(control)),
          ...(await certificatesInUse(control)),
          ...(await dns(control, config)),
        );
    } finally {
      await control?.[Symbol.asyncDispose]();
    }
    if (findings.some(([, state]) => state === 'wrong')) cli.exitCode = 1;
    if (options.json)
      return printJson(
        cli,
        findings.map(([what, state, about]) => ({ what, state, about })),
      );
    printTable(cli, ['what', 'state', ''], findings);
  });
}

async function disk(config: Config): Promise<Finding> {
  for (let path = resolve(config.data); ; path = resolve(path, '..')) {
    try {
      const { bavail, bsize } = await statfs(path);
      const free = bavail * bsize;
      const about = `${formatBytes(free)} free in ${path}`;
      return free < LOW_DISK
        ? ['disk', 'wrong', `${about}: make room, mail is refused when it is full`]
        : ['disk', 'ok', about];
    } catch (error) {
      if (path === '/') return ['disk', 'wrong', (error as Error).message];
    }
  }
}

/** What the service would read if it started now. */
async function certificate({ tls, acme }: Config): Promise<Finding> {
  if (tls.cert === '' && acme.directory !== '') return ['certificate', 'ok', `by ACME, from ${acme.directory}`];
  if (tls.cert === '')
    return [
      'certificate',
      'warning',
      'self-signed: mail programs will ask; set tls.cert and tls.key, or acme.directory',
    ];
  try {
    const pair = { cert: await readFile(tls.cert, 'utf8'), key: await readFile(tls.key, 'utf8') };
    contextOf(pair);
    return ['certificate', ...timeLeft(new X509Certificate(pair.cert).validToDate.getTime())];
  } catch (error) {
    return ['certificate', 'wrong', `tls.cert, tls.key: ${(error as Error).message}`];
  }
}

/** What it uses, which may be older. */
async function certificatesInUse(control: Control): Promise<Finding[]> {
  const status = await control.call(tlsStatus, {});
  const inUse = (status?.inUse ?? []).map(({ name, validTo, problem }): Finding => {
    const [state, left] = timeLeft(validTo);
    if (problem === undefined) return [`certificate ${name}`, state, left];
    const meanwhile = validTo === 0 ? 'there is none' : `the last good one is in use, ${left}`;
    return [`certificate ${name}`, 'wrong', `${problem}: ${meanwhile}`];
  });
  const missing = (status?.renewals ?? []).flatMap(({ name, problem }): Finding[] =>
    problem === undefined ? [] : [[`ACME ${name}`, 'wrong', problem]],
  );
  return [...inUse, ...missing];
}

function timeLeft(validTo: number): [State, string] {
  const days = Math.floor((validTo - Date.now()) / 86_400_000);
  if (days < 0) return ['wrong', `ended ${-days} days ago: renew it`];
  return [days < ENDING_DAYS ? 'warning' : 'ok', `valid for ${days} days`];
}

/** The addresses from which mail leaves: ours, and called in DNS as they say themselves (RFC 5321 §4.1.4). */
async function sources(config: Config): Promise<Finding[]> {
  const { outbound, hostname } = config;
  await using resolver = openResolver(config);
  const here = new Set(Object.values(networkInterfaces()).flatMap((all = []) => all.map(({ address }) => address)));
  return await Promise.all(
    outbound.sources.map(async ({ address, name = hostname }): Promise<Finding> => {
      const what = `source ${address}`;
      if (!here.has(address) && !isLoopbackHost(address))
        return [
          what,
          'wrong',
          'this machine does not have it: give it the address, or take it out of outbound.sources',
        ];
      const answer = isLoopbackHost(address) ? 'ok' : await checkReverse(address, name, resolver);
      return answer === 'ok'
        ? [what, 'ok', name]
        : [what, 'wrong', `${answer}: publish a PTR record that says ${name}, and an address record back`];
    }),
  );
}

async function dataFolder(
  cli: Cli,
  options: CommonOptions,
  config: Config,
  findings: Finding[],
): Promise<Control | undefined> {
  try {
    if ((await kindOf(config.data)) === undefined) {
      findings.push(['data', 'ok', `${resolve(config.data)} is made by the first start`]);
      return undefined;
    }
    const control = await connect(cli, options);
    findings.push([
      'data',
      'ok',
      `${resolve(config.data)}, ${control.remote ? 'in use by the service' : 'no service runs'}`,
    ]);
    return control;
  } catch (error) {
    findings.push(['data', 'wrong', (error as Error).message]);
    return undefined;
  }
}

async function running(control: Control): Promise<Finding[]> {
  const { listening, problems, queues } = await control.call(status, {});
  const findings = problems.map((problem): Finding => ['service', 'wrong', problem]);
  for (const [protocol, addresses] of Object.entries(listening)) {
    for (const address of addresses) {
      const answers = await canConnect(address);
      findings.push([protocol, answers ? 'ok' : 'wrong', answers ? address : `${address} does not answer`]);
    }
  }
  const { error } = queues;
  if (error.waiting > 0)
    findings.push(['error queue', 'warning', `${error.waiting} mails failed: 'pabal queue list error' says why`]);
  return findings;
}

function canConnect(address: string): Promise<boolean> {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return new Promise((done) => {
    const socket = connectTcp({ host: reachable, port: Number(address.slice(colon + 1)), timeout: 3000 });
    const end = (answer: boolean) => () => {
      socket.destroy();
      done(answer);
    };
    socket.once('connect', end(true)).once('error', end(false)).once('timeout', end(false));
  });
}

async function freePorts({ listen }: Config): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [name, value] of Object.entries(listen)) {
    for (const endpoint of value as readonly (Endpoint | string)[]) {
      if (typeof endpoint === 'string' || endpoint.port === 0) continue;
      const reason = await cannotListen(endpoint);
      const where = formatEndpoint(endpoint);
      findings.push(
        reason === undefined
          ? [name, 'ok', `${where} is free`]
          : [name, 'wrong', `${where}: ${reason}; set listen.${name} to another address`],
      );
    }
  }
  return findings;
}

function cannotListen({ host, port }: Endpoint): Promise<string | undefined> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) =>
      done(error.code === 'EADDRINUSE' ? 'taken by another program' : error.message),
    );
    server.listen({ host, port }, () => server.close(() => done(undefined)));
  });
}

async function dns(control: Control, config: Config): Promise<Finding[]> {
  const domains = await control.call(domainList, {});
  await using resolver = openResolver(config);
  const findings: Finding[] = [];
  for (const { name } of domains) {
    // Names of no registry (RFC 6761) have no records.
    if (/(^|\.)(localhost|test|example|invalid)$/.test(name)) continue;
    const records = recordsFor(name, publishedBy(config), await control.call(domainDkim, { name, change: 'none' }));
    const answers = await checkRecords(records, resolver);
    records.forEach((record, i) => {
      const answer = answers[i] ?? 'missing';
      const needed = record.type === 'MX';
      const state: State = answer === 'ok' ? 'ok' : needed ? 'wrong' : 'warning';
      const hint = answer === 'ok' ? record.value : `${answer}; publish ${record.value}`;
      findings.push([`${record.type} ${record.name}`, state, hint]);
    });
  }
  return findings;
}
