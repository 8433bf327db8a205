/** A push service on this machine (RFC 8030), and the browser behind it: it checks who pushes (RFC 8292), and opens what comes (RFC 8291). */
import { createDecipheriv, createECDH, createPublicKey, hkdfSync, randomBytes, verify } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';

export interface Pushed {
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly claims: { readonly aud: string; readonly exp: number; readonly sub: string };
}

export interface PushService extends AsyncDisposable {
  readonly port: number;
  readonly pushed: readonly Pushed[];
  /** What it answers from now on, when nothing is wrong with the request. */
  answer: number;
  readonly keys: { readonly p256dh: string; readonly auth: string };
}

/** `publicKey` is the key that its subscriptions were made with: whoever pushes with another one is refused. */
export async function startPushService(publicKey: string): Promise<PushService> {
  const browser = createECDH('prime256v1');
  browser.generateKeys();
  const auth = randomBytes(16);
  const pushed: Pushed[] = [];
  const service = { answer: 201 };
  const take = async (request: IncomingMessage): Promise<number> => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const body = Buffer.concat(pieces);
    const claims = claimsOf(request.headers.authorization ?? '', publicKey);
    if (claims === undefined) return 403;
    if (request.method !== 'POST' || request.headers['content-encoding'] !== 'aes128gcm') return 400;
    if (!/^\d+$/.test(String(request.headers['ttl'])) || body.length > 4096) return 400;
    if (service.answer === 201)
      pushed.push({ headers: request.headers, text: opened(body, browser, auth).toString(), claims });
    return service.answer;
  };
  const server = createServer((request, response) => {
    take(request).then(
      (status) => response.writeHead(status).end(),
      (error: unknown) => response.writeHead(400).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(service, {
    port: (server.address() as { port: number }).port,
    pushed,
    keys: { p256dh: browser.getPublicKey('base64url'), auth: auth.toString('base64url') },
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  });
}

/** Undefined when the token is not one of whoever has this key. */
function claimsOf(authorization: string, publicKey: string): Pushed['claims'] | undefined {
  const [, token = '', key = ''] = /^vapid t=([\w.-]+), k=([\w-]+)$/.exec(authorization) ?? [];
  const [head = '', body = '', signature = ''] = token.split('.');
  if (key !== publicKey) return undefined;
  const point = Buffer.from(key, 'base64url');
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    x: point.subarray(1, 33).toString('base64url'),
    y: point.subarray(33).toString('base64url'),
  };
  const options = {
    key: createPublicKey({ format: 'jwk', key: jwk }),
    dsaEncoding: 'ieee-p1363',
  } as const;
  if (!verify('sha256', Buffer.from(`${head}.${body}`), options, Buffer.from(signature, 'base64url'))) return undefined;
  return JSON.parse(Buffer.from(body, 'base64url').toString()) as Pushed['claims'];
}

function opened(body: Buffer, browser: ReturnType<typeof createECDH>, auth: Buffer): Buffer {
  const salt = body.subarray(0, 16);
  const sender = body.subarray(21, 21 + body[20]!);
  const sealed = body.subarray(21 + body[20]!);
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), browser.getPublicKey(), sender]);
  const secret = Buffer.from(hkdfSync('sha256', browser.computeSecret(sender), auth, info, 32));
  const derive = (label: string, bytes: number) =>
    Buffer.from(hkdfSync('sha256', secret, salt, Buffer.from(`Content-Encoding: ${label}\0`), bytes));
  const open = createDecipheriv('aes-128-gcm', derive('aes128gcm', 16), derive('nonce', 12));
  open.setAuthTag(sealed.subarray(-16));
  const padded = Buffer.concat([open.update(sealed.subarray(0, -16)), open.final()]);
  if (padded.at(-1) !== 2) throw new Error('not the last record');
  return padded.subarray(0, -1);
}
