import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readAggregate } from './aggregate.ts';
import { dmarcTags, reportUris, tlsReportUris } from './report-uri.ts';
import { readTlsReport } from './tls-report.ts';

const runs = { numRuns: Number(process.env['FUZZ_RUNS'] ?? 20_000) };
const PIECES = [
  '<feedback>',
  '</feedback>',
  '<record>',
  '</record>',
  '<row>',
  '</row>',
  '<count>1</count>',
  '<a/>',
  '<',
  '>',
];
const MORE = [
  '&amp;',
  '&#0;',
  '&#x110000;',
  '<![CDATA[',
  ']]>',
  '<!--',
  '-->',
  '<?',
  '?>',
  '<!DOCTYPE',
  '<x:y z="1">',
  '\0',
  '한',
];

test('whatever is in a report, it is read or it is not', async () => {
  const xml = fc.array(fc.constantFrom(...PIECES, ...MORE), { maxLength: 30 }).map((pieces) => pieces.join(''));
  await fc.assert(
    fc.asyncProperty(xml, fc.json(), async (text, json) => {
      const report = await readAggregate(text);
      expect(report === undefined || report.kind === 'dmarc').toBe(true);
      readTlsReport(json);
      readTlsReport(`{"policies":[${json}],"date-range":{"start-datetime":"2026-01-01","end-datetime":${json}}}`);
    }),
    runs,
  );
});

test('whatever stands in DNS, it is read or it is not', () => {
  const pieces = fc.array(fc.constantFrom('mailto:', 'a@b', '!', '10m', ',', 'https://', '%', ';', '='), {
    maxLength: 20,
  });
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), pieces, (text, some) => {
      for (const one of [text, some.join('')]) {
        reportUris(one);
        dmarcTags([`v=DMARC1;${one}`]);
        tlsReportUris([`v=TLSRPTv1;rua=${one}`]);
      }
    }),
    runs,
  );
});
