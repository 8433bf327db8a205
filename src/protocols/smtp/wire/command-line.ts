/** A command line (RFC 5321 §2.4, §4.1.1) and its ESMTP parameters. */

export interface CommandLine {
  /** Upper case. */
  readonly verb: string;
  /** Without the space before it and without trailing spaces. */
  readonly argument: string;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Undefined when the line is no text: control characters, broken UTF-8. */
export function parseCommandLine(line: Buffer): CommandLine | undefined {
  let ascii = true;
  for (const byte of line) {
    if (byte < 0x20 || byte === 0x7f) return undefined;
    if (byte > 0x7f) ascii = false;
  }
  const text = ascii ? line.toString('latin1') : decode(line);
  if (text === undefined) return undefined;
  const space = text.indexOf(' ');
  if (space === -1) return { verb: text.toUpperCase(), argument: '' };
  return { verb: text.slice(0, space).toUpperCase(), argument: text.slice(space + 1).trim() };
}

function decode(line: Buffer): string | undefined {
  try {
    const text = utf8.decode(line);
    return /[\u0080-\u009f]/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

/** `FROM:` or `TO:` and where the path begins (a space after the colon is common, if wrong); undefined when it is not there. */
export function pathStart(argument: string, keyword: 'FROM' | 'TO'): number | undefined {
  const length = keyword.length + 1;
  if (argument.slice(0, length).toUpperCase() !== `${keyword}:`) return undefined;
  let i = length;
  while (argument[i] === ' ') i++;
  return i;
}

/** Parameters after a path: upper-case keyword → value ('' when it has none); undefined when they are malformed or one comes twice. */
export function parseParameters(text: string): ReadonlyMap<string, string> | undefined {
  const parameters = new Map<string, string>();
  if (text === '') return parameters;
  if (!text.startsWith(' ')) return undefined;
  for (const item of text.trim().split(/ +/)) {
    const equals = item.indexOf('=');
    const keyword = (equals === -1 ? item : item.slice(0, equals)).toUpperCase();
    const value = equals === -1 ? '' : item.slice(equals + 1);
    if (!/^[A-Z0-9][A-Z0-9-]*$/.test(keyword) || (equals !== -1 && value === '') || value.includes('='))
      return undefined;
    if (parameters.has(keyword)) return undefined;
    parameters.set(keyword, value);
  }
  return parameters;
}
