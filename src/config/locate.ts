/** The line on which a TOML document sets a key. The parser keeps no positions, and a message without a line helps little. */

const BARE = /^[A-Za-z0-9_-]+/;

/** Counted from 1. A key inside an inline table or a list answers the line where that begins. */
export function locate(document: string, path: readonly string[]): number {
  let table: readonly string[] = [];
  let best = 1;
  let depth = 0;
  for (const [index, raw] of document.split('\n').entries()) {
    const line = raw.trim();
    const header = /^\[{1,2}([^\]]+)\]{1,2}/.exec(line);
    const key = header === null ? dottedKey(line) : dottedKey(`${header[1]?.trim()}=`);
    if (key === undefined) continue;
    const full = header === null ? [...table, ...key] : key;
    if (header !== null) table = key;
    const shared = full.every((step, i) => step === path[i]) ? full.length : 0;
    if (shared > depth) {
      depth = shared;
      best = index + 1;
    }
  }
  return best;
}

/** The steps of `a."b c".d = ...`, undefined when the line is no assignment. */
function dottedKey(line: string): string[] | undefined {
  const steps: string[] = [];
  let rest = line;
  for (;;) {
    rest = rest.trimStart();
    const quote = rest[0] === '"' || rest[0] === "'" ? rest[0] : undefined;
    const end = quote === undefined ? -1 : rest.indexOf(quote, 1);
    const step = quote === undefined ? BARE.exec(rest)?.[0] : end > 0 ? rest.slice(1, end) : undefined;
    if (step === undefined) return undefined;
    steps.push(step);
    rest = rest.slice(quote === undefined ? step.length : end + 1).trimStart();
    if (rest[0] === '=') return steps;
    if (rest[0] !== '.') return undefined;
    rest = rest.slice(1);
  }
}
