import { expect, test } from 'vitest';
import { checkedKeys, encryptPush, MOST_PUSHED } from './encrypt.ts';

const KEYS = {
  p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
  auth: 'BTBZMqHH6r4Tts7J_aSIgg',
};
const SALT = Buffer.from('DGv6ra1nlYgDCS1FRnbzlw', 'base64url');
const OURS = Buffer.from('yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw', 'base64url');

test('RFC 8291, appendix A', () => {
  const text = Buffer.from('When I grow up, I want to be a watermelon');
  expect(encryptPush(text, KEYS, { salt: SALT, ourKey: OURS }).toString('base64url')).toBe(
    'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_' +
      'yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN',
  );
});

test('the most that is pushed is what every push service takes', () => {
  const keys = { salt: SALT, ourKey: OURS };
  expect(encryptPush(Buffer.alloc(MOST_PUSHED), KEYS, keys)).toHaveLength(4096);
  expect(() => encryptPush(Buffer.alloc(MOST_PUSHED + 1), KEYS, keys)).toThrow('a push of');
});

test('keys that are none are refused', () => {
  const offCurve = Buffer.concat([Uint8Array.of(4), Buffer.alloc(64, 1)]).toString('base64url');
  for (const wrong of [
    { ...KEYS, p256dh: '' },
    { ...KEYS, p256dh: KEYS.p256dh.slice(0, -4) },
    { ...KEYS, p256dh: offCurve },
    { ...KEYS, auth: 'AAAA' },
  ])
    expect(() => checkedKeys(wrong)).toThrow(expect.objectContaining({ code: 'syntax' }));
});
