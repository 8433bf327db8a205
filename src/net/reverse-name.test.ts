import { describe, expect, it } from 'vitest';
import { MemoryCache } from '../adapters/cache-memory.ts';
import { ManualClock } from '../adapters/clock-manual.ts';
import { StaticResolver, type StaticZone } from '../adapters/resolver-static.ts';
import { ReverseNames } from './reverse-name.ts';

function names(zones: Record<string, StaticZone>) {
  const clock = new ManualClock();
  const resolver = new StaticResolver(zones);
  return { clock, resolver, names: new ReverseNames({ resolver, cache: new MemoryCache(clock), clock }) };
}

const v4 = (...all: string[]) => all.map((address) => ({ address, family: 4 as const }));

describe('the name of a client', () => {
  it('is what its address is called, if that name leads back to the address', async () => {
    const { names: all } = names({
      '192.0.2.1': { ptr: ['Wrong.example.test', 'MX.Example.test.'] },
      'wrong.example.test': { addresses: v4('192.0.2.99') },
      'mx.example.test': { addresses: v4('192.0.2.7', '192.0.2.1') },
      '192.0.2.2': { ptr: ['wrong.example.test'] },
      '192.0.2.3': { ptr: ['gone.example.test'] },
      '2001:db8::1': { ptr: ['six.example.test'] },
      'six.example.test': { addresses: [{ address: '2001:DB8:0:0::1', family: 6 }] },
    });
    expect(await all.begin('192.0.2.1').settled).toEqual({ result: 'pass', name: 'mx.example.test' });
    expect(await all.begin('2001:db8::1').settled).toEqual({ result: 'pass', name: 'six.example.test' });
    const others = { '192.0.2.2': 'fail', '192.0.2.3': 'fail', '192.0.2.4': 'permerror', nonsense: 'permerror' };
    for (const [address, result] of Object.entries(others))
      expect(await all.begin(address).settled, address).toEqual({ result, name: '' });
  });

  it('is asked for once, whoever asks at the same time and soon after; failures are asked again', async () => {
    const {
      names: all,
      resolver,
      clock,
    } = names({
      '192.0.2.1': { ptr: ['mx.example.test'] },
      'mx.example.test': { addresses: v4('192.0.2.1') },
      '192.0.2.2': { fails: 'servfail' },
      '192.0.2.3': { ptr: ['half.example.test'] },
      'half.example.test': { fails: 'timeout' },
    });
    await Promise.all([all.begin('192.0.2.1').settled, all.begin('192.0.2.1').settled]);
    const again = all.begin('192.0.2.1');
    expect((await again.settled).name).toBe('mx.example.test');
    expect(again.name).toBe('mx.example.test');
    await all.begin('192.0.2.2').settled;
    await all.begin('192.0.2.2').settled;
    expect(resolver.asked).toEqual(['ptr 192.0.2.1', 'addresses mx.example.test', 'ptr 192.0.2.2']);
    await clock.advance(120_000);
    await all.begin('192.0.2.1').settled;
    await all.begin('192.0.2.2').settled;
    expect(resolver.asked.slice(3)).toEqual(['ptr 192.0.2.2']);
    expect(await all.begin('192.0.2.2').settled).toEqual({ result: 'temperror', name: '' });
    expect(await all.begin('192.0.2.3').settled).toEqual({ result: 'temperror', name: '' });
  });

  it('of this machine is no question for DNS', async () => {
    const { names: all, resolver } = names({});
    expect(all.begin('127.0.0.1').name).toBe('localhost');
    expect(all.begin('::1').name).toBe('localhost');
    expect(all.begin('').name).toBeUndefined();
    expect(resolver.asked).toEqual([]);
  });

  it('is no line, no comment and not endless', async () => {
    const { names: all, resolver } = names({
      '192.0.2.1': { ptr: ['a\r\nX: y', 'a (b)', `${'a'.repeat(300)}.test`, '', ...Array<string>(50).fill('no.test')] },
    });
    expect((await all.begin('192.0.2.1').settled).result).toBe('fail');
    expect(resolver.asked.length).toBeLessThan(10);
  });

  it('is unknown when nobody answers in two seconds, and whoever asks meanwhile does not wait', async () => {
    const clock = new ManualClock();
    const aborted: unknown[] = [];
    const never = (signal?: AbortSignal): Promise<never> => {
      signal?.addEventListener('abort', () => aborted.push(signal.reason));
      return new Promise(() => undefined);
    };
    const resolver = {
      ptr: (_: string, signal?: AbortSignal) => never(signal),
      addresses: (_: string, signal?: AbortSignal) => never(signal),
    };
    const all = new ReverseNames({ resolver, cache: new MemoryCache(clock), clock });
    const asked = all.begin('192.0.2.1');
    expect(asked.name).toBeUndefined();
    await clock.advance(2000);
    expect((await asked.settled).result).toBe('temperror');
    expect(aborted).toHaveLength(1);
    expect(clock.waiting).toBe(0);
  });

  it('is not looked for when too many are looked for already', async () => {
    const clock = new ManualClock();
    let asked = 0;
    const resolver = {
      ptr: () => new Promise<never>(() => void asked++),
      addresses: () => Promise.reject(new Error('not reached')),
    };
    const all = new ReverseNames({ resolver, cache: new MemoryCache(clock), clock });
    const many = Array.from({ length: 300 }, (_, i) => all.begin(`2001:db8::${i.toString(16)}`));
    await clock.advance(2000);
    await Promise.all(many.map(({ settled }) => settled));
    expect(asked).toBe(100);
  });
});
