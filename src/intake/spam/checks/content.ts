/** Text that hides what it says, links that lead elsewhere than they show, files that do harm. */
import { isIPv4, isIPv6 } from 'node:net';
import { extensionOf, hasMacroName, isDisguised, isRunnableName } from '../../../mail/malware/executable.ts';
import type { ScanPoint } from '../../../ports/scanner.ts';
import { point, type SpamCheck } from '../check.ts';
import type { MailText } from '../mail-text.ts';

const HIDDEN =
  /(?:font-size\s{0,3}:\s{0,3}[01](?:px|pt)?\s{0,3}[;"']|display\s{0,3}:\s{0,3}none|visibility\s{0,3}:\s{0,3}hidden)/gi;

/** Where neither is nothing has to be looked for; both are much cheaper than what they spare. */
const STYLED = /style/i;
const INVISIBLE = /[\u200b-\u200d\u2060\u00ad]/;
const BROKEN_WORD = /\p{L}[\u200b-\u200d\u2060\u00ad]+\p{L}/gu;

function text(mail: MailText): ScanPoint[] {
  const points: ScanPoint[] = [];
  const letters = mail.text.trim().length;
  const pictures = mail.files.filter(({ type }) => type === 'image').length;
  if (mail.html !== '' && !mail.hasPlain) points.push(point('ONLY_HTML', 0.3, 'it has no plain text'));
  if (pictures > 0 && letters < 80) points.push(point('ONLY_PICTURES', 1, 'it is a picture with hardly any text'));
  if (STYLED.test(mail.html) && (mail.html.match(HIDDEN)?.length ?? 0) > 8)
    points.push(point('HIDDEN_TEXT', 1.5, 'much of its text cannot be seen'));
  if (INVISIBLE.test(mail.text) && (mail.text.match(BROKEN_WORD)?.length ?? 0) > 10)
    points.push(point('BROKEN_WORDS', 1.5, 'its words are broken by characters that cannot be seen'));
  if (/<form[\s>]/i.test(mail.html)) points.push(point('HTML_FORM', 1, 'it asks to fill in a form'));
  return points;
}

function links(mail: MailText): ScanPoint[] {
  const points: ScanPoint[] = [];
  const misleading = mail.links.find(({ host, shownHost }) => shownHost !== undefined && !related(host, shownHost));
  if (misleading)
    points.push(point('LINK_MISLEADS', 2, `a link shows ${misleading.shownHost}, and leads to ${misleading.host}`));
  const numeric = mail.links.find(
    ({ host }) => isIPv4(host) || isIPv6(host) || /^(0x[0-9a-f]{1,8}|\d{8,10})$/.test(host),
  );
  if (numeric) points.push(point('LINK_TO_ADDRESS', 1.5, `a link leads to ${numeric.host}, which has no name`));
  const mixed = mail.links.find(({ host }) => mixesScripts(host));
  if (mixed) points.push(point('LINK_LOOKALIKE', 2, `the name ${mixed.host} mixes letters that look alike`));
  return points;
}

function attachments(mail: MailText): ScanPoint[] {
  const points = new Map<string, ScanPoint>();
  for (const { filename, subtype } of mail.files) {
    const shown = JSON.stringify(filename.slice(0, 80));
    const add = (name: string, worth: number, why: string): void => void points.set(name, point(name, worth, why));
    if (isDisguised(filename)) add('FILE_DISGUISED', 4, `the file ${shown} is not what its name shows`);
    else if (isRunnableName(filename)) add('FILE_RUNS', 3, `the file ${shown} runs when it is opened`);
    else if (hasMacroName(filename)) add('FILE_MACROS', 1.5, `the file ${shown} may hold macros`);
    if (/^x?html?$|^svg$/.test(extensionOf(filename)) || (subtype === 'html' && filename !== ''))
      add('FILE_PAGE', 1, `the file ${shown} is a web page`);
  }
  return [...points.values()];
}

/** What can be said of the content alone, whoever sent it. */
export const CONTENT_CHECKS = [text, links, attachments];

export const content: SpamCheck = {
  name: 'content',
  run: ({ mail }) => CONTENT_CHECKS.flatMap((check) => check(mail)),
};

/** One is the other, below it, or beside it in the same organisation. */
function related(host: string, shown: string): boolean {
  const last = (name: string): string =>
    name
      .replace(/^www\./, '')
      .split('.')
      .slice(-2)
      .join('.');
  return host === shown || host.endsWith(`.${shown}`) || shown.endsWith(`.${host}`) || last(host) === last(shown);
}

function mixesScripts(host: string): boolean {
  return host.split('.').some((label) => /[a-z]/.test(label) && /[\p{Script=Cyrillic}\p{Script=Greek}]/u.test(label));
}
