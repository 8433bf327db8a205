/** A command as it came (RFC 1939 §3): a keyword and the rest of the line, in which only a password may hold spaces. */

export interface CommandLine {
  /** Upper case. */
  readonly keyword: string;
  /** What follows the first space; undefined when there is none. */
  readonly rest: string | undefined;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Undefined when the line is no command: control characters, bytes that are not UTF-8, no keyword. */
export function parseCommandLine(line: Uint8Array): CommandLine | undefined {
  let text: string;
  try {
    text = utf8.decode(line);
  } catch {
    return undefined;
  }
  const match = /^([A-Za-z0-9]{1,20})(?: ([^\x00-\x1f\x7f]*))?$/.exec(text);
  const [, keyword, rest] = match ?? [];
  return keyword === undefined ? undefined : { keyword: keyword.toUpperCase(), rest };
}

/** The arguments, separated by single spaces (one at the end is forgiven). */
export function words(rest: string | undefined): readonly string[] {
  const text = rest?.trimEnd() ?? '';
  return text === '' ? [] : text.split(' ');
}
