/** Address lists of header fields (RFC 5322 §3.4, obsolete forms, and garbage). Never fails. */
import type { MailAddress } from './message.ts';
import { skipComment } from './params.ts';
import { decodeEightBit, decodeWords } from './words.ts';

/** Addresses of one field that are looked at. */
export const MAX_ADDRESSES = 1000;

/** Characters of one address and its name that are looked at. */
const MAX_WORDS = 8000;

/** One entry as in IMAP's ENVELOPE (RFC 9051 §7.5.2): a group is its start, its members and its end. One char per byte. */
export type RawAddress =
  | {
      readonly kind: 'mailbox';
      /** Without quotes, encoded words as written; '' when there is none. */
      readonly name: string;
      /** `@a,@b` of a source route, '' when there is none. */
      readonly route: string;
      /** Without quotes. */
      readonly local: string;
      /** '' when missing. */
      readonly domain: string;
    }
  | { readonly kind: 'group'; readonly name: string }
  | { readonly kind: 'end' };

const END: RawAddress = { kind: 'end' };

/** Parses an unfolded field value (one character per byte). */
export function parseAddressList(text: string): RawAddress[] {
  return new AddressReader(text).read();
}

class AddressReader {
  readonly #text: string;
  readonly #out: RawAddress[] = [];
  #count = 0;
  #inGroup = false;
  /** Words before '<' or the end: a display name, or a bare address. */
  #phrase = '';
  /** The bare address among the phrase: text without the blanks, quotes removed; where its last '@' is. */
  #bare = '';
  #at = -1;
  #comment = '';
  #blank = false;
  #quoted = false;
  #quotesEnd = false;

  constructor(text: string) {
    this.#text = text;
  }

  read(): RawAddress[] {
    const text = this.#text;
    let i = 0;
    while (i < text.length && this.#count < MAX_ADDRESSES) {
      const code = text.charCodeAt(i);
      switch (code) {
        case 0x20:
        case 0x09:
        case 0x0d:
        case 0x0a:
          this.#blank = true;
          i += 1;
          break;
        case 0x22:
          i = this.#quotesEnd ? i + 1 : this.#quotedString(i);
          break;
        case 0x28: {
          const end = skipComment(text, i);
          if (this.#comment === '')
            this.#comment = text.slice(i + 1, text.charCodeAt(end - 1) === 0x29 ? end - 1 : end);
          this.#blank = true;
          i = end;
          break;
        }
        case 0x3c:
          i = this.#angle(i);
          break;
        case 0x2c:
          this.#flush();
          i += 1;
          break;
        case 0x3a:
          if (this.#inGroup || this.#at >= 0 || this.#phrase === '') {
            this.#word(i, i + 1);
          } else {
            this.#out.push({ kind: 'group', name: this.#phrase });
            this.#count += 1;
            this.#inGroup = true;
            this.#reset();
          }
          i += 1;
          break;
        case 0x3b:
          this.#flush();
          if (this.#inGroup) this.#out.push(END);
          this.#inGroup = false;
          i += 1;
          break;
        default:
          i = this.#atom(i);
      }
    }
    if (this.#count < MAX_ADDRESSES) this.#flush();
    if (this.#inGroup) this.#out.push(END);
    return this.#out;
  }

  /** A run without specials. */
  #atom(start: number): number {
    const text = this.#text;
    let i = start;
    for (; i < text.length; i += 1) {
      const code = text.charCodeAt(i);
      if (code === 0x5b && i === start) {
        // A domain literal; ':' inside it starts no group.
        const close = text.slice(i, i + 256).indexOf(']');
        if (close > 0) i += close;
        continue;
      }
      if (
        code === 0x20 ||
        code === 0x22 ||
        code === 0x28 ||
        code === 0x2c ||
        code === 0x3c ||
        code === 0x3a ||
        code === 0x3b ||
        code === 0x09 ||
        code === 0x0a ||
        code === 0x0d
      ) {
        break;
      }
      if (code === 0x40) {
        this.#word(start, i);
        this.#at = this.#bare.length;
        this.#word(i, i + 1);
        return i + 1;
      }
    }
    this.#word(start, i);
    return i;
  }

  #word(start: number, end: number): void {
    if (end === start || this.#bare.length > MAX_WORDS) return;
    const word = this.#text.slice(start, end);
    this.#phrase += this.#blank && this.#phrase !== '' ? ` ${word}` : word;
    this.#bare += word;
    this.#blank = false;
  }

  #quotedString(start: number): number {
    const text = this.#text;
    let content = '';
    let from = start + 1;
    let i = from;
    for (; i < text.length; i += 1) {
      const code = text.charCodeAt(i);
      if (code === 0x22) break;
      if (code === 0x5c && i + 1 < text.length) {
        content += text.slice(from, i);
        from = i + 1;
        i += 1;
      }
    }
    if (i === text.length) {
      // Never closed: the quote says nothing, and no later one can close either.
      this.#quotesEnd = true;
      return start + 1;
    }
    content += text.slice(from, i);
    this.#phrase += this.#blank && this.#phrase !== '' ? ` ${content}` : content;
    this.#bare += content;
    this.#blank = false;
    this.#quoted = true;
    return i + 1;
  }

  /** `<addr>` with an optional route; answers the position after it. */
  #angle(start: number): number {
    const text = this.#text;
    let local = '';
    let i = start + 1;
    let from = i;
    let at = -1;
    let route = '';
    let content = '';
    for (; i < text.length; i += 1) {
      const code = text.charCodeAt(i);
      if (code === 0x3e) break;
      if (code === 0x22) {
        content += text.slice(from, i);
        const close = closingQuote(text, i);
        content += text.slice(i + 1, close).replaceAll(/\\(.)/g, '$1');
        i = close;
        from = i + 1;
      } else if (code === 0x28) {
        content += text.slice(from, i);
        i = skipComment(text, i) - 1;
        from = i + 1;
      } else if (code === 0x40) {
        content += text.slice(from, i);
        from = i;
        at = content.length;
      } else if (code === 0x3a && content.length + i - from > 0 && isRoute(content, text, from, i)) {
        route = (content + text.slice(from, i)).replaceAll(/\s/g, '');
        content = '';
        from = i + 1;
        at = -1;
      } else if (code === 0x20 || code === 0x09 || code === 0x0d || code === 0x0a) {
        content += text.slice(from, i);
        from = i + 1;
      } else if (code === 0x3c) {
        // `<a <b@c>`: the later one counts.
        content = '';
        from = i + 1;
        at = -1;
      }
    }
    content += text.slice(from, i);
    let domain = '';
    if (at >= 0) {
      local = content.slice(0, at);
      domain = content.slice(at + 1);
    } else local = content;
    const name = this.#phrase === '' ? this.#comment : this.#phrase;
    if (local !== '' || domain !== '' || name !== '') this.#push({ kind: 'mailbox', name, route, local, domain });
    this.#reset();
    return nextAddress(text, i + 1);
  }

  #flush(): void {
    if (this.#bare !== '' || (this.#quoted && this.#phrase !== '')) {
      const at = this.#at;
      const local = at < 0 ? this.#bare : this.#bare.slice(0, at);
      const domain = at < 0 ? '' : this.#bare.slice(at + 1);
      if (at < 0 && this.#phrase.includes(' ')) {
        // Words without an address: a name.
        this.#push({ kind: 'mailbox', name: this.#phrase, route: '', local: '', domain: '' });
      } else if (local !== '' || domain !== '') {
        this.#push({ kind: 'mailbox', name: this.#comment.trim(), route: '', local, domain });
      }
    }
    this.#reset();
  }

  #push(address: RawAddress): void {
    this.#out.push(address);
    this.#count += 1;
  }

  #reset(): void {
    this.#phrase = '';
    this.#bare = '';
    this.#at = -1;
    this.#comment = '';
    this.#blank = false;
    this.#quoted = false;
  }
}

function closingQuote(text: string, open: number): number {
  for (let i = open + 1; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === 0x5c) i += 1;
    else if (code === 0x22) return i;
  }
  return text.length;
}

/** `<@a,@b:` so far? */
function isRoute(content: string, text: string, from: number, to: number): boolean {
  return content === '' ? text.charCodeAt(from) === 0x40 : content.charCodeAt(0) === 0x40 && to >= from;
}

/** After an address: what stands before the next ',' belongs to nothing, unless a ',' was forgotten. */
function nextAddress(text: string, start: number): number {
  let i = start;
  while (i < text.length) {
    const code = text.charCodeAt(i);
    if (code === 0x2c) return i + 1;
    if (code === 0x3b) return i;
    if (code === 0x3c) return start;
    if (code === 0x28) i = skipComment(text, i);
    else if (code === 0x22) i = closingQuote(text, i) + 1;
    else i += 1;
  }
  return i;
}

/** Decoded addresses, groups with their members. Encoded words in an address itself are never decoded. */
export function decodeAddresses(raw: readonly RawAddress[], bodyCharset = ''): MailAddress[] {
  const out: MailAddress[] = [];
  let members: MailAddress[] | undefined;
  for (const entry of raw) {
    if (entry.kind === 'group') {
      members = [];
      out.push({ name: '', address: '', group: { name: decodeWords(entry.name, bodyCharset), members } });
    } else if (entry.kind === 'end') members = undefined;
    else
      (members ?? out).push({
        name: decodeWords(entry.name, bodyCharset).trim(),
        address: addrSpec(entry, bodyCharset),
      });
  }
  return out;
}

function addrSpec(entry: { readonly local: string; readonly domain: string }, bodyCharset: string): string {
  const local = eightBit(entry.local, bodyCharset);
  if (entry.domain === '') return local;
  return `${isDotAtom(local) ? local : quote(local)}@${eightBit(entry.domain, bodyCharset)}`;
}

/** Addresses in UTF-8 (RFC 6532): bytes to text, but never encoded words. */
function eightBit(text: string, bodyCharset: string): string {
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code >= 0x7f || code < 0x20) return decodeEightBit(text, bodyCharset);
  }
  return text;
}

/** Characters of a dot-atom, '@' excluded; Unicode is allowed (RFC 6531 §3.3). */
export function isDotAtom(local: string): boolean {
  if (local === '' || local.startsWith('.') || local.endsWith('.') || local.includes('..')) return false;
  for (let i = 0; i < local.length; i += 1) if (!isAtomCharacter(local.charCodeAt(i)) && local[i] !== '.') return false;
  return true;
}

export function isAtomCharacter(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) ||
    (code >= 0x3f && code <= 0x5a && code !== 0x40) ||
    (code >= 0x30 && code <= 0x39) ||
    code >= 0x80 ||
    code === 0x21 ||
    (code >= 0x23 && code <= 0x27) ||
    code === 0x2a ||
    code === 0x2b ||
    code === 0x2d ||
    code === 0x2f ||
    code === 0x3d ||
    (code >= 0x5e && code <= 0x60) ||
    (code >= 0x7b && code <= 0x7e)
  );
}

export function quote(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}

/** The addresses in a field, those of groups among them. */
export function addressesIn(value: string): string[] {
  return decodeAddresses(parseAddressList(value)).flatMap(({ address, group }) =>
    group === undefined ? [address] : group.members.map((member) => member.address),
  );
}
