/** `[sign_up]`: whether people may make accounts for themselves. */
import { z } from 'zod';
import { choice, count, size, texts } from './values.ts';

export const signUp = z
  .strictObject({
    mode: choice(
      ['off', 'approval', 'open'],
      'off',
      'Who may make an account on the web: nobody; everybody, but it opens only when an administrator allows it (`pabal account resume`, or the page of accounts); everybody at once.',
    ),
    domains: texts(
      'Domains in which people may choose an address; none named: all domains of this service.',
      'a list of domains',
    ),
    reserved: texts(
      'Names before the @ that nobody may choose, beside those that belong to offices (postmaster, abuse, admin …).',
      'a list of names',
    ),
    per_network: count(3, { min: 1, max: 100_000 }, 'Accounts a day from one IPv4 /24 or IPv6 /64.'),
    per_day: count(50, { min: 1, max: 1_000_000 }, 'Accounts a day in all.'),
    quota: size('1GB', 'Room of an account that was made so; 0 = no limit.'),
  })
  .prefault({})
  .describe('Accounts that people make for themselves on the web.');
