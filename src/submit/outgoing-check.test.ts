import { expect, test } from 'vitest';
import { aliceSends, sendingWorld } from '../../test/support/sending.ts';
import { ScriptedScanner } from '../../test/support/scripted-scanner.ts';
import { Engines } from '../intake/scan/engines.ts';
import { EICAR } from '../mail/malware/eicar.ts';
import { silentLog } from '../telemetry/log.ts';
import { Metrics } from '../telemetry/metrics.ts';
import { OutgoingCheck, type OutgoingRules } from './outgoing-check.ts';

async function lab(rules: Partial<OutgoingRules> = {}) {
  const world = await sendingWorld();
  const clam = new ScriptedScanner('malware', (raw) => ({
    points: [],
    malware: raw.includes('evil') ? ['Evil'] : [],
  }));
  const assassin = new ScriptedScanner('spam', (raw) => ({
    points: raw.includes('pills') ? [{ name: 'SA_PILLS', points: 12, why: 'it sells pills' }] : [],
    malware: [],
  }));
  const parts = { clock: world.clock, log: silentLog };
  const engines = new Engines({ ...parts, scanners: [clam, assassin], deadlineMs: 20_000, metrics: new Metrics() });
  const outgoing = new OutgoingCheck({
    ...parts,
    engines,
    rules: { viruses: { whenDown: 'refuse' }, spamLimit: 10, ...rules },
  });
  const running = await world.start(undefined, undefined, outgoing);
  const send = (body: string) => aliceSends(running, ['bob@example.test'], { body });
  return { running, clam, assassin, send };
}

test('harm is refused while its sender can be told, and nothing of it is sent or kept', async () => {
  const { running, send } = await lab();
  await using _end = running;
  await expect(send(`${EICAR}\r\n`)).rejects.toMatchObject({ code: 'infected' });
  await expect(send('an evil text\r\n')).rejects.toMatchObject({ code: 'infected', message: 'Evil' });
  await expect(send('buy pills\r\n')).rejects.toMatchObject({ code: 'looks-like-spam' });
  expect(await running.alice.outgoing.list()).toEqual([]);
  await send('a text\r\n');
  expect(await running.alice.outgoing.list()).toHaveLength(1);
});

test('while an engine is down the sender is asked to come later, or mail goes unscanned, as the policy says', async () => {
  const { running, send, clam, assassin } = await lab();
  await using _end = running;
  clam.state = 'down';
  await expect(send('a text\r\n')).rejects.toMatchObject({ code: 'scanner-down', kind: 'temporary' });
  clam.state = 'up';
  assassin.state = 'down';
  await send('a text\r\n');
  const other = await lab({ viruses: { whenDown: 'accept' } });
  await using _other = other.running;
  other.clam.state = 'down';
  await other.send('a text\r\n');
  await expect(other.send(`${EICAR}\r\n`)).rejects.toMatchObject({ code: 'infected' });
});
