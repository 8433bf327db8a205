/** The shapes that parsing a message gives. Offsets are bytes from the start of the raw message. */

export interface MailAddress {
  /** Decoded display name, '' when there is none. */
  readonly name: string;
  /** `local@domain`; for a group the group's name stands in `group` and this is ''. */
  readonly address: string;
  readonly group?: { readonly name: string; readonly members: readonly MailAddress[] };
}

/** Decoded header fields that lists and replies need. */
export interface Envelope {
  /** As in the Date field, milliseconds since 1970, undefined when absent or unreadable. */
  readonly date: number | undefined;
  readonly subject: string;
  readonly from: readonly MailAddress[];
  readonly sender: readonly MailAddress[];
  readonly replyTo: readonly MailAddress[];
  readonly to: readonly MailAddress[];
  readonly cc: readonly MailAddress[];
  readonly bcc: readonly MailAddress[];
  /** With angle brackets, as written, '' when absent. */
  readonly messageId: string;
  readonly inReplyTo: readonly string[];
  readonly references: readonly string[];
}

/** One MIME entity (RFC 2045). The root covers the whole message. */
export interface Part {
  /** Lower case, e.g. 'text', 'plain'. */
  readonly type: string;
  readonly subtype: string;
  /** Lower-case names; values decoded (RFC 2231, and encoded words as seen in the wild). */
  readonly params: ReadonlyMap<string, string>;
  /** Lower case, '' when absent. */
  readonly disposition: string;
  readonly dispositionParams: ReadonlyMap<string, string>;
  /** Decoded file name from either field, '' when absent. */
  readonly filename: string;
  /** Lower case: '7bit', 'base64', ... ('7bit' when absent). */
  readonly encoding: string;
  /** Content-ID, Content-Description, Content-MD5, Content-Location, Content-Language, as written, '' when absent. */
  readonly id: string;
  readonly description: string;
  readonly md5: string;
  readonly location: string;
  readonly language: readonly string[];
  /** Where its header block starts, where its body starts (after the empty line), and where the body ends. */
  readonly headerStart: number;
  readonly bodyStart: number;
  readonly bodyEnd: number;
  /** Lines of the body (for text and message/rfc822). */
  readonly lines: number;
  /** Of a multipart; for message/rfc822 the one child is the inner message's root. */
  readonly children: readonly Part[];
  /** Of a message/rfc822 child: the inner message's envelope stands in its own header block. */
}
