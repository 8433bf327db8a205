/** The five scenarios of the paper, as its three phases choose among them. */
import { expect, test } from 'vitest';
import { decideReceiving, decideSending, type Sending } from './decision.ts';
import type { Phase } from './policy.ts';

const ORIGINAL: Sending = {
  original: true,
  large: false,
  system: 'downmail',
  sender: 'system',
  known: false,
  phase: 'introduction',
  recipient: 'conventional',
};

test('scenario 1: a conventional server sends everything whole, and so do all signal mails', () => {
  for (const system of ['conventional', 'hybrid-receive'] as const)
    for (const recipient of ['downmail', 'conventional'] as const)
      expect(decideSending({ ...ORIGINAL, system, recipient, phase: 'maturity', sender: 'downmail' })).toBe('whole');
  expect(decideSending({ ...ORIGINAL, original: false, phase: 'maturity', sender: 'downmail' })).toBe('whole');
});

test('scenarios 2, 4 and 5: who knows Downmail gets notifications in all phases, the others from diffusion on', () => {
  const verdicts = (recipient: Sending['recipient']) =>
    (['introduction', 'diffusion', 'maturity'] satisfies Phase[]).map((phase) =>
      decideSending({ ...ORIGINAL, recipient, phase }),
    );
  expect(verdicts('downmail')).toEqual(['held', 'held', 'held']);
  expect(verdicts('conventional')).toEqual(['whole', 'held', 'held']);
});

test('what the sender set comes before the phase, for one contact before that, for one mail before all', () => {
  const diffusion = { ...ORIGINAL, phase: 'diffusion' as const };
  expect(decideSending({ ...diffusion, sender: 'conventional' })).toBe('whole');
  expect(decideSending({ ...ORIGINAL, sender: 'downmail' })).toBe('held');
  expect(decideSending({ ...diffusion, sender: 'strangers', known: true })).toBe('whole');
  expect(decideSending({ ...ORIGINAL, sender: 'strangers' })).toBe('held');
  expect(decideSending({ ...diffusion, contact: 'whole' })).toBe('whole');
  expect(decideSending({ ...diffusion, sender: 'conventional', contact: 'held' })).toBe('held');
  expect(decideSending({ ...diffusion, asked: 'whole' })).toBe('whole');
  expect(decideSending({ ...ORIGINAL, original: false, asked: 'held', contact: 'whole' })).toBe('held');
});

test('what is too large to be sent whole is held, unless the server is conventional', () => {
  expect(decideSending({ ...ORIGINAL, large: true, sender: 'conventional' })).toBe('held');
  expect(decideSending({ ...ORIGINAL, large: true, system: 'conventional' })).toBe('whole');
});

test('scenario 3: who takes notifications only gets no originals, whatever else comes', () => {
  const arriving = {
    original: true,
    system: 'downmail',
    recipient: 'notifications',
    gateway: false,
    phase: 'introduction',
  } as const;
  expect(decideReceiving(arriving)).toBe('refuse');
  expect(decideReceiving({ ...arriving, original: false })).toBe('deliver');
  expect(decideReceiving({ ...arriving, recipient: 'originals' })).toBe('deliver');
  expect(decideReceiving({ ...arriving, system: 'hybrid-send' })).toBe('deliver');
  expect(decideReceiving({ ...arriving, system: 'hybrid-receive' })).toBe('refuse');
  // By the gateway until everybody has Downmail.
  const gateway = { ...arriving, gateway: true };
  expect(decideReceiving(gateway)).toBe('gateway');
  expect(decideReceiving({ ...gateway, phase: 'diffusion' })).toBe('gateway');
  expect(decideReceiving({ ...gateway, phase: 'maturity' })).toBe('refuse');
  expect(decideReceiving({ ...gateway, original: false })).toBe('deliver');
  expect(decideReceiving({ ...gateway, recipient: 'originals' })).toBe('deliver');
  // And at the gateway itself.
  expect(decideReceiving({ ...arriving, system: 'gateway' })).toBe('hold');
});
