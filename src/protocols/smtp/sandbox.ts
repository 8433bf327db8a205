/** Recipients of the sandbox that make the server fail in the way their name says. */
import type { RecipientFault, RecipientHook } from './hook.ts';

const SLOW_MS = 5_000;

/** `temperror@`, `permerror@`, `slow@`, and any reply code from 400 to 599 as in `550@`, with or without `+detail`. */
export function sandboxRecipients(domain: string): RecipientHook {
  return (recipient): RecipientFault | undefined => {
    if (recipient.domain !== domain) return undefined;
    const [name = ''] = recipient.local.toLowerCase().split('+');
    if (name === 'slow') return { kind: 'delay', ms: SLOW_MS };
    const code = name === 'temperror' ? 451 : name === 'permerror' ? 550 : /^[45]\d\d$/.test(name) ? Number(name) : 0;
    if (code === 0) return undefined;
    const status = code < 500 ? '4.3.0' : '5.1.1';
    return { kind: 'refuse', reply: { code, status, text: `As you wish: ${name}@${domain} fails` } };
  };
}
