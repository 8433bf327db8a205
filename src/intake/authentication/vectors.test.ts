/** Published examples, and what another program signed. */
import { generateKeyPairSync } from 'node:crypto';
import { dkimSign } from 'mailauth/lib/dkim/sign.js';
import { expect, test } from 'vitest';
import { StaticResolver } from '../../adapters/resolver-static.ts';
import { HeaderBlock } from '../../mail/header.ts';
import { lookup } from './dns.ts';
import { checkSignatures, type Signatures } from './signatures.ts';

const NOW = Date.UTC(2026, 10, 21);

async function verify(message: string, records: Readonly<Record<string, string>>, now = NOW): Promise<Signatures> {
  const zones = Object.fromEntries(Object.entries(records).map(([name, txt]) => [name, { txt: [txt] }]));
  const raw = Buffer.from(message);
  const header = HeaderBlock.parse(raw.subarray(0, raw.indexOf('\r\n\r\n') + 2));
  const dns = lookup(new StaticResolver(zones), new AbortController().signal);
  const check = checkSignatures(header, dns, now);
  // In odd pieces: what comes together on the wire is chance.
  for (let at = 0; at < raw.length; at += 13) await check.push(raw.subarray(at, at + 13));
  return check.end();
}

const crlf = (text: string): string => text.replaceAll('\n', '\r\n');

/** RFC 8463 appendix A: one message, signed with Ed25519 and with RSA. */
const RFC_8463 = crlf(`DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=test; t=1528637909; h=from : to : subject :
 date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3
 DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz
 dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game.  Are you hungry yet?

Joe.
`);

const RFC_8463_KEYS = {
  'brisbane._domainkey.football.example.com': 'v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=',
  'test._domainkey.football.example.com':
    'v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB',
};

const verdicts = ({ dkim }: Signatures): string[] => dkim.map(({ result, algorithm }) => `${algorithm} ${result}`);

test('RFC 8463, appendix A', async () => {
  expect(verdicts(await verify(RFC_8463, RFC_8463_KEYS))).toEqual(['ed25519-sha256 pass', 'rsa-sha256 pass']);
});

test('any byte of it changed, and it fails', async () => {
  const changed = [
    RFC_8463.replace('hungry', 'hungrY'),
    RFC_8463.replace('Is dinner', 'is dinner'),
    RFC_8463.replace('joe@football', 'bob@football'),
    RFC_8463.replaceAll('t=1528637909', 't=1528637908'),
    `${RFC_8463}more\r\n`,
    RFC_8463.replace('Subject:', 'Subject: second\r\nSubject:'),
  ];
  for (const message of changed)
    expect(verdicts(await verify(message, RFC_8463_KEYS))).toEqual(['ed25519-sha256 fail', 'rsa-sha256 fail']);
});

test('what relaxed canonicalization allows may change', async () => {
  const changed = RFC_8463.replace('Subject: Is', 'SUBJECT :  Is').replace('game.  Are', 'game. \t Are') + '\r\n\r\n';
  expect(verdicts(await verify(changed, RFC_8463_KEYS))).toEqual(['ed25519-sha256 pass', 'rsa-sha256 pass']);
});

test('a key that is gone, revoked, for another purpose or broken proves nothing', async () => {
  const [name = ''] = Object.keys(RFC_8463_KEYS);
  const key = RFC_8463_KEYS['brisbane._domainkey.football.example.com'];
  for (const record of [
    'v=DKIM1; k=ed25519; p=',
    key.replace('k=ed25519', 'k=rsa'),
    `${key}; s=other`,
    `${key}; h=sha1`,
    key.replace('DKIM1', 'DKIM2'),
    'p=!!!',
    'x'.repeat(64_000),
    '',
  ]) {
    const [result] = (await verify(RFC_8463, { [name]: record })).dkim;
    expect(result?.result, record.slice(0, 60)).toMatch(/^(neutral|permerror|policy)$/);
  }
});

test('a signature ends when it says so, whatever this machine takes the day to be (I-7)', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const DAY = 86_400_000;
  const message = 'From: kim@author.test\r\nSubject: x\r\n\r\nhello\r\n';
  const key = {
    signingDomain: 'author.test',
    selector: 's',
    algorithm: 'ed25519-sha256',
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  };
  const { signatures } = await dkimSign(Buffer.from(message), {
    ...key,
    canonicalization: 'relaxed/relaxed',
    signTime: new Date(NOW),
    expires: new Date(NOW + DAY),
    signatureData: [key],
  });
  const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64');
  const records = { 's._domainkey.author.test': `v=DKIM1; k=ed25519; p=${raw}` };
  const at = async (now: number) => (await verify(`${signatures}${message}`, records, now)).dkim[0]?.result;
  expect(await at(NOW)).toBe('pass');
  // Nobody refuses a signature because its signer's clock is ahead.
  expect(await at(NOW - DAY)).toBe('pass');
  expect(await at(NOW + DAY + 1000)).not.toBe('pass');
});
