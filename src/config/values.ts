/** The kinds of values that keys of the configuration have. Each accepts what TOML would naturally say. */
import { isIP } from 'node:net';
import { z } from 'zod';

/** Where to listen. Port 0 picks a free one. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** What the reference and the messages say about a key, beside its default. */
export interface KeyMeta {
  /** "expected ..." in messages. */
  readonly expects: string;
  /** `--set` and the environment take the text as it is; other kinds are read as TOML first. */
  readonly text?: boolean;
  /** Never printed. */
  readonly secret?: boolean;
}

export const keyMeta = z.registry<KeyMeta>();

const SIZE = /^(\d{1,15})(?: ?([KMGT])i?B|B)?$/i;
const UNITS = new Map([
  ['', 1],
  ['K', 1024],
  ['M', 1024 ** 2],
  ['G', 1024 ** 3],
  ['T', 1024 ** 4],
]);

/** `50MB`, `512 KiB`, `1000`; steps of 1,024. Undefined when it is none. */
export function parseSize(text: string): number | undefined {
  const match = SIZE.exec(text.trim());
  if (match === null) return undefined;
  const bytes = Number(match[1]) * (UNITS.get((match[2] ?? '').toUpperCase()) ?? 1);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** `host:port`, `[::1]:port`. Undefined when it is none. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]{2,45})\]|([A-Za-z0-9._-]{1,255})):(\d{1,5})$/.exec(text.trim());
  const port = Number(match?.[3]);
  const host = match?.[1] ?? match?.[2];
  return host === undefined || port > 65_535 ? undefined : { host, port };
}

export function formatEndpoint({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A mail server that the operator names. */
export interface NextHop extends Endpoint {
  /** TLS from the first byte. */
  readonly implicitTls: boolean;
}

const NEXT_HOP_PORTS = new Map([
  ['smtp', 25],
  ['smtps', 465],
]);

/** `smtp://host`, `smtps://host:port`, `host:port`, `[::1]:port`. Undefined when it is none. */
export function parseNextHop(text: string): NextHop | undefined {
  const [, scheme = 'smtp', rest = ''] = /^(?:(smtps?):\/\/)?([^/]+)\/?$/.exec(text.trim()) ?? [];
  const withPort = /:\d{1,5}$/.test(rest.replace(/^\[[^\]]*\]/, ''));
  // Without a scheme the port is what tells a server from a slip of the pen.
  if (!withPort && !text.includes('://')) return undefined;
  const endpoint = parseEndpoint(withPort ? rest : `${rest}:${NEXT_HOP_PORTS.get(scheme) ?? 0}`);
  return endpoint === undefined || endpoint.port === 0 ? undefined : { ...endpoint, implicitTls: scheme === 'smtps' };
}

/** An IP address, or a network such as `10.0.0.0/8` or `fd00::/8`. */
export function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || address.includes('%') || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128));
}

/** An IP address, or one with a port: `192.0.2.53:5353`, `[2001:db8::1]:53`. */
export function isServerAddress(text: string): boolean {
  const endpoint = parseEndpoint(text);
  return isIP(text) !== 0 || (endpoint !== undefined && isIP(endpoint.host) !== 0 && endpoint.port > 0);
}

/** A zone, and perhaps points: `bl.example`, `bl.example=2.5`. */
export function isDnsList(text: string): boolean {
  return /^[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,6}(?:=\d{1,2}(?:\.\d)?)?$/.test(text);
}

/** How mail of a domain's people goes (Downmail). */
export function isDomainMode(text: string): boolean {
  return /^[A-Za-z0-9.-]{1,255}=(?:system|conventional|downmail|strangers)$/.test(text);
}

/** Reached only from this machine. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** Fits into a tag of a DNS record: neither blanks, quotes nor the semicolon that ends one. */
const HTTPS_LINK = /^https:\/\/[\x21\x23-\x3a\x3c-\x7e]{1,200}$/i;

function transformed<T>(parse: (text: string) => T | undefined) {
  return (text: string, context: z.RefinementCtx): T => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.addIssue({ code: 'custom', message: 'unreadable' });
    return z.NEVER;
  };
}

export function text(preset: string, about: string, meta: Partial<KeyMeta> = {}) {
  return z
    .string()
    .register(keyMeta, { expects: 'a text', text: true, ...meta })
    .prefault(preset)
    .describe(about);
}

/** Where something is on the web; empty when nowhere. */
export function httpsLink(about: string) {
  const schema = z.string().refine((link) => link === '' || HTTPS_LINK.test(link));
  return schema.register(keyMeta, { expects: '"https://..." without blanks', text: true }).prefault('').describe(about);
}

export function choice<const T extends readonly [string, ...string[]]>(options: T, preset: T[number], about: string) {
  const expects = `one of ${options.map((option) => JSON.stringify(option)).join(', ')}`;
  const schema = z.enum(options).register(keyMeta, { expects, text: true });
  return schema.prefault(preset as never).describe(about);
}

export function flag(preset: boolean, about: string) {
  return z.boolean().register(keyMeta, { expects: 'true or false' }).prefault(preset).describe(about);
}

export function count(preset: number, range: { min: number; max: number }, about: string) {
  const expects = `a whole number from ${range.min} to ${range.max}`;
  const schema = z.int().min(range.min).max(range.max).register(keyMeta, { expects });
  return schema.prefault(preset).describe(about);
}

/** Undefined when it is off, as it is at first. */
export function countOrOff(range: { min: number; max: number }, about: string) {
  const expects = `a whole number from ${range.min} to ${range.max}, or "off"`;
  const schema = z.union([z.literal('off').transform(() => undefined), z.int().min(range.min).max(range.max)]);
  return schema.register(keyMeta, { expects }).prefault('off').describe(about);
}

/** Bytes. */
export function size(preset: string, about: string) {
  const schema = z.union([z.int().nonnegative(), z.string().transform(transformed(parseSize))]);
  return schema.register(keyMeta, { expects: 'a size such as "50MB"', text: true }).prefault(preset).describe(about);
}

/** A list of endpoints, empty when off. */
export function listener(preset: string, about: string) {
  const endpoint = z.string().transform(transformed(parseEndpoint));
  const schema = z.union([
    z.literal('off').transform((): Endpoint[] => []),
    endpoint.transform((one) => [one]),
    z.array(endpoint).min(1).max(16),
  ]);
  const expects = '"host:port", a list of them, or "off"';
  return schema.register(keyMeta, { expects, text: true }).prefault(preset).describe(about);
}

/** A mail server; undefined when empty. */
export function nextHop(about: string) {
  const schema = z.union([z.literal('').transform(() => undefined), z.string().transform(transformed(parseNextHop))]);
  const expects = '"host:port", "smtp://host:port" or "smtps://host:port"';
  return schema.register(keyMeta, { expects, text: true }).prefault('').describe(about);
}

/** Mail servers by domain, lower case; `.example.test` stands for what is below it, `*` for every domain. */
export function nextHops(about: string) {
  const schema = z
    .record(z.string().regex(/^(?:\*|\.?[A-Za-z0-9._-]{1,253})$/), z.string().transform(transformed(parseNextHop)))
    .transform((table) => new Map(Object.entries(table).map(([domain, hop]) => [domain.toLowerCase(), hop])));
  const expects = 'a table such as {"example.test" = "smtp://host:port", ".test" = "smtps://host"}';
  return schema.register(keyMeta, { expects }).prefault({}).describe(about);
}

export function texts(about: string, expects: string, allowed: (text: string) => boolean = () => true) {
  const schema = z.array(z.string().refine(allowed)).register(keyMeta, { expects });
  return schema.prefault([]).describe(about);
}

/** An address of this machine from which mail leaves. */
export interface SourceAddress {
  readonly address: string;
  readonly name: string | undefined;
  readonly categories: readonly string[];
  readonly warm: boolean;
}

const HOST_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})(?:\.[A-Za-z0-9][A-Za-z0-9-]{0,62}){1,10}$/;
/** As in the header of a mail, and on the command line. */
const CATEGORY_NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;

export function sourceAddresses(about: string) {
  const one = z.strictObject({
    address: z.string().refine((text) => isIP(text) !== 0 && !text.includes('%')),
    name: z.string().regex(HOST_NAME).optional(),
    categories: z.array(z.string().regex(CATEGORY_NAME)).max(32).default([]),
    warm: z.boolean().default(false),
  });
  const schema = z
    .array(one.transform(({ name, ...rest }): SourceAddress => ({ ...rest, name })))
    .max(1000)
    .refine((list) => new Set(list.map(({ address }) => address)).size === list.length);
  const expects =
    'a list, each address once, such as [{ address = "192.0.2.10", name = "out1.example.org", categories = ["marketing"], warm = true }]';
  return schema.register(keyMeta, { expects }).prefault([]).describe(about);
}
