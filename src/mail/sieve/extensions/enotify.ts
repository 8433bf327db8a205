/** enotify (RFC 5435) with the method mailto (RFC 5436). */
import type { Extension } from '../language.ts';
import { quoted } from '../machine.ts';
import { parseMailto } from '../mailto.ts';

const IMPORTANCE = new Map([
  ['1', 'high'],
  ['2', 'normal'],
  ['3', 'low'],
] as const);

function isImportance(text: string): text is '1' | '2' | '3' {
  return text === '1' || text === '2' || text === '3';
}

export const enotify: Extension = {
  name: 'enotify',
  commands: [
    {
      name: 'notify',
      tags: [
        { name: 'from', value: 'string' },
        { name: 'importance', value: 'string' },
        { name: 'options', value: 'strings' },
        { name: 'message', value: 'string' },
      ],
      positional: [{ name: 'method', kind: 'string' }],
      check(call, checker) {
        const method = checker.constant(call.text('method'));
        if (method !== undefined && parseMailto(method) === undefined)
          checker.problem(call, `${quoted(method)} is no way to notify: there is mailto`);
        const importance = checker.constant(call.text(':importance'));
        if (importance !== undefined && !isImportance(importance))
          checker.problem(call, ':importance takes "1", "2" or "3"');
      },
      run(call, machine) {
        const method = machine.string(call, 'method');
        const mail = parseMailto(method);
        if (mail === undefined) return machine.fail(`${quoted(method)} is no way to notify: there is mailto`);
        const importance = call.has(':importance') ? machine.string(call, ':importance') : '2';
        if (!isImportance(importance)) return machine.fail(':importance takes "1", "2" or "3"');
        const subject = machine.header.all('subject')[0]?.text ?? '';
        machine.act({
          type: 'notify',
          recipients: mail.recipients,
          from: machine.string(call, ':from'),
          importance: IMPORTANCE.get(importance)!,
          subject: machine.string(call, ':message') || mail.subject || subject,
          message: mail.body,
          headers: mail.headers,
        });
      },
    },
  ],
  tests: [
    {
      name: 'valid_notify_method',
      positional: [{ name: 'methods', kind: 'strings' }],
      evaluate: (call, machine) => machine.strings(call, 'methods').every((uri) => parseMailto(uri) !== undefined),
    },
    {
      name: 'notify_method_capability',
      positional: [
        { name: 'method', kind: 'string' },
        { name: 'capability', kind: 'string' },
        { name: 'keys', kind: 'strings' },
      ],
      keys: 'keys',
      evaluate(call, machine) {
        const isKnown = parseMailto(machine.string(call, 'method')) !== undefined;
        const isOnline = machine.string(call, 'capability').toLowerCase() === 'online';
        // Whether somebody reads their mail now, nobody knows (RFC 5436 §2.1).
        return isKnown && isOnline ? machine.matchAny(call, ['maybe']) : false;
      },
    },
  ],
  tags: [{ on: ['set'], tag: { name: 'encodeurl', group: 'precedence 15' } }],
};
