/** Every view of the web client, in both languages and themes, is open to those who do not see or cannot point (WCAG 2.2 AA, by axe). */
import { existsSync } from 'node:fs';
import { faultsOf, WebClient } from '../support/web-client.ts';
import { LANGUAGES, openView, THEMES, VIEWS } from '../support/web-views.ts';
import { byForm, type Goal, result, several } from './goal.ts';

export const goal: Goal = {
  id: 'VIEWS',
  title: 'axe finds nothing in any view, in both languages and themes',
  forms: ['quick', 'full'],

  missing: () => (existsSync('/usr/bin/chromium') ? undefined : 'there is no chromium'),

  /** A view with a picture that says nothing. */
  async control() {
    await using client = await WebClient.start({ demo: true });
    const { page } = await client.signedIn('alice@example.test');
    await page.evaluate(`document.querySelector('.top-bar').insertAdjacentHTML('beforeend', '<img src="/icon.svg">')`);
    const found = await faultsOf(page);
    return found.some((one) => one.startsWith('image-alt')) ? found.join('; ') : undefined;
  },

  async run({ form, say }) {
    await using client = await WebClient.start({ demo: true });
    const faults: string[] = [];
    let runs = 0;
    const sizes = byForm(form, {
      smoke: [],
      quick: [{ width: 1360, height: 820 }],
      full: [
        { width: 1360, height: 820 },
        { width: 390, height: 844 },
      ],
    });
    for (const viewport of sizes) {
      const { page, faults: broken } = await client.signedIn('alice@example.test', { viewport });
      for (const language of LANGUAGES)
        for (const theme of THEMES)
          for (const view of VIEWS) {
            const where = `${view.name} ${language} ${theme} ${viewport.width}`;
            try {
              await openView(page, client.base, view, { language, theme });
              faults.push(...(await faultsOf(page)).map((fault) => `${where}: ${fault}`));
              runs++;
            } catch (error) {
              faults.push(`${where}: ${String(error).slice(0, 200)}`);
            }
            if (faults.length > 0) say(faults.at(-1) ?? '');
          }
      faults.push(...broken);
      await page.context().close();
    }
    return result({
      runs,
      faults: 0,
      violations: several('faults', faults),
      figures: { views: VIEWS.length, looks: LANGUAGES.length * THEMES.length * sizes.length },
    });
  },
};
