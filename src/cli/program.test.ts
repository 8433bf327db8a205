import { expect, it } from 'vitest';
import { VERSION } from '../version.ts';
import { run } from './program.ts';

async function pabal(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const written = { out: '', err: '' };
  const code = await run(
    {
      out: (text) => void (written.out += text),
      err: (text) => void (written.err += text),
      interactive: false,
      stdin: (async function* () {})(),
      environment: {},
      terminated: () => new Promise(() => undefined),
      exitCode: 0,
    },
    args,
  );
  return { code, ...written };
}

it('names its version', async () => {
  for (const option of ['--version', '-V'])
    expect(await pabal(option), option).toEqual({ code: 0, out: `${VERSION}\n`, err: '' });
});

it('tells wrong usage from help that was asked for', async () => {
  expect((await pabal('--help')).code).toBe(0);
  expect(await pabal('--nothing')).toMatchObject({ code: 2, out: '' });
});
