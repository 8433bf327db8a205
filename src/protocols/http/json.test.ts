import { describe, expect, test } from 'vitest';
import { parseJson } from './json.ts';
import { Problem } from './reply.ts';

const limits = { depth: 8, tokens: 100 };

function read(text: string): unknown {
  try {
    return parseJson(Buffer.from(text), limits);
  } catch (error) {
    if (error instanceof Problem) return error.code;
    throw error;
  }
}

describe('JSON from strangers', () => {
  test('is read like JSON', () => {
    const value = { a: [1, 'x"y\\', '한글', null, { b: true }], 'c"': '[[[[[[[[[[[[,,,,,,' };
    expect(read(JSON.stringify(value))).toEqual(value);
  });

  test('may not be nested deeply (C23)', () => {
    expect(read(`${'['.repeat(8)}${']'.repeat(8)}`)).toBeInstanceOf(Array);
    expect(read('['.repeat(9))).toBe('invalid');
    expect(read('{"a":'.repeat(100_000))).toBe('invalid');
  });

  test('may not hold very many values (C23)', () => {
    expect(read(`[${'1,'.repeat(200)}1]`)).toBe('too-large');
    expect(read(`{${Array.from({ length: 200 }, (_, i) => `"k${i}":1`).join()}}`)).toBe('too-large');
  });

  test('counts a string as one value whatever is in it, also at its edges', () => {
    expect(read(JSON.stringify('"'.repeat(5_000)))).toBe('"'.repeat(5_000));
    expect(read(JSON.stringify(`${'\\'.repeat(4_001)}`))).toBe('\\'.repeat(4_001));
    expect(read(`"${'\\'.repeat(3)}`)).toBe('invalid');
    expect(read('"unfinished')).toBe('invalid');
  });

  test('has no key __proto__, however it is spelled (C29)', () => {
    for (const key of ['__proto__', '\\u005f_proto__', '__pr\\u006fto__', '\\u005F\\u005Fproto__'])
      expect(read(`{"a":[{"${key}":{"x":1}}]}`), key).toBe('invalid');
    expect(read('{"constructor":1,"toString":2}')).toEqual({ constructor: 1, toString: 2 });
    expect(read('{"a":"__proto__"}')).toEqual({ a: '__proto__' });
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });

  test('is UTF-8', () => {
    expect(() => parseJson(Buffer.from([0x22, 0xff, 0x22]), limits)).toThrow(Problem);
  });
});
