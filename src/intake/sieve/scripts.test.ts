/** Scripts of an account: several, one active, within their quota; whatever two clients do at once. */
import { describe, expect, test } from 'vitest';
import { aliceLab, problemsOf } from '../../../test/support/mail-store.ts';
import { SIEVE_LIMITS } from '../../mail/sieve/limits.ts';
import { SCRIPT_LIMITS, SieveScripts } from './scripts.ts';

async function lab() {
  const world = await aliceLab();
  return { ...world, scripts: new SieveScripts(world.clock) };
}

describe('scripts', () => {
  test('are kept as they were written, and changed', async () => {
    const { scripts, alice, clock, store } = await lab();
    const long = `# ${'한글 '.repeat(15_000)}\r\nkeep;`;
    await scripts.put(alice, '메일', long);
    expect(await scripts.source(alice, '메일')).toBe(long);
    await clock.advance(1_000);
    await scripts.put(alice, 'two', 'discard;');
    await scripts.put(alice, '메일', 'stop;');
    expect(await scripts.source(alice, '메일')).toBe('stop;');
    expect(await scripts.list(alice)).toEqual([
      { name: '메일', active: false, size: 5, changed: clock.now() },
      { name: 'two', active: false, size: 8, changed: clock.now() },
    ]);
    // Texts that nothing names are gone.
    expect(await alice.records('sieve-text')).toHaveLength(2);
    expect(await problemsOf(store)).toEqual([]);
  });

  test('one is active, keeps that under another name, and cannot be removed', async () => {
    const { scripts, alice } = await lab();
    await scripts.put(alice, 'a', 'keep;');
    await scripts.put(alice, 'b', 'keep;');
    await scripts.activate(alice, 'a');
    await scripts.rename(alice, 'a', 'c');
    expect(await scripts.running(alice)).toMatchObject([{ name: 'c' }]);
    await expect(scripts.remove(alice, 'c')).rejects.toMatchObject({ code: 'script-active' });
    await expect(scripts.rename(alice, 'c', 'b')).rejects.toMatchObject({ code: 'script-exists' });
    await expect(scripts.rename(alice, 'a', 'd')).rejects.toMatchObject({ code: 'script-missing' });
    await expect(scripts.activate(alice, 'a')).rejects.toMatchObject({ code: 'script-missing' });
    await scripts.activate(alice, '');
    expect(await scripts.running(alice)).toEqual([]);
    await scripts.remove(alice, 'c');
    // Its text was that of the other script, too.
    expect(await scripts.source(alice, 'b')).toBe('keep;');
    await expect(scripts.source(alice, 'c')).rejects.toMatchObject({ code: 'script-missing' });
  });

  test('that are wrong, too large or too many are refused, and leave what was there', async () => {
    const { scripts, alice } = await lab();
    await scripts.put(alice, 'a', 'keep;');
    await expect(scripts.put(alice, 'a', 'fly;')).rejects.toThrow("line 1, column 1: there is no command 'fly'");
    await expect(scripts.put(alice, 'a', '#'.repeat(SIEVE_LIMITS.scriptBytes + 1))).rejects.toMatchObject({
      code: 'too-large',
    }); // prettier-ignore
    expect(await scripts.source(alice, 'a')).toBe('keep;');
    for (const name of ['', 'x'.repeat(129), 'a\nb', '\0', 'a\u2028b'])
      await expect(scripts.put(alice, name, 'keep;')).rejects.toMatchObject({ code: 'syntax' });
    const large = `${'#'.repeat(SIEVE_LIMITS.scriptBytes - 100)}\n`;
    for (let i = 0; i < SCRIPT_LIMITS.bytes / SIEVE_LIMITS.scriptBytes; i += 1)
      await scripts.put(alice, `l${i}`, `${large}#${i}`);
    await expect(scripts.put(alice, 'more', large)).rejects.toMatchObject({ code: 'over-quota' });
    await scripts.put(alice, '한'.repeat(128), 'keep;');
    for (let i = (await scripts.list(alice)).length; i < SCRIPT_LIMITS.scripts; i += 1)
      await scripts.put(alice, `s${i}`, 'keep;');
    await expect(scripts.put(alice, 'last', 'keep;')).rejects.toMatchObject({ code: 'limit' });
  });

  test('changed at the same moment are all changed', async () => {
    const { scripts, alice } = await lab();
    await Promise.all(['a', 'b', 'c', 'd'].map((name) => scripts.put(alice, name, `# ${name}`)));
    expect((await scripts.list(alice)).map(({ name }) => name).toSorted()).toEqual(['a', 'b', 'c', 'd']);
  });
});
