/** What every resolver must do: the same names, wherever they are written down. */
import { describe, expect, it } from 'vitest';
import type { Resolver } from './resolver.ts';

export function resolverContract(name: string, make: () => Resolver): void {
  describe(`${name} keeps the contract of a resolver`, () => {
    it('answers what it is asked for', async () => {
      await using resolver = make();
      expect(await resolver.mx('mail.test')).toEqual([
        { exchange: 'mx1.mail.test', preference: 10 },
        { exchange: 'mx2.mail.test', preference: 20 },
      ]);
      expect(await resolver.mx('MAIL.test.')).toHaveLength(2);
      expect(await resolver.txt('mail.test')).toEqual(['v=spf1 -all', `long ${'x'.repeat(400)}`]);
      expect(await resolver.ptr('192.0.2.1')).toEqual(['host.test']);
      expect(await resolver.ptr('2001:db8::1')).toEqual(['six.test']);
      expect(await resolver.srv('_imaps._tcp.mail.test')).toEqual([
        { priority: 0, weight: 1, port: 993, target: 'mx1.mail.test' },
      ]);
    });

    it('knows IPv6 and IPv4 addresses, and addresses that are written as such', async () => {
      await using resolver = make();
      expect(await resolver.addresses('both.test')).toEqual([
        { address: '2001:db8::1', family: 6 },
        { address: '192.0.2.1', family: 4 },
      ]);
      expect(await resolver.addresses('four.test')).toEqual([{ address: '192.0.2.4', family: 4 }]);
      expect(await resolver.addresses('192.0.2.9')).toEqual([{ address: '192.0.2.9', family: 4 }]);
      expect(await resolver.addresses('2001:db8::9')).toEqual([{ address: '2001:db8::9', family: 6 }]);
    });

    it('tells a null MX from a missing one', async () => {
      await using resolver = make();
      expect(await resolver.mx('null-mx.test')).toEqual([{ exchange: '', preference: 0 }]);
      await expect(resolver.mx('both.test')).rejects.toMatchObject({ kind: 'nodata', permanent: true });
    });

    it('says what was validated', async () => {
      await using resolver = make();
      expect(await resolver.mx('secure.test')).toEqual([
        { exchange: 'secure.test', preference: 1, authenticated: true },
      ]);
      expect(await resolver.addresses('secure.test')).toEqual([
        { address: '192.0.2.5', family: 4, authenticated: true },
      ]);
      const [tlsa] = await resolver.tlsa('_25._tcp.secure.test');
      expect(tlsa).toMatchObject({ usage: 3, selector: 1, matchingType: 1, authenticated: true });
      expect(Buffer.from(tlsa?.data ?? [])).toEqual(Buffer.alloc(32, 7));
    });

    it('tells what is not there from what is not known', async () => {
      await using resolver = make();
      await expect(resolver.mx('none.test')).rejects.toMatchObject({ kind: 'nxdomain', permanent: true });
      await expect(resolver.addresses('none.test')).rejects.toMatchObject({ kind: 'nxdomain' });
      await expect(resolver.tlsa('_25._tcp.both.test')).rejects.toMatchObject({ permanent: true });
      await expect(resolver.mx('broken.test')).rejects.toMatchObject({ kind: 'servfail', permanent: false });
      await expect(resolver.addresses('broken.test')).rejects.toMatchObject({ kind: 'servfail' });
      await expect(resolver.mx('')).rejects.toMatchObject({ kind: 'nxdomain' });
      await expect(resolver.mx('a'.repeat(300))).rejects.toMatchObject({ kind: 'nxdomain' });
    });

    it('stops when it is told to, with the reason', async () => {
      await using resolver = make();
      const stop = AbortSignal.abort(new Error('enough'));
      await expect(resolver.mx('mail.test', stop)).rejects.toThrow('enough');
    });
  });
}
