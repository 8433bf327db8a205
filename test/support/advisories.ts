/** Published advisories against what the lock file names: records as OSV writes them (https://ossf.github.io/osv-schema/), of which only this is read. */

export interface Advisory {
  /** `GHSA-…` or `CVE-…`. */
  readonly id: string;
  readonly summary: string;
  readonly affected: readonly {
    readonly package: { readonly ecosystem: string; readonly name: string };
    /** Each `introduced` begins a span, each `fixed` (not in it) or `last_affected` (in it) ends one. */
    readonly ranges: readonly { readonly type: string; readonly events: readonly RangeEvent[] }[];
  }[];
}

interface RangeEvent {
  readonly introduced?: string;
  readonly fixed?: string;
  readonly last_affected?: string;
}

/** What `package-lock.json` says of each folder below `node_modules`. */
export interface Lock {
  readonly packages: Readonly<Record<string, { readonly name?: string; readonly version?: string }>>;
}

/** One line for each package of the lock file that an advisory is about. */
export function advised(lock: Lock, advisories: readonly Advisory[]): string[] {
  const found: string[] = [];
  for (const [path, { name = nameOf(path), version }] of Object.entries(lock.packages)) {
    if (path === '' || version === undefined) continue;
    for (const { id, summary, affected } of advisories)
      if (affected.some((one) => one.package.name === name && isIn(version, one.ranges)))
        found.push(`${path}@${version}: ${id}: ${summary}`);
  }
  return found;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

function isIn(version: string, ranges: Advisory['affected'][number]['ranges']): boolean {
  return ranges.some(({ type, events }) => {
    if (type !== 'SEMVER') throw new RangeError(`an advisory has a range of the type ${type}`);
    let inside = false;
    for (const { introduced, fixed, last_affected: last } of events) {
      if (introduced !== undefined) inside ||= compareVersions(version, introduced) >= 0;
      else if (fixed !== undefined) inside &&= compareVersions(version, fixed) < 0;
      else if (last !== undefined) inside &&= compareVersions(version, last) <= 0;
    }
    return inside;
  });
}

/** Precedence of Semantic Versioning 2.0.0 §11: negative when `a` comes first. `0` comes before everything, as in OSV. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  for (let i = 0; i < 3; i++) {
    const order = (left.numbers[i] ?? 0) - (right.numbers[i] ?? 0);
    if (order !== 0) return order;
  }
  return comparePrereleases(left.prerelease, right.prerelease);
}

function partsOf(version: string): { numbers: readonly number[]; prerelease: readonly string[] } {
  if (version === '0') return { numbers: [0, 0, 0], prerelease: ['0'] };
  const [, numbers, prerelease] = /^(\d+\.\d+\.\d+)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/.exec(version) ?? [];
  if (numbers === undefined) throw new RangeError(`'${version}' is no version`);
  return { numbers: numbers.split('.').map(Number), prerelease: prerelease?.split('.') ?? [] };
}

function comparePrereleases(a: readonly string[], b: readonly string[]): number {
  // Without one is the release itself, which comes after all of them.
  if (a.length === 0 || b.length === 0) return b.length - a.length;
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [left, right] = [a[i] as string, b[i] as string];
    if (left === right) continue;
    const numeric = [left, right].map((part) => /^\d+$/.test(part));
    if (numeric[0] && numeric[1]) return Number(left) - Number(right);
    if (numeric[0] !== numeric[1]) return numeric[0] ? -1 : 1;
    return left < right ? -1 : 1;
  }
  return a.length - b.length;
}
