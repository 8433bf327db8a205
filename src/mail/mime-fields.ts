/** The Content-* fields of one entity (RFC 2045, 2183, 3282, 2557), raw for the wire and decoded for people. */
import { HeaderBlock } from './header.ts';
import { decodeParams, parseParameterized, type Parameterized, type RawParam } from './params.ts';
import { decodeEightBit } from './words.ts';

const NONE = new Map<string, string>();
const NO_LANGUAGE: readonly string[] = [];
const MAX_TEXT = 4000;
const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]{1,127}$/;

export class MimeFields {
  /** Lower case; a type that makes no sense is text/plain (RFC 2045 §5.2). */
  readonly type: string;
  readonly subtype: string;
  /** Undefined when there is no Content-Type field. */
  readonly rawParams: readonly RawParam[] | undefined;
  readonly encoding: string;
  readonly #disposition: Parameterized | undefined;
  /** One character per byte, '' when absent. */
  readonly rawId: string;
  readonly rawDescription: string;
  readonly rawMd5: string;
  readonly rawLocation: string;
  readonly rawLanguage: string;
  #params: ReadonlyMap<string, string> | undefined;
  #dispositionParams: ReadonlyMap<string, string> | undefined;

  /** No header says anything: text/plain. */
  static readonly plain = new MimeFields(undefined, false);
  /** Of what nobody looked into. */
  static readonly opaque = new MimeFields(
    HeaderBlock.parse(Buffer.from('Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n')),
    false,
  );

  /** `inDigest`: without a Content-Type the part is a message (RFC 2046 §5.1.5). */
  constructor(header: HeaderBlock | undefined, inDigest: boolean) {
    let contentType: string | undefined;
    let encoding: string | undefined;
    let disposition: string | undefined;
    let id = '';
    let description = '';
    let md5 = '';
    let location = '';
    let language = '';
    if (header !== undefined) {
      for (const field of header.fields) {
        if (field.name.charCodeAt(0) !== 0x63 || !field.name.startsWith('content-')) continue;
        // The first field of a name counts.
        switch (field.name) {
          case 'content-type':
            contentType ??= header.valueOf(field);
            break;
          case 'content-transfer-encoding':
            encoding ??= header.valueOf(field);
            break;
          case 'content-disposition':
            disposition ??= header.valueOf(field);
            break;
          case 'content-id':
            id ||= header.valueOf(field);
            break;
          case 'content-description':
            description ||= header.valueOf(field);
            break;
          case 'content-md5':
            md5 ||= header.valueOf(field);
            break;
          case 'content-location':
            location ||= header.valueOf(field);
            break;
          case 'content-language':
            language ||= header.valueOf(field);
            break;
          default:
        }
      }
    }
    this.type = inDigest ? 'message' : 'text';
    this.subtype = inDigest ? 'rfc822' : 'plain';
    if (contentType !== undefined && contentType !== '') {
      const parsed = parseParameterized(contentType);
      const value = parsed.value.toLowerCase();
      const slash = value.indexOf('/');
      const type = value.slice(0, slash).trimEnd();
      const subtype = firstWord(value.slice(slash + 1));
      if (slash > 0 && TOKEN.test(type) && TOKEN.test(subtype)) {
        this.type = type;
        this.subtype = subtype;
      }
      this.rawParams = parsed.params;
    }
    const encodingWord = encoding === undefined ? '' : firstWord(parseParameterized(encoding).value.toLowerCase());
    this.encoding = TOKEN.test(encodingWord) ? encodingWord : '7bit';
    this.#disposition = disposition === undefined ? undefined : parseParameterized(disposition);
    this.rawId = id.slice(0, MAX_TEXT);
    this.rawDescription = description.slice(0, MAX_TEXT);
    this.rawMd5 = md5.slice(0, MAX_TEXT);
    this.rawLocation = location.slice(0, MAX_TEXT);
    this.rawLanguage = language.slice(0, MAX_TEXT);
  }

  get params(): ReadonlyMap<string, string> {
    this.#params ??= this.rawParams === undefined ? NONE : decodeParams(this.rawParams);
    return this.#params;
  }
  get charset(): string {
    return this.params.get('charset') ?? '';
  }
  get disposition(): string {
    const word = this.#disposition === undefined ? '' : firstWord(this.#disposition.value.toLowerCase());
    return TOKEN.test(word) ? word : '';
  }
  get rawDispositionParams(): readonly RawParam[] {
    return this.#disposition?.params ?? [];
  }
  get dispositionParams(): ReadonlyMap<string, string> {
    this.#dispositionParams ??= this.#disposition === undefined ? NONE : decodeParams(this.#disposition.params);
    return this.#dispositionParams;
  }
  get filename(): string {
    return this.dispositionParams.get('filename') ?? this.params.get('name') ?? '';
  }
  get id(): string {
    return decodeEightBit(this.rawId, '');
  }
  get description(): string {
    return decodeEightBit(this.rawDescription, '');
  }
  get md5(): string {
    return decodeEightBit(this.rawMd5, '');
  }
  get location(): string {
    return decodeEightBit(this.rawLocation, '');
  }
  get language(): readonly string[] {
    return this.rawLanguage === '' ? NO_LANGUAGE : languages(this.rawLanguage).map((tag) => decodeEightBit(tag, ''));
  }
  /** The boundary of a multipart as bytes, one character each; '' when there is none. */
  get boundary(): string {
    if (this.rawParams === undefined) return '';
    for (const [name, value] of this.rawParams) if (name === 'boundary') return value.trimEnd();
    return Buffer.from(this.params.get('boundary') ?? '').toString('latin1');
  }
}

export function languages(value: string): string[] {
  return value
    .split(',', 100)
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');
}

function firstWord(text: string): string {
  const trimmed = text.trim();
  const blank = trimmed.search(/[\s,]/);
  return blank < 0 ? trimmed : trimmed.slice(0, blank);
}
