import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fromBase32, toBase32 } from './base32.ts';
import { isSrs, srsForward, srsReverse } from './srs.ts';
import { isVerp, readVerp, verpAddress } from './verp.ts';

const SECRET = Buffer.from('a secret of thirty-two bytes ...');
const OTHER = Buffer.from('another one of thirty-two bytes .');
const NOW = Date.UTC(2026, 10, 21);
const DAY = 86_400_000;

describe('base32', () => {
  it('writes what RFC 4648 §10 writes, and reads it in either case', () => {
    expect(['', 'f', 'fo', 'foo', 'foob', 'fooba', 'foobar'].map((text) => toBase32(Buffer.from(text)))).toEqual([
      '',
      'my',
      'mzxq',
      'mzxw6',
      'mzxw6yq',
      'mzxw6ytb',
      'mzxw6ytboi',
    ]);
    for (let length = 0; length < 40; length++) {
      const bytes = randomBytes(length);
      expect(fromBase32(toBase32(bytes).toUpperCase())).toEqual(bytes);
    }
    for (const wrong of ['m', 'mz1', 'mzx', 'mý', 'mz=']) expect(fromBase32(wrong), wrong).toBeUndefined();
  });
});

describe('VERP', () => {
  const facts = { account: 'f0f1f2f3f4f5f6f7f8f9fafb', id: '0123456789abcdef01234567', part: 65_535 };
  const address = verpAddress(facts, 'ours.test', SECRET, NOW);

  it('comes back as it went, in either case', () => {
    expect(address).toMatch(/^bounces\+[a-z2-7]{56}@ours\.test$/);
    expect(readVerp(address, SECRET, NOW + 59 * DAY)).toEqual(facts);
    expect(readVerp(address.toUpperCase(), SECRET, NOW)).toEqual(facts);
    expect(readVerp(address, SECRET, NOW - DAY)).toEqual(facts);
    expect(isVerp('Bounces+x')).toBe(true);
    expect(isVerp('bounces')).toBe(false);
  });

  it('no character of it can be changed, nor its domain, nor the secret', () => {
    const [local = ''] = address.split('@');
    for (let i = 8; i < local.length; i++) {
      const changed = `${local.slice(0, i)}${local[i] === 'a' ? 'b' : 'a'}${local.slice(i + 1)}@ours.test`;
      expect(readVerp(changed, SECRET, NOW), changed).toBeUndefined();
    }
    expect(readVerp(address.replace('ours', 'other'), SECRET, NOW)).toBeUndefined();
    expect(readVerp(address, OTHER, NOW)).toBeUndefined();
    for (const wrong of ['', '@', 'bounces+@ours.test', `bounces+${'a'.repeat(5_000)}@ours.test`, 'kim@ours.test'])
      expect(readVerp(wrong, SECRET, NOW)).toBeUndefined();
  });

  it('is not believed for ever', () => {
    expect(readVerp(address, SECRET, NOW + 61 * DAY)).toBeUndefined();
    expect(readVerp(address, SECRET, NOW + 250 * DAY)).toBeUndefined();
  });
});

describe('SRS', () => {
  const forward = (sender: string, domain = 'ours.test', secret = SECRET) => srsForward(sender, domain, secret, NOW)!;

  it('goes out under our domain and comes back', () => {
    const address = forward('kim@author.test');
    expect(address).toMatch(/^SRS0=[a-z2-7]{8}=[a-z2-7]{2}=author\.test=kim@ours\.test$/);
    expect(isSrs(address)).toBe(true);
    expect(srsReverse(address, SECRET, NOW + 20 * DAY)).toBe('kim@author.test');
    expect(srsReverse(address.replace('SRS0', 'srs0'), SECRET, NOW)).toBe('kim@author.test');
    expect(srsReverse(forward('a=b=c@author.test'), SECRET, NOW)).toBe('a=b=c@author.test');
  });

  it('a second and a third forwarder add nothing but themselves, and the way back is one hop', () => {
    const first = forward('kim@author.test', 'first.test', OTHER);
    const second = forward(first, 'second.test', SECRET);
    expect(second).toMatch(/^SRS1=[a-z2-7]{8}=first\.test==[a-z2-7]{8}=[a-z2-7]{2}=author\.test=kim@second\.test$/);
    const third = forward(second, 'third.test', OTHER);
    expect(third).toMatch(/^SRS1=[a-z2-7]{8}=first\.test==/);
    expect(srsReverse(third, OTHER, NOW)).toBe(first);
    expect(srsReverse(second, SECRET, NOW)).toBe(first);
    expect(srsReverse(first, OTHER, NOW)).toBe('kim@author.test');
    const plus = 'SRS0+abc=de=author.test=kim@first.test';
    expect(srsReverse(forward(plus), SECRET, NOW)).toBe(plus);
  });

  it('nothing can be made up, changed, or used for ever', () => {
    const address = forward('kim@author.test');
    for (const changed of [
      address.replace('kim', 'lee'),
      address.replace('author', 'victim'),
      address.replace(/=[a-z2-7]{2}=/, '=zz='),
      'SRS0=aaaaaaaa=aa=victim.test=kim@ours.test',
      'SRS0=kim@ours.test',
      'SRS1=aaaaaaaa=host==rest@ours.test',
      'SRS0=@',
      '',
    ])
      expect(srsReverse(changed, SECRET, NOW), changed).toBeUndefined();
    expect(srsReverse(address, OTHER, NOW)).toBeUndefined();
    expect(srsReverse(address, SECRET, NOW + 23 * DAY)).toBeUndefined();
  });

  it('leaves the null sender and our own, and gives up on what is too long', () => {
    expect(forward('')).toBe('');
    expect(forward('kim@OURS.test')).toBe('kim@OURS.test');
    expect(forward(`${'a'.repeat(60)}@author.test`)).toBeUndefined();
    expect(forward('no address')).toBeUndefined();
    expect(forward('"a b"@author.test')).toBeUndefined();
  });
});
