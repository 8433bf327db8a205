/** What a User-Agent says in two words: `Firefox, Windows`. Empty when it says nothing. */
const BROWSERS: readonly (readonly [mark: RegExp, name: string])[] = [
  [/\bEdg(?:e|A|iOS)?\//, 'Edge'],
  [/\bWhale\//, 'Whale'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\bOPR\//, 'Opera'],
  [/\bFirefox\/|\bFxiOS\//, 'Firefox'],
  [/\bChrome\/|\bCriOS\/|\bHeadlessChrome\//, 'Chrome'],
  [/\bVersion\/.*\bSafari\//, 'Safari'],
];
const SYSTEMS: readonly (readonly [mark: RegExp, name: string])[] = [
  [/\bAndroid\b/, 'Android'],
  [/\b(?:iPhone|iPad)\b/, 'iOS'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
];

export function programName(agent: string): string {
  const of = (names: typeof BROWSERS) => names.find(([mark]) => mark.test(agent))?.[1];
  const browser = of(BROWSERS);
  // Programs say `name/version` first.
  if (browser === undefined) return (/^[^\s/(]{1,40}/.exec(agent) ?? [''])[0];
  return [browser, of(SYSTEMS)].filter(Boolean).join(', ');
}
