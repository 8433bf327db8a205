/** Reading a message disposition notification (RFC 8098), or its international form (RFC 6533 §6). */
import { afterType, bytesOf, findPart, oneLine, originalHeader } from './delivery-report.ts';
import { HeaderBlock } from './header.ts';
import { type Disposition, DISPOSITIONS } from './mdn.ts';
import { parseMessage } from './parse.ts';

export interface DispositionReport {
  /** Of the mail it is about, with angle brackets; '' when that is not told. */
  readonly messageId: string;
  /** To which it was sent, as far as is known; without its type, '' when that is not told. */
  readonly address: string;
  /** Where it ended up. */
  readonly finalAddress: string;
  readonly disposition: Disposition;
  /** No person decided that it be sent. */
  readonly automatic: boolean;
}

/** Undefined when this is none, or one that says nothing we know. Never throws, whatever the bytes. */
export function readDispositionReport(raw: Uint8Array): DispositionReport | undefined {
  const { structure } = parseMessage(raw);
  const found = findPart(
    structure,
    ({ type, subtype }) => type === 'message' && /^(global-)?disposition-notification$/.test(subtype),
  );
  if (found === undefined) return undefined;
  const fields = HeaderBlock.parse(withoutEmptyLines(bytesOf(raw, found)));
  const [mode = '', kinds = ''] = (fields.first('disposition') ?? '').toLowerCase().split(';', 2);
  const word = kinds.split(/[/,]/, 1)[0]?.trim() ?? '';
  const disposition = DISPOSITIONS.find((one) => one === word);
  const finalAddress = afterType(fields.first('final-recipient'));
  if (disposition === undefined || finalAddress === '') return undefined;
  const original = afterType(fields.first('original-recipient'));
  const named = oneLine(fields.first('original-message-id') ?? '').slice(0, 998);
  return {
    messageId: named || (originalHeader(raw, structure)?.first('message-id')?.slice(0, 998) ?? ''),
    address: original === '' ? finalAddress : original,
    finalAddress,
    disposition,
    automatic: mode.includes('mdn-sent-automatically'),
  };
}

/** Some programs write one before the first field. */
function withoutEmptyLines(bytes: Uint8Array): Uint8Array {
  let start = 0;
  while (bytes[start] === 0x0d || bytes[start] === 0x0a) start++;
  return bytes.subarray(start);
}
