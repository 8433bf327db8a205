/** RFC 5703: each part of a mail by its own header. */
import { describe, expect, test } from 'vitest';
import { holds, run } from '../../../../test/support/sieve.ts';

const NESTED = [
  'Subject: outer',
  'Content-Type: multipart/mixed; boundary=a',
  '',
  '--a',
  'Content-Type: text/plain; charset=utf-8',
  '',
  'text',
  '--a',
  'Content-Type: application/pdf; name="plan.pdf"',
  "Content-Disposition: attachment; filename*=utf-8''%EA%B3%84%ED%9A%8D.pdf",
  '',
  'pdf',
  '--a',
  'Content-Type: message/rfc822',
  '',
  'From: inner@example.com',
  'Subject: inner',
  '',
  'inner text',
  '--a--',
  '',
].join('\n');

describe('mime and foreverypart (RFC 5703)', () => {
  const requires = 'mime", "foreverypart", "imap4flags';
  test.each([
    ['header :mime :type :is "content-type" "multipart"', true],
    ['header :mime :type :is "content-type" "application"', false],
    ['header :mime :anychild :type :is "content-type" "application"', true],
    ['header :mime :anychild :subtype :is "content-type" "PDF"', true],
    ['header :mime :anychild :contenttype :is "content-type" "application/pdf"', true],
    ['header :mime :anychild :param "filename" :matches "content-disposition" "계획.*"', true],
    ['header :mime :anychild :param ["size", "name"] :is "content-type" "plan.pdf"', true],
    ['header :mime :anychild :type :is "content-disposition" "attachment"', true],
    ['header :mime :anychild :contains "subject" "inner"', true],
    ['header :mime :contains "subject" "inner"', false],
    ['address :mime :anychild :is "from" "inner@example.com"', true],
    ['exists :mime :anychild ["content-disposition", "from"]', true],
    ['exists :mime ["content-disposition"]', false],
  ])('%s: %s', async (condition, expected) => {
    expect(await holds(condition, NESTED, {}, requires)).toBe(expected);
  });

  const require = `require ["${requires}"];`;
  const inPart = 'if header :mime :contenttype :is "content-type"';

  test('each part is come to, in order, with its own header; a break leaves the loop that it names', async () => {
    const marks = `${inPart} "text/plain" { addflag "text"; } ${inPart} "application/pdf" { addflag "pdf"; %s }
      ${inPart} "message/rfc822" { addflag "mail"; }`;
    const loop = (then: string) => `${require} foreverypart { ${marks.replace('%s', then)} }`;
    expect(await run(loop(''), NESTED)).toEqual(['keep (text pdf mail)']);
    expect(await run(loop('break;'), NESTED)).toEqual(['keep (text pdf)']);
    expect(await run(loop('stop;'), NESTED)).toEqual(['keep (text pdf)']);
    const nested = (then: string) =>
      `${require} foreverypart :name "out" { addflag "$out"; foreverypart :name "in" { addflag "$in"; break ${then}; } } addflag "end";`;
    expect(await run(nested(':name "out"'), NESTED)).toEqual(['keep ($out $in end)']);
    expect(await run(nested(''), NESTED)).toEqual(['keep ($out $in end)']);
  });

  test('what cannot be is said', async () => {
    const told = "error line 1, column 49: 'break' outside of the 'foreverypart' that it ends";
    expect(await run(`${require} break;`)).toEqual(['keep', told]);
    const unknown = await run(`${require} foreverypart :name "a" { break :name "b"; }`);
    expect(unknown[1]).toContain("'break' outside");
    await expect(run(`${require} if header :anychild "a" "b" { keep; }`)).rejects.toThrow(':anychild takes :mime, too');
  });
});
