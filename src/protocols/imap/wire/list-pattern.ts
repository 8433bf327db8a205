/**
 * LIST patterns: `*` matches anything, `%` anything within one level (RFC 3501 §6.3.8). Linear in the pattern's and
 * linear in the name's length (their product at worst): no pattern makes it slow.
 */
export class ListPattern {
  readonly #pattern: string;

  constructor(pattern: string) {
    // `**`, `*%` and `%*` match what `*` matches; `%%` what `%` matches.
    let short = '';
    for (let i = 0; i < pattern.length; ) {
      const c = pattern[i] as string;
      if (c !== '*' && c !== '%') {
        short += c;
        i++;
        continue;
      }
      let star = false;
      for (; pattern[i] === '*' || pattern[i] === '%'; i++) star ||= pattern[i] === '*';
      short += star ? '*' : '%';
    }
    this.#pattern = short;
  }

  /** Does the pattern name this path? INBOX, also above its children, in any case. */
  matches(path: string): boolean {
    // Simulates the pattern's automaton: the set of pattern positions that the name read so far can have reached.
    const p = this.#pattern;
    const inbox = path === 'INBOX' || path.startsWith('INBOX/') ? 5 : 0;
    let here = new Uint8Array(p.length + 1);
    let next = new Uint8Array(p.length + 1);
    reach(p, here, 0);
    for (let i = 0; i < path.length; i++) {
      next.fill(0);
      let any = false;
      const c = path[i] as string;
      for (let at = 0; at < p.length; at++) {
        if (here[at] === 0) continue;
        const want = p[at] as string;
        if (want === '*' || (want === '%' && c !== '/')) reach(p, next, at);
        else if (want === c || (i < inbox && want.toUpperCase() === c)) reach(p, next, at + 1);
        else continue;
        any = true;
      }
      if (!any) return false;
      [here, next] = [next, here];
    }
    return here[p.length] === 1;
  }
}

/** Marks a pattern position, and those after wildcards there, which may match nothing. */
function reach(pattern: string, set: Uint8Array, from: number): void {
  for (let at = from; set[at] === 0; at++) {
    set[at] = 1;
    if (pattern[at] !== '*' && pattern[at] !== '%') return;
  }
}
