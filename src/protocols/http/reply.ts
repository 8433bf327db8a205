/**
 * Errors as problem details (RFC 9457). One table gives every code its status and its words; `/problems` is generated
 * from it, and `type` points there. What we say about our own faults is generic: the log has the specific words.
 */
import { MailError, type MailErrorCode } from '../../mail/error.ts';

type HttpCode =
  | 'invalid'
  | 'not-signed-in'
  | 'cross-site'
  | 'confirmation-needed'
  | 'not-found'
  | 'gone'
  | 'method'
  | 'media-type'
  | 'range'
  | 'group-exists'
  | 'too-many-streams'
  | 'too-fast'
  | 'idempotency-mismatch'
  | 'headers-too-large'
  | 'request-timeout';

export type ProblemCode = MailErrorCode | HttpCode;

export const PROBLEMS: { readonly [code in ProblemCode]: readonly [status: number, title: string] } = {
  invalid: [400, 'The request does not have the form that is documented for it.'],
  syntax: [400, 'The request is malformed.'],
  'address-syntax': [400, 'An address is malformed.'],
  'folder-name': [400, 'That is not a usable folder name.'],
  'not-signed-in': [401, 'Sign in first: the token or the session cookie is missing, wrong or expired.'],
  'auth-failed': [401, 'The address or the password is wrong.'],
  'code-required': [401, 'A code of your authenticator program is needed beside the password, and each counts once.'],
  'cross-site': [403, 'Requests with the session cookie must come from our own pages.'],
  'confirmation-needed': [403, 'That needs your password once more: POST /v1/session/confirm, then ask again.'],
  'account-suspended': [403, 'This account is suspended.'],
  'not-allowed': [403, 'That is not allowed.'],
  'sending-suspended': [403, 'This account may not send mail at the moment: the administrator knows why.'],
  'not-found': [404, 'There is nothing here.'],
  gone: [410, 'It was here, and is not any more.'],
  'folder-missing': [404, 'There is no such folder.'],
  'message-missing': [404, 'There is no such message.'],
  'script-missing': [404, 'There is no such script.'],
  'account-missing': [404, 'There is no such account.'],
  'domain-missing': [404, 'There is no such domain.'],
  method: [405, 'The method is not one of those that are documented for this path.'],
  'request-timeout': [408, 'The request took too long to arrive.'],
  conflict: [409, 'Somebody else changed the same thing at the same time.'],
  'folder-exists': [409, 'There is a folder of that name already.'],
  'folder-protected': [409, 'This folder must stay.'],
  'folder-has-children': [409, 'The folder still contains folders.'],
  'group-exists': [409, 'There is a group of that name already.'],
  'script-exists': [409, 'There is a script of that name already.'],
  'script-active': [409, 'The script is active.'],
  'account-exists': [409, 'There is an account with that address already.'],
  'domain-exists': [409, 'The domain is here already.'],
  limit: [409, 'A limit of the account is reached.'],
  'too-large': [413, 'That is larger than allowed.'],
  'media-type': [415, 'The Content-Type is not one that is documented for this call.'],
  range: [416, 'The range asked for lies outside.'],
  'password-known': [
    422,
    'That password was stolen somewhere and is in lists that are tried first: choose another one.',
  ],
  'unknown-recipient': [422, 'There is nobody at one of the addresses.'],
  suppressed: [422, 'One of the addresses is on the suppression list: GET /v1/suppressions says why.'],
  'remote-recipient': [
    422,
    'One of the recipients is at another provider, and this server delivers to its own domains only.',
  ],
  'idempotency-mismatch': [422, 'The Idempotency-Key was used for another request before.'],
  'auth-throttled': [429, 'Too many failed attempts to sign in: wait a little.'],
  'too-fast': [429, 'That was too much in a short time: wait a little.'],
  'too-many-streams': [429, 'Too many open event streams.'],
  'headers-too-large': [431, 'The header fields of the request are larger than allowed.'],
  bug: [500, 'Something went wrong on our side.'],
  damaged: [500, 'The stored data is damaged, and is not handed out.'],
  busy: [503, 'The server is busy: try again shortly.'],
  'store-failed': [503, 'The store is out of order: try again later.'],
  timeout: [504, 'It took too long.'],
  'over-quota': [507, 'The mailbox is full.'],
  'sender-mailbox-missing': [403, 'There is no sender mailbox, and mail to others stays in it until they fetch it.'],
  'sender-mailbox-full': [507, 'The sender mailbox is full: too much of what was sent was not fetched yet.'],
  'store-full': [507, 'The server has no room left.'],
  infected: [422, 'It holds a virus, or a file that runs when it is opened.'],
  greylisted: [503, 'Please try again in some minutes.'],
  'looks-like-spam': [422, 'It looks like spam.'],
  'scanner-down': [503, 'It cannot be scanned for viruses now.'],
  'wrong-sender': [403, "The author's or sender's address cannot be right."],
  'policy-refused': [403, "The author's domain asks that this message be refused."],
  'gateway-full': [403, 'There is no room to keep originals for the recipient.'],
  'originals-refused': [403, 'The recipient takes notifications only: the original is to stay with its sender.'],
  rejected: [403, 'The recipient takes no mail from this sender.'],
  'mail-loop': [508, 'The message has been going round in circles.'],
};

export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ProblemCode;
  readonly detail?: string;
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
}

/** Thrown by routes to answer with a problem. `detail` and `errors` are shown to the caller. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly errors: ProblemBody['errors'];
  readonly headers: Readonly<Record<string, string>>;
  constructor(
    code: ProblemCode,
    detail = '',
    more: { errors?: NonNullable<ProblemBody['errors']>; headers?: Record<string, string> } = {},
  ) {
    super(detail);
    this.code = code;
    this.errors = more.errors;
    this.headers = more.headers ?? {};
  }
}

export function problemBody(code: ProblemCode, detail = '', errors?: ProblemBody['errors']): ProblemBody {
  const [status, title] = PROBLEMS[code];
  return {
    type: `/problems#${code}`,
    title,
    status,
    code,
    ...(detail !== '' && { detail }),
    ...(errors !== undefined && { errors }),
  };
}

const RETRY_AFTER = new Map<ProblemCode, string>([
  ['busy', '2'],
  ['store-failed', '30'],
  ['auth-throttled', '30'],
  ['too-fast', '60'],
  ['too-many-streams', '10'],
]);

/** What to answer for whatever was thrown: everything unforeseen is a `bug`, and says nothing about itself. */
export function toProblem(error: unknown): Problem {
  const problem = recognise(error);
  const wait = RETRY_AFTER.get(problem.code);
  if (wait === undefined || problem.headers['retry-after'] !== undefined) return problem;
  return new Problem(problem.code, problem.message, {
    ...(problem.errors && { errors: problem.errors }),
    headers: { ...problem.headers, 'retry-after': wait },
  });
}

function recognise(error: unknown): Problem {
  if (error instanceof Problem) return error;
  // A limit that passes with time is another matter than one that does not.
  if (error instanceof MailError)
    return new Problem(error.code === 'limit' && error.kind === 'temporary' ? 'too-fast' : error.code);
  const { code, statusCode, validation, validationContext } = error as {
    code?: string;
    statusCode?: number;
    validation?: { instancePath?: string; message?: string }[];
    validationContext?: string;
  };
  if (validation !== undefined) {
    // At most ten: a body of a thousand mistakes is not answered with a thousand lines.
    const errors = validation.slice(0, 10).map((v) => ({
      path: `${validationContext ?? ''}${v.instancePath ?? ''}`.slice(0, 200),
      message: (v.message ?? 'not valid').slice(0, 300),
    }));
    return new Problem('invalid', errors[0]?.message ?? '', { errors });
  }
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
    case 'FST_REQ_FILE_TOO_LARGE':
    case 'FST_FILES_LIMIT':
    case 'FST_PARTS_LIMIT':
    case 'FST_FIELDS_LIMIT':
      return new Problem('too-large');
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
    case 'FST_INVALID_MULTIPART_CONTENT_TYPE':
      return new Problem('media-type');
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return new Problem('invalid', 'The body is empty.');
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) return new Problem('invalid');
  return new Problem('bug');
}
