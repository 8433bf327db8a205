/** A submission as an attempt carries it: its content, with our trace line on top (RFC 5321 §4.4). */
import { receivedFrom } from '../intake/trace.ts';
import { formatDate } from '../mail/date.ts';
import type { AccountId, Body } from '../mailstore/api.ts';
import type { Submission } from '../mailstore/submission.ts';
import type { OutgoingMail } from './transfer.ts';

/** Bytes of a mail that is in memory during its attempt. */
const SMALL = 128 << 10;

export function outgoingMail(
  account: AccountId,
  submission: Submission,
  content: Body,
  hostname: string,
): OutgoingMail {
  const { id, origin, created, sender, needs, dsn, requireTls, tlsOptional, category, forwardedBy } = submission;
  const received = receivedFrom({ origin, hostname, id, at: created });
  const trace = Buffer.from(`${received};\r\n\t${formatDate(created)}\r\n`);
  let read: Promise<Buffer> | undefined;
  const whole = async (): Promise<Buffer> => Buffer.concat([trace, await content.bytes(0, content.size)]);
  return {
    sender,
    size: trace.length + content.size,
    body: async function* () {
      // Signed and sent it is read twice.
      if (content.size <= SMALL) return yield await (read ??= whole());
      yield trace;
      yield* content.stream();
    },
    needs,
    ...(dsn && { dsn }),
    requireTls,
    ...(tlsOptional && { tlsOptional }),
    ...(forwardedBy !== undefined && { forwardedBy }),
    account,
    ...(category !== undefined && { category }),
  };
}

/** With these fields on top. */
export function withHeader(fields: Uint8Array, mail: OutgoingMail): OutgoingMail {
  if (fields.length === 0) return mail;
  return {
    ...mail,
    size: mail.size + fields.length,
    body: async function* () {
      yield fields;
      yield* mail.body();
    },
  };
}
