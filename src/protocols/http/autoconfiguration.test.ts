/** How mail programs find their settings. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { httpBackend } from '../../../test/support/http.ts';

let http: Awaited<ReturnType<typeof httpBackend>>;
beforeEach(async () => {
  http = await httpBackend();
});
afterEach(() => http.server.close(0));

/** Every element of a document opens and closes, and nothing else is in there. */
function wellFormed(xml: string): void {
  const open: string[] = [];
  for (const [, close, name = '', , empty] of xml.matchAll(/<(\/?)([A-Za-z]\w*)((?: [^<>]*?)?)(\/?)>/g)) {
    if (close === '/') expect(open.pop()).toBe(name);
    else if (empty === '') open.push(name);
  }
  expect(open).toEqual([]);
  expect(xml.replaceAll(/<[^<>]*>/g, '')).not.toMatch(/[<>]|&(?!amp;|lt;|gt;|quot;|#39;)/);
}

const xml = { 'content-type': 'text/xml' };
const asking = (address: string): string =>
  `<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"><Request><EMailAddress>${address}</EMailAddress><AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a</AcceptableResponseSchema></Request></Autodiscover>`;

test.each([
  ['/.well-known/autoconfig/mail/config-v1.1.xml', { host: 'example.test' }],
  ['/mail/config-v1.1.xml?emailaddress=nobody%40example.test', { host: 'autoconfig.example.test' }],
  ['/mail/config-v1.1.xml', { host: 'autoconfig.example.test' }],
])('Thunderbird at %s', async (url, headers) => {
  const { status, text, headers: got } = await http.call('GET', url, { headers });
  expect(status).toBe(200);
  expect(got['content-type']).toContain('application/xml');
  wellFormed(text);
  expect(text).toContain('<emailProvider id="example.test">');
  const servers = Array.from(
    text.matchAll(/type="(\w+)">\s+<hostname>(\S+)<\/hostname>\s+<port>(\d+)<\/port>\s+<socketType>(\w+)/g),
    ([, ...all]) => all,
  );
  expect(servers).toEqual([
    ['imap', 'mail.example.test', '2993', 'SSL'],
    ['smtp', 'mail.example.test', '2587', 'STARTTLS'],
  ]);
});

test.each(['/autodiscover/autodiscover.xml', '/Autodiscover/Autodiscover.xml'])('Outlook at %s', async (url) => {
  const { status, text } = await http.call('POST', url, { body: asking('kim&#39;s@example.test'), headers: xml });
  expect(status).toBe(200);
  wellFormed(text);
  expect(text).toContain('<Action>settings</Action>');
  expect(text.match(/<Type>\w+<\/Type>/g)).toEqual(['<Type>IMAP</Type>', '<Type>SMTP</Type>']);
  expect(text).toMatch(
    /<Port>2993<\/Port>[\s\S]*<Encryption>SSL<\/Encryption>[\s\S]*<Port>2587<\/Port>[\s\S]*<Encryption>TLS/,
  );
});

test("Apple's programs get a profile that is the same each time", async () => {
  const ask = () => http.call('GET', '/apple.mobileconfig?address=alice%40example.test');
  const { status, text, headers } = await ask();
  expect(status).toBe(200);
  expect(headers['content-type']).toBe('application/x-apple-aspen-config');
  wellFormed(text.slice(text.indexOf('<plist')));
  expect(text).toContain('<key>PayloadType</key><string>com.apple.mail.managed</string>');
  expect(text).toContain('<key>IncomingMailServerPortNumber</key><integer>2993</integer>');
  expect(text).not.toContain('<string>EmailAuthNone</string>');
  expect((await ask()).text).toBe(text);
});

test('nobody learns more than whether a domain is ours', async () => {
  const status = async (url: string, body?: string) =>
    (await http.call(body === undefined ? 'GET' : 'POST', url, { ...(body !== undefined && { body, headers: xml }) }))
      .status;
  const there = await http.call('GET', '/apple.mobileconfig?address=alice%40example.test');
  const missing = await http.call('GET', '/apple.mobileconfig?address=nobody%40example.test');
  expect(missing.status).toBe(there.status);
  for (const address of ['a@elsewhere.test', 'alice', '', '@example.test', 'a@b@example.test', 'a@../etc'])
    expect(await status(`/apple.mobileconfig?address=${encodeURIComponent(address)}`), address).toBe(404);
  expect(await status('/mail/config-v1.1.xml')).toBe(404);
  expect(await status('/autodiscover/autodiscover.xml', asking('a@elsewhere.test'))).toBe(404);
  expect(await status('/autodiscover/autodiscover.xml', '<x/>')).toBe(400);
  expect(await status('/autodiscover/autodiscover.xml', 'x'.repeat(9_000))).toBe(413);
});

test('what is asked for is text in the answer, never markup', async () => {
  const { text } = await http.call('GET', `/apple.mobileconfig?address=${encodeURIComponent('"&\'@example.test')}`);
  expect(text).toContain('&quot;&amp;&#39;@example.test');
});
