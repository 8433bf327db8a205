/**
 * Wire behaviour as a script with several sessions:
 *
 *     A> a1 SELECT INBOX          A sends this line (CRLF is added)
 *     A< * 3 EXISTS               the next line A gets is exactly this
 *     A< /^a1 OK \[(?<rw>\S+)\]/  ... matches this; named groups stand as $rw in later lines
 *     A< ...                      passes over lines until one fits what is expected next
 *     A<|                         A's connection is closed by the server
 *     A>| some text\r\n           sends this as it is, escapes (\r \n \t \\ \xHH) replaced
 *
 * Empty lines and those that begin with '#' say nothing. A session begins where its name is first used.
 */
import type { WireClient } from '../client/wire.ts';

export type OpenSession = (name: string) => Promise<WireClient>;

export async function runTranscript(script: string, open: OpenSession): Promise<void> {
  const sessions = new Map<string, WireClient>();
  const variables = new Map<string, string>();
  const session = async (name: string): Promise<WireClient> => {
    let wire = sessions.get(name);
    if (wire === undefined) {
      wire = await open(name);
      sessions.set(name, wire);
    }
    return wire;
  };
  const skipping = new Set<string>();
  try {
    for (const [number, line] of script.split('\n').entries()) {
      const text = line.trim();
      if (text === '' || text.startsWith('#')) continue;
      const [, name, direction, rest] = /^([A-Za-z]\w*)([<>]\|?) ?(.*)$/.exec(text) ?? [];
      if (name === undefined || rest === undefined) throw new Error(`line ${number + 1} is no step: ${text}`);
      const wire = await session(name);
      const value = rest.replaceAll(/\$([a-z]\w*)/g, (whole, key: string) => variables.get(key) ?? whole);
      if (direction === '>') await wire.write(`${value}\r\n`);
      else if (direction === '>|') await wire.write(Buffer.from(unescape(value), 'latin1'));
      else if (direction === '<|') {
        const left = (await wire.rest()).toString('latin1');
        if (left !== '') throw new Error(`line ${number + 1}: ${name} got more before the end: ${left}`);
      } else if (value === '...') skipping.add(name);
      else {
        await expectLine(wire, value, skipping.delete(name), variables, `line ${number + 1}: ${name}`);
      }
    }
  } finally {
    for (const wire of sessions.values()) wire.destroy();
  }
}

async function expectLine(
  wire: WireClient,
  expected: string,
  skip: boolean,
  variables: Map<string, string>,
  where: string,
): Promise<void> {
  const pattern = /^\/(.*)\/$/.exec(expected)?.[1];
  const regex = pattern === undefined ? undefined : new RegExp(pattern);
  const passed: string[] = [];
  for (;;) {
    let line: string;
    try {
      line = await wire.line();
    } catch (error) {
      throw new Error(`${where} waits for ${expected}\n${passed.map((one) => `  passed ${one}`).join('\n')}`, {
        cause: error,
      });
    }
    const match = regex?.exec(line);
    for (const [name, value] of Object.entries(match?.groups ?? {})) variables.set(name, value);
    if (regex === undefined ? line === expected : match !== null) return;
    if (!skip) throw new Error(`${where} expected\n  ${expected}\nbut got\n  ${line}`);
    passed.push(line);
  }
}

function unescape(text: string): string {
  return text.replaceAll(/\\(r|n|t|\\|x[0-9a-fA-F]{2})/g, (_whole, code: string) => {
    if (code === 'r') return '\r';
    if (code === 'n') return '\n';
    if (code === 't') return '\t';
    return code === '\\' ? '\\' : String.fromCharCode(Number.parseInt(code.slice(1), 16));
  });
}
