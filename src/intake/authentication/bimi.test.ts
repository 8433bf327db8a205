import { expect, test } from 'vitest';
import { StaticResolver, type StaticZone } from '../../adapters/resolver-static.ts';
import { brandIndicator, locationField } from './bimi.ts';
import type { Authentication } from './results.ts';

const PASSED: Authentication['dmarc'] = {
  result: 'pass',
  domain: 'news.author.test',
  policyDomain: 'author.test',
  policy: 'quarantine',
  disposition: 'none',
  spfAligned: true,
  dkimAligned: false,
};
const LOGO = 'https://author.test/logo.svg';
const ask = (zone: Record<string, StaticZone>, more: Partial<Authentication['dmarc']> = {}) =>
  brandIndicator({ ...PASSED, ...more }, new StaticResolver(zone), new AbortController().signal);
const record = (...txt: string[]): Record<string, StaticZone> => ({ 'default._bimi.author.test': { txt } });

test('the logo of a domain that stands behind the mail is named', async () => {
  const found = await ask(record(`v=BIMI1; l=${LOGO}; a=https://author.test/vmc.pem;`, 'something else'));
  expect(found).toEqual({
    result: 'pass',
    domain: 'author.test',
    location: LOGO,
    authority: 'https://author.test/vmc.pem',
  });
  expect(locationField(found)).toBe(`BIMI-Location: v=BIMI1;\r\n\tl=${LOGO};\r\n\ta=https://author.test/vmc.pem;\r\n`);
  const own = { ...record(`v=BIMI1; l=${LOGO}`), 'default._bimi.news.author.test': { txt: ['v=BIMI1; l=; a='] } };
  expect(await ask(own), 'its own record comes first').toMatchObject({
    result: 'declined',
    domain: 'news.author.test',
  });
  expect(locationField(await ask(own))).toBe('');
});

test('nobody is asked about a domain that does not stand behind it, or has no such policy', async () => {
  const zone = record(`v=BIMI1; l=${LOGO}`);
  for (const more of [{ result: 'fail' }, { result: 'none' }, { policy: 'none' }] as const)
    expect(await ask(zone, more)).toBeUndefined();
  expect(await ask({})).toBeUndefined();
});

test('what is no record of the kind is not passed on', async () => {
  for (const texts of [
    ['v=BIMI1'],
    ['v=BIMI1; l=http://author.test/logo.svg'],
    [`v=BIMI1; l=${LOGO}\r\nX-Evil: 1`],
    [`v=BIMI1; l=https://author.test/${'x'.repeat(500)}`],
    [`v=BIMI1; l=${LOGO}; a=ftp://author.test/`],
    [`v=BIMI1; l=${LOGO}`, `v=BIMI1; l=${LOGO}`],
  ]) {
    const found = await ask(record(...texts));
    expect(found).toEqual({ result: 'fail', domain: 'author.test', location: '', authority: '' });
    expect(locationField(found)).toBe('');
  }
  expect(await ask({ 'default._bimi.news.author.test': { fails: 'servfail' } })).toMatchObject({ result: 'temperror' });
});
