/** Mails whose structure, charset, names or header fields are hostile. Each answers a whole mail. */
import { base64Lines, type Bait, encoded, head, htmlMail, mail, subjectOf } from './bait.ts';

export type Whole = (bait: Bait, number: number) => Buffer;

/** HTML in the first part, `parts` beside it. */
function related(number: number, html: string, parts: readonly (readonly string[])[], subtype = 'related'): Buffer {
  return mail([
    ...head(number, { 'Content-Type': `multipart/${subtype}; boundary=b` }),
    '',
    '--b',
    'Content-Type: text/html; charset=utf-8',
    '',
    html,
    ...parts.flatMap((lines) => ['--b', ...lines]),
    '--b--',
    '',
  ]);
}

const svgPart = (bait: Bait, id: string, type = 'image/svg+xml') => [
  `Content-Type: ${type}`,
  `Content-ID: <${id}>`,
  'Content-Disposition: inline; filename=x.svg',
  '',
  `<svg xmlns="http://www.w3.org/2000/svg" onload="${bait.js}"><script>${bait.js}</script><image href="${bait.url('inside')}"/></svg>`,
];
const htmlPart = (bait: Bait, id: string, type = 'text/html') => [
  `Content-Type: ${type}`,
  `Content-ID: <${id}>`,
  '',
  `<script>${bait.js}</script><img src="${bait.url('page')}">`,
];

/** `cid:` that leads to what is no image, or elsewhere. */
const CIDS: readonly (readonly [src: string, ...parts: ((bait: Bait) => string[])[]])[] = [
  ['cid:svg@x', (bait) => svgPart(bait, 'svg@x')],
  ['cid:page@x', (bait) => htmlPart(bait, 'page@x')],
  ['cid:page@x', (bait) => htmlPart(bait, 'page@x', 'image/html')],
  ['cid:png@x', (bait) => htmlPart(bait, 'png@x', 'image/png')],
  ['cid:svg@x', (bait) => svgPart(bait, 'svg@x', 'image/png')],
  ['cid:svg@x', (bait) => svgPart(bait, 'svg@x', 'image/svg')],
  ['cid:svg@x', (bait) => svgPart(bait, 'svg@x', 'image/gif; x="<script>"')],
  ['cid:svg%40x', (bait) => svgPart(bait, 'svg@x')],
  ['cid:%', (bait) => svgPart(bait, '%')],
  ['cid:../../session'],
  ['cid:/v1/session'],
  ['cid:a"onerror="b', (bait) => svgPart(bait, 'a"onerror="b', 'image/gif')],
  ['cid:&quot; onerror=&quot;', (bait) => svgPart(bait, '" onerror="', 'image/gif')],
  ['cid:javascript:x', (bait) => svgPart(bait, 'javascript:x', 'image/jpeg')],
  ['CID:svg@x', (bait) => svgPart(bait, 'SVG@x', 'image/webp')],
  ['cid:same@x', (bait) => svgPart(bait, 'same@x'), (bait) => htmlPart(bait, 'same@x', 'image/bmp')],
  ['mid:x/svg@x', (bait) => svgPart(bait, 'svg@x')],
  ['cid:', (bait) => svgPart(bait, '')],
];

const cids: readonly Whole[] = CIDS.map(
  ([src, ...parts]) =>
    (bait, number) =>
      related(
        number,
        `<img src="${src}"><a href="${src}">x</a><iframe src="${src}"></iframe><object data="${src}"></object><img src=cid:missing onerror=${bait.js}>`,
        parts.map((part) => part(bait)),
      ),
);

/** Names as they stand in `From`; addresses that look like another one. */
const SENDERS: readonly ((bait: Bait) => string)[] = [
  () => `${encoded('\u202egpj.exe')} <hostile@elsewhere.test>`,
  () => `${encoded('\u2067bank\u2069 \u2066moc.elpmaxe@troppus\u2069')} <hostile@elsewhere.test>`,
  () => `${encoded('a\u200bd\u200cm\u200di\u2060n\ufeff')} <hostile@elsewhere.test>`,
  () => `${encoded('\u200f\u200e\u061c')} <hostile@elsewhere.test>`,
  () => `"support@bank.example" <hostile@elsewhere.test>`,
  () => `${encoded('support@bank.example\u00a0\u00a0\u00a0\u00a0\u00a0\u00a0')} <hostile@elsewhere.test>`,
  () => `${encoded('support＠bank.example')} <hostile@elsewhere.test>`,
  ({ js }) => `"<img src=x onerror=${js}>" <hostile@elsewhere.test>`,
  ({ js }) => `"<script>${js}</script>" <hostile@elsewhere.test>`,
  ({ js }) => `${encoded(`</strong></article><svg onload=${js}>`)} <hostile@elsewhere.test>`,
  ({ js }) => `"\\"><img src=x onerror=${js}>"@elsewhere.test`,
  ({ js }) => `<"onmouseover=${js}"@elsewhere.test>`,
  () => `Friend <friend@xn--80ak6aa92e.test>`,
  () => `${encoded('раураl')} <service@xn--80aa0cbo65f.test>`,
  () => `${encoded('x'.repeat(5_000))} <hostile@elsewhere.test>`,
  () => `${encoded('Z' + '\u0351\u036f\u0489'.repeat(300))} <hostile@elsewhere.test>`,
  () => `${encoded('\u0000\u0007\u001b[31m\u0085\u2028\u2029')} <hostile@elsewhere.test>`,
  () => `${encoded('line\r\nBcc: all@mail.test\r\n\r\nbody')} <hostile@elsewhere.test>`,
  () => `${encoded('\ud83d\ude00\ud83d')} <hostile@elsewhere.test>, ${encoded('Second\u202e')} <second@elsewhere.test>`,
  () => `(\u202e<comment>) hostile@elsewhere.test (((((((((x)))))))))`,
  () => `undisclosed:hostile@elsewhere.test;`,
  () => `=?utf-8?Q?=3Cb=3Ex=3C/b=3E?= =?x-unknown?B?PHNjcmlwdD4=?= <hostile@elsewhere.test>`,
];

const names: readonly Whole[] = SENDERS.map((sender) => (bait, number) => {
  const from = sender(bait);
  const fields = { From: from, To: from, Cc: from, 'Reply-To': from, 'Content-Type': 'text/plain; charset=utf-8' };
  return mail([...head(number, fields), '', 'Look at the sender.', '']);
});

/** What stands in the other fields, and where the application shows it. */
const FIELDS: readonly ((bait: Bait, number: number) => Readonly<Record<string, string>>)[] = [
  (_, number) => ({ Subject: encoded(`${subjectOf(number)} \u202egnp.exe`) }),
  ({ js }, number) => ({ Subject: encoded(`${subjectOf(number)}</title><script>${js}</script>`) }),
  ({ js }, number) => ({ Subject: encoded(`${subjectOf(number)}"><svg/onload=${js}>&lt;script&gt;`) }),
  (_, number) => ({ Subject: `${subjectOf(number)} ${'very '.repeat(180)}long` }),
  (_, number) => ({ Subject: encoded(`${subjectOf(number)} \${7*7} {{7*7}} %s %n <%= x %>`) }),
  ({ js }) => ({ 'In-Reply-To': `<"><script>${js}</script>@x>`, References: `<"><script>${js}</script>@x>` }),
  ({ js }) => ({ Date: `<script>${js}</script>` }),
  () => ({ Date: 'Fri, 99 Feb 275760 25:61:61 +9999' }),
  () => ({ Date: 'Thu, 01 Jan 0000 00:00:00 -0000' }),
  ({ js }) => ({ 'Disposition-Notification-To': `"<script>${js}</script>" <hostile@elsewhere.test>` }),
  ({ url }) => ({
    'List-Unsubscribe': `<javascript:x>, <${url('unsubscribe')}>`,
    'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
  }),
  ({ url, js }) => ({ 'X-Face': js, Face: js, 'BIMI-Location': url('bimi'), 'X-Image-URL': url('face') }),
  ({ js }) => ({ 'Authentication-Results': `mail.test; dkim=pass; spf=pass <script>${js}</script>; dmarc=pass` }),
  ({ js }) => ({ 'X-Spam-Status': `<img src=x onerror=${js}>`, 'Pabal-Warning': `<img src=x onerror=${js}>` }),
  ({ js }) => ({
    Importance: `high"><script>${js}</script>`,
    Keywords: `<script>${js}</script>`,
    Comments: `<script>${js}</script>`,
  }),
  ({ js }) => ({
    'Content-Type': `text/html; charset="utf-8"; x="<script>${js}</script>"`,
    'Content-Location': `javascript:${js}`,
  }),
];

const fields: readonly Whole[] = FIELDS.map(
  (of) => (bait, number) =>
    mail([
      ...head(number, { 'Content-Type': 'text/plain', ...of(bait, number) }),
      '',
      `<img src=x onerror=${bait.js}> is text here.`,
      '',
    ]),
);

/** Names of files: what the ending seems to be, folders, markup. */
const FILES: readonly ((bait: Bait) => readonly [name: string, type: string])[] = [
  () => ['\u202egpj.exe', 'image/jpeg'],
  () => ['invoice.pdf\u00a0\u00a0\u00a0\u00a0\u00a0\u00a0\u00a0\u00a0\u00a0\u00a0.exe', 'application/pdf'],
  () => ['../../../../etc/passwd', 'text/plain'],
  () => ['..\\..\\windows\\system32\\x.dll', 'application/octet-stream'],
  () => ['CON', 'text/plain'],
  () => ['.htaccess', 'text/plain'],
  () => ['x'.repeat(5_000), 'text/plain'],
  () => ['', ''],
  ({ js }) => [`<img src=x onerror=${js}>`, 'image/png'],
  ({ js }) => [`"><svg onload=${js}>.svg`, 'image/svg+xml'],
  ({ js }) => ['x.html', `text/html"><script>${js}</script>`],
  ({ js }) => [`x.html;${js}`, 'text/html'],
  () => ['x.svg', 'image/svg+xml'],
  () => ['x.xml', 'text/xml'],
  () => ['x.xhtml', 'application/xhtml+xml'],
  () => ['x.xsl', 'text/xsl'],
  () => ['x.pdf', 'application/pdf'],
  () => ['x.js', 'text/javascript'],
  () => ['x.css', 'text/css'],
  () => ['x.mht', 'multipart/related'],
  () => ['x.eml', 'message/rfc822'],
  () => ['x.ics', 'text/calendar'],
  () => ['x.vcf', 'text/vcard'],
  () => ['x.swf', 'application/x-shockwave-flash'],
  () => ['service-worker.js', 'application/javascript'],
];

const files: readonly Whole[] = FILES.map((of) => (bait, number) => {
  const [name, type] = of(bait);
  const content = `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><script>${bait.js}</script><img src="${bait.url('file')}"/></html>`;
  return related(
    number,
    `<p>A file.</p><a href="cid:file@x">open it</a>`,
    [
      [
        `Content-Type: ${type}`,
        'Content-ID: <file@x>',
        `Content-Disposition: ${number % 2 === 0 ? 'inline' : 'attachment'}; filename*=utf-8''${encodeURIComponent(name)}`,
        'Content-Transfer-Encoding: base64',
        '',
        ...base64Lines(content),
      ],
    ],
    'mixed',
  );
});

/** Structures that two readers understand in two ways. */
const STRUCTURES: readonly ((bad: string, number: number) => readonly string[])[] = [
  (bad) => ['Content-Type: TEXT/HTML', '', bad],
  (bad) => ['Content-Type: text/html\t;charset=utf-8', '', bad],
  (bad) => ['Content-Type: text/plain', 'Content-Type: text/html', '', bad],
  (bad) => ['Content-Type: text/html', 'Content-Type: text/plain', '', bad],
  (bad) => ['Content-Type: text/x-html', '', bad],
  (bad) => ['Content-Type: html', '', bad],
  (bad) => ['Content-Type:', '', bad],
  (bad) => ['Content-Type: multipart/mixed', '', bad],
  (bad) => ['Content-Type: multipart/mixed; boundary=""', '', '--', 'Content-Type: text/html', '', bad, '----'],
  (bad) => [
    'Content-Type: multipart/mixed; boundary=b; boundary=c',
    '',
    '--c',
    'Content-Type: text/html',
    '',
    bad,
    '--b',
    'Content-Type: text/html',
    '',
    bad,
  ],
  (bad) => ['Content-Type: multipart/mixed; boundary=b', '', '--b', 'Content-Type: text/html', '', bad],
  (bad) => ['Content-Type: multipart/mixed; boundary=b', '', bad, '--b--', bad],
  (bad) => [
    'Content-Type: multipart/alternative; boundary=b',
    '',
    '--b',
    'Content-Type: text/html',
    '',
    bad,
    '--b',
    '',
    'plain',
    '--b--',
  ],
  (bad) => [
    'Content-Type: multipart/alternative; boundary=b',
    '',
    '--b',
    'Content-Type: image/svg+xml',
    '',
    bad,
    '--b',
    'Content-Type: text/html',
    '',
    bad,
    '--b--',
  ],
  (bad) => [
    'Content-Type: multipart/related; boundary=b; start="<second>"',
    '',
    '--b',
    'Content-Type: text/plain',
    '',
    'x',
    '--b',
    'Content-ID: <second>',
    'Content-Type: text/html',
    '',
    bad,
    '--b--',
  ],
  (bad) => ['Content-Type: message/rfc822', '', 'Subject: inner', 'Content-Type: text/html', '', bad],
  (bad) => [
    'Content-Type: multipart/digest; boundary=b',
    '',
    '--b',
    '',
    'Subject: inner',
    'Content-Type: text/html',
    '',
    bad,
    '--b--',
  ],
  (bad) => ['Content-Type: message/partial; id=x; number=1; total=1', '', 'Content-Type: text/html', '', bad],
  (bad) => [
    'Content-Type: message/external-body; access-type=URL; url="http://canary.test/x"',
    '',
    'Content-Type: text/html',
    '',
    bad,
  ],
  (bad) => ['Content-Type: text/enriched', '', bad],
  (bad) => ['Content-Type: text/richtext', '', bad],
  (bad) => ['Content-Type: application/xhtml+xml', '', bad],
  (bad) => ['Content-Type: text/xml', '', bad],
  (bad) => ['Content-Type: text/html; format=flowed; delsp=yes', '', bad.replaceAll(' ', ' \r\n')],
  (bad) => [
    'Content-Type: text/html',
    'Content-Transfer-Encoding: quoted-printable',
    '',
    bad.replaceAll('<', '=3C').replaceAll('=o', '=3Do'),
  ],
  (bad) => [
    'Content-Type: text/html',
    'Content-Transfer-Encoding: base64',
    '',
    `!!${Buffer.from(bad)
      .toString('base64')
      .replaceAll(/(.{5})/g, '$1 \x00-')}`,
  ],
  (bad) => ['Content-Type: text/html', 'Content-Transfer-Encoding: x-uuencode', '', bad],
  (bad) => ['Content-Type: text/html', 'Content-Transfer-Encoding: base64', 'Content-Transfer-Encoding: 7bit', '', bad],
  (bad) => ['Content-Type: text/html; charset="utf-8', '', bad],
  (bad) => [`Content-Type: text/html; name*0="x"; name*1*=utf-8''%3Cscript%3E; name*2="y"`, '', bad],
  (bad) => ['Content-Type: text/html', 'Content-Disposition: attachment; filename=x.html', '', bad],
  (bad) => [...nested(bad, 30)],
  (bad) => [
    'Content-Type: multipart/signed; boundary=b; protocol="application/pgp-signature"',
    '',
    '--b',
    'Content-Type: text/html',
    '',
    bad,
    '--b',
    'Content-Type: application/pgp-signature',
    '',
    'x',
    '--b--',
  ],
  (bad) => [
    'Content-Type: multipart/encrypted; boundary=b',
    '',
    '--b',
    'Content-Type: text/html',
    '',
    `<img src="http://x/${'x'.repeat(500)}`,
    '--b',
    'Content-Type: text/html',
    '',
    bad,
    '--b--',
  ],
];

function* nested(bad: string, depth: number): Iterable<string> {
  for (let i = 0; i < depth; i++) yield* [`Content-Type: multipart/mixed; boundary=b${i}`, '', `--b${i}`];
  yield* ['Content-Type: text/html', '', bad];
}

const structures: readonly Whole[] = STRUCTURES.map((of) => ({ js, url }, number) => {
  const bad = `<p>x</p><script>${js}</script><img src=x onerror=${js}><img src="${url('structure')}">`;
  const lines = of(bad, number);
  return mail([...head(number), ...lines, '']);
});

const CHARSETS: readonly ((js: string) => readonly [charset: string, bytes: Buffer])[] = [
  (js) => ['utf-7', Buffer.from(`+ADw-script+AD4-${js}+ADw-/script+AD4-`)],
  (js) => ['x-user-defined', Buffer.from(`<script>${js}</script>`)],
  (js) => ['utf-16', Buffer.from(`\ufeff<script>${js}</script>`, 'utf16le')],
  (js) => ['utf-16be', Buffer.from(`<script>${js}</script>`, 'utf16le').swap16()],
  (js) => ['utf-32', Buffer.from(`\0\0\0${Array.from(`<script>${js}</script>`).join('\0\0\0')}`)],
  (js) => ['iso-2022-jp', Buffer.from(`<a title="\x1b$B">\x1b(B<img src=x onerror=${js}>"`, 'latin1')],
  (js) => ['iso-2022-kr', Buffer.from(`\x1b$)C<p title="\x0e">\x0f<img src=x onerror=${js}>"`, 'latin1')],
  (js) => ['hz-gb-2312', Buffer.from(`~{<script>${js}</script>~}<p title="~{">~}<img src=x onerror=${js}>`)],
  (js) => ['shift_jis', Buffer.from(`<p title="\x81">x</p><img alt="\x83" src=x onerror=${js}>`, 'latin1')],
  (js) => ['euc-kr', Buffer.from(`<p title="\xa1">x</p><img alt="\xc8" src=x onerror=${js}>`, 'latin1')],
  (js) => ['ks_c_5601-1987', Buffer.from(`<p title="\x81">x</p><img alt="\xfe" src=x onerror=${js}>`, 'latin1')],
  (js) => ['big5', Buffer.from(`<p title="\xa4">x</p><img alt="\xf9" src=x onerror=${js}>`, 'latin1')],
  (js) => ['gb18030', Buffer.from(`<p title="\x81\x30\x81">x</p><img alt="\x84" src=x onerror=${js}>`, 'latin1')],
  (js) => [
    'utf-8',
    Buffer.concat([Buffer.from([0xc0, 0xbc]), Buffer.from(`script>${js}</script>`), Buffer.from([0xe0, 0x80, 0xbc])]),
  ],
  (js) => [
    'utf-8',
    Buffer.concat([Buffer.from(`<p title="`), Buffer.from([0xf4, 0x90]), Buffer.from(`"><img src=x onerror=${js}>`)]),
  ],
  (js) => ['ebcdic-us', Buffer.from(`\x4c\xa2\x83\x99\x89\x97\xa3\x6e${js}`, 'latin1')],
  (js) => ['"><script>', Buffer.from(`<script>${js}</script>`)],
  (js) => ['unicode-1-1-utf-7', Buffer.from(`+ADxpbWcgc3JjPXggb25lcnJvcj0-${js}+AD4-`)],
];

const charsets: readonly Whole[] = CHARSETS.map((of) => ({ js }, number) => {
  const [charset, bytes] = of(js);
  return mail([
    ...head(number, {
      'Content-Type': `text/html; charset=${charset}`,
      'Content-Transfer-Encoding': 'base64',
    }),
    '',
    ...base64Lines(bytes),
    '',
  ]);
});

const TEXTS: readonly ((bait: Bait) => string)[] = [
  ({ js }) => `http://x.example?"onmouseover="${js}`,
  ({ js }) => `http://x.example/'onclick='${js}' https://x.example/\`onclick=${js}\``,
  ({ js }) => `https://x.example/<script>${js}</script> https://x.example/%22%3E%3Cscript%3E`,
  ({ js }) => `javascript:${js} JAVASCRIPT:${js}//http://x.example/`,
  ({ js }) => `data:text/html,<script>${js}</script> vbscript:${js}`,
  ({ js }) => `mailto:a@b.example?body="><script>${js}</script> <mailto:x@y.example"onclick="${js}">`,
  ({ js }) => `[link](javascript:${js}) [1]: javascript:${js} "x" <javascript:${js}>`,
  ({ js }) => `www.x.example/"onmouseover=${js} ftp://x.example/"onfocus=${js}`,
  () => `https://bank.example\u202e/moc.elpmaxe https://x.example/\u200b\u200c https://\u0430pple.example/`,
  () => `https://bank.example@evil.example/ https://bank.example%00.evil.example/ https://[::1]/ http://0x7f.1/`,
  () => `https://x.example/${'a'.repeat(10_000)} ${'https://x.example/ '.repeat(5_000)}`,
  () => `${'>'.repeat(5_000)} quoted\n${'> x\n'.repeat(5_000)}`,
  ({ js }) => `> <script>${js}</script>\n>> <img src=x onerror=${js}>\n-- \n<svg onload=${js}>`,
  ({ js }) => `\u001b[31m<b>x</b>\u0000\u0007\f\v<img src=x onerror=${js}>\u2028${js}\u2029`,
  ({ js }) => `begin 644 x.html\n<script>${js}</script>\nend`,
  ({ js }) => `<html><body onload=${js}>text/plain that looks like HTML</body></html>`,
];

const texts: readonly Whole[] = TEXTS.map(
  (of) => (bait, number) =>
    mail([
      ...head(number, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Transfer-Encoding': 'base64' }),
      '',
      ...base64Lines(of(bait)),
      '',
    ]),
);

/** Links whose text says something else than where they lead; shown, with a warning. */
const LURES: readonly string[] = [
  '<a href="https://evil.example/">https://bank.example/</a>',
  '<a href="https://bаnk.example/">bank.example</a>',
  '<a href="https://xn--80ak6aa92e.example/">https://apple.example/</a>',
  '<a href="https://bank.example@evil.example/">Bank</a>',
  '<a href="https://bank.example.evil.example/" title="https://bank.example/">https://bank.example</a>',
  '<a href="https://evil.example/">https://bank.example/\u202emoc\u202c</a>',
  '<a href="https://evil.example/\u200b">b\u200ba\u200bn\u200bk</a>',
  '<a href="http://192.0.2.7/login">https://bank.example/login</a>',
  '<a href="http://3221225479/">bank.example</a>',
  '<a href="https://evil.example/?https://bank.example/">https://bank.example/</a>',
  '<a href="https:\\\\evil.example\\bank.example">https://bank.example/</a>',
  '<a href="https://evil.example%2fbank.example/">https://bank.example/</a>',
];

const lures: readonly Whole[] = LURES.map((html) => (_, number) => htmlMail(number, `<p>Please: ${html}</p>`));

export const ENVELOPE: Readonly<Record<string, readonly Whole[]>> = {
  cids,
  names,
  fields,
  files,
  structures,
  charsets,
  texts,
  lures,
};
