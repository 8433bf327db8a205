/** DKIM-Signature fields (RFC 6376 §3.5), relaxed in header and body: what they say, what is to be signed, and the field when it is. */
import { hash, type KeyObject, sign } from 'node:crypto';
import { promisify } from 'node:util';
import type { HeaderBlock, HeaderField } from '../header.ts';
import { relaxedField } from './relaxed.ts';

export interface SignatureKey {
  readonly selector: string;
  readonly algorithm: 'rsa' | 'ed25519';
  readonly privateKey: KeyObject;
}

export interface SignatureFacts {
  /** In ASCII. */
  readonly domain: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Base64. */
  readonly bodyHash: string;
}

/** Characters of a line of the field. */
const LINE = 72;

const signAside = promisify(sign) as (algorithm: string | null, data: Uint8Array, key: KeyObject) => Promise<Buffer>;

/** The fields of a header that signatures cover, in their canonical form; the last of several of one name comes first (§5.4.2). */
export class SignedHeader {
  readonly #names: readonly string[];
  readonly #canonical: string;

  /** `names` in lower case. */
  constructor(header: HeaderBlock, names: ReadonlySet<string>) {
    const fields = header.fields.filter(({ name }) => names.has(name)).reverse();
    const text = ({ start, end }: HeaderField): string => header.text.slice(start, end);
    this.#names = fields.map(({ name }) => name);
    this.#canonical = fields.map((field) => `${relaxedField(text(field))}\r\n`).join('');
  }

  /** The field with its line end. The key's work is done in a thread. */
  async sign(
    { domain, at, bodyHash }: SignatureFacts,
    { selector, algorithm, privateKey }: SignatureKey,
  ): Promise<string> {
    const tags = [
      `v=1; a=${algorithm}-sha256; c=relaxed/relaxed; d=${domain};`,
      `s=${selector}; t=${Math.floor(at / 1000)};`,
      `h=${this.#foldedNames()};`,
      `bh=${bodyHash};`,
      'b=',
    ];
    const unsigned = `DKIM-Signature: ${tags.join('\r\n\t')}`;
    const data = Buffer.from(this.#canonical + relaxedField(unsigned), 'latin1');
    const signature =
      algorithm === 'rsa'
        ? await signAside('sha256', data, privateKey)
        : // RFC 8463 §3: the digest is what Ed25519 signs.
          await signAside(null, hash('sha256', data, 'buffer'), privateKey);
    const lines = signature.toString('base64').match(new RegExp(`.{1,${LINE}}`, 'g')) ?? [];
    return `${unsigned}${lines.join('\r\n\t')}\r\n`;
  }

  #foldedNames(): string {
    const lines: string[] = [];
    let line = '';
    for (const name of this.#names) {
      if (line.length + name.length >= LINE) {
        lines.push(line);
        line = '';
      }
      line += `${name}:`;
    }
    return [...lines, line].join('\r\n\t').slice(0, -1);
  }
}
