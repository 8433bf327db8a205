/** What is wrong with a script, and where it is said to be. */
import { describe, expect, test } from 'vitest';
import { compileSieve } from './check.ts';
import { SieveError } from './error.ts';
import { REGISTRY } from './extensions.ts';
import { SIEVE_LIMITS } from './limits.ts';

function problems(script: string): string[] {
  try {
    compileSieve(script);
    return [];
  } catch (error) {
    if (error instanceof SieveError) return error.message.split('\n');
    throw error;
  }
}

describe('the grammar', () => {
  test.each([
    ['keep', "line 1, column 5: expected ';' or '{' after 'keep', but here is the end of the script"],
    ['keep;\n  "a"', 'line 2, column 3: expected a command, but here is a string'],
    ['keep;\nif true {\n keep;', "line 2, column 9: a '{' without its '}'"],
    ['fileinto "a', 'line 1, column 10: a string that does not end'],
    ['keep; /* never', 'line 1, column 7: a comment that does not end'],
    ['redirect text:\nhello\n', "line 1, column 10: a text that does not end with a line that is a '.'"],
    ['redirect text: hello\n.\n;', "line 1, column 15: nothing may follow 'text:' on its line"],
    ['keep; %', 'line 1, column 7: unexpected character "%"'],
    ['if size :over 9x { }', 'line 1, column 15: 9x is not a number'],
    ['if size :over 99999999999999999G { }', 'line 1, column 15: the number 99999999999999999g is too large'],
    ['if size : over 1 { }', "line 1, column 9: ':' without the name of a tag"],
    ['if header ["a" "b"] "c" { }', "line 1, column 16: expected ',' or ']', but here is a string"],
    ['if header [] "c" { }', "line 1, column 12: expected a string, but here is ']'"],
    ['if allof(true, false { }', "line 1, column 22: expected ',' or ')', but here is '{'"],
  ])('%j', (script, problem) => {
    expect(problems(script)).toEqual([problem]);
  });

  test('is nested no deeper than the limit', () => {
    const levels = (n: number): string => `${'if true {'.repeat(n)}keep;${'}'.repeat(n)}`;
    expect(problems(levels(SIEVE_LIMITS.nesting))).toEqual([]);
    expect(problems(levels(SIEVE_LIMITS.nesting + 1))[0]).toContain('nested deeper');
    expect(problems(`if ${'not '.repeat(30_000)}true { }`)[0]).toContain('nested deeper');
  });

  test('comments stand anywhere, names are written in any case', () => {
    expect(problems('# one\r\nIF /* two */ Header :IS "a" # three\n "b" { KEEP; } /**/ stop;')).toEqual([]);
  });

  test('a script of a megabyte is refused', () => {
    expect(problems(`# ${'x'.repeat(1 << 20)}\nkeep;`)).toEqual([
      `line 1, column 1: the script is larger than ${SIEVE_LIMITS.scriptBytes} bytes`,
    ]);
  });

  test('a NUL is refused', () => {
    expect(problems('keep; # \0')).toEqual(['line 1, column 1: the script holds a NUL']);
  });
});

describe('the meaning', () => {
  test.each([
    ['fly;', "line 1, column 1: there is no command 'fly'"],
    ['if fly { }', "line 1, column 4: there is no test 'fly'"],
    ['true;', "line 1, column 1: 'true' is no command"],
    ['if keep { }', "line 1, column 4: 'keep' is no test"],
    ['fileinto "a";', 'line 1, column 1: \'fileinto\' needs: require "fileinto"'],
    ['require "fileinto"; fileinto :copy "a";', "line 1, column 30: ':copy' of 'fileinto' needs: require \"copy\""],
    ['require ["fileinto", "flying"];', 'line 1, column 22: the extension "flying" is not available'],
    ['keep; require "fileinto";', "line 1, column 7: 'require' must stand before all other commands"],
    ['require 7;', "line 1, column 1: 'require' takes the names of extensions: a string or a list of strings"],
    ['keep :loud;', "line 1, column 6: 'keep' does not know :loud"],
    ['keep "a";', "line 1, column 1: 'keep' takes no arguments"],
    ['keep { stop; }', "line 1, column 1: 'keep' takes no block of commands"],
    ['keep true;', "line 1, column 1: 'keep' takes no tests"],
    ['redirect ["a@b.example", "c@d.example"];', "line 1, column 10: 'redirect' as address takes a string"],
    ['redirect "nobody";', 'line 1, column 1: "nobody" is not an address'],
    ['elsif true { }', "line 1, column 1: 'elsif' without an 'if' before it"],
    ['if true { } keep; else { }', "line 1, column 19: 'else' without an 'if' before it"],
    ['if true { } else { } elsif true { }', "line 1, column 22: 'elsif' without an 'if' before it"],
    ['if { }', "line 1, column 1: 'if' takes one test"],
    ['if (true, false) { }', "line 1, column 1: 'if' takes one test"],
    ['if true; keep;', "line 1, column 1: 'if' needs a block of commands in braces"],
    ['if not { }', "line 1, column 4: 'not' takes one test"],
    ['if allof true { }', "line 1, column 4: 'allof' takes tests in parentheses"],
    ['if true { } else true { }', "line 1, column 13: 'else' takes no test"],
    ['if header :is :contains "a" "b" { }', 'line 1, column 15: :is and :contains exclude each other'],
    ['if header :is :is "a" "b" { }', 'line 1, column 15: :is is there twice'],
    ['if header "a" :is "b" { }', 'line 1, column 15: tags stand before the other arguments'],
    [
      'if header "a" { }',
      "line 1, column 4: 'header' takes a string or a list of strings (header names) and a string or a list of strings (keys)",
    ], // prettier-ignore
    ['if header :comparator "i;loud" "a" "b" { }', 'line 1, column 23: there is no comparator "i;loud"'],
    [
      'if header :comparator "i;ascii-numeric" "a" "b" { }',
      'line 1, column 23: this needs: require "comparator-i;ascii-numeric"',
    ], // prettier-ignore
    [
      'require "comparator-i;ascii-numeric"; if header :contains :comparator "i;ascii-numeric" "a" "b" { }',
      'line 1, column 42: the comparator i;ascii-numeric cannot look into strings, as :contains does',
    ], // prettier-ignore
    ['if size 100 { }', "line 1, column 4: 'size' takes :over or :under"],
    [
      'require "relational"; if header :value "above" "a" "b" { }',
      'line 1, column 33: :value takes "gt", "ge", "lt", "le", "eq" or "ne"',
    ], // prettier-ignore
    [
      'require "regex"; if header :regex "a" "(" { }',
      "line 1, column 39: \"(\" is not a regular expression: a '(' without its ')'",
    ], // prettier-ignore
    ['require "variables"; set "1a" "b";', 'line 1, column 26: "1a" cannot be the name of a variable'],
    ['require "date"; if currentdate "century" "21" { }', 'line 1, column 20: a date has no part "century"'],
    ['require "envelope"; if envelope "cc" "a" { }', 'line 1, column 33: an envelope has "from" and "to", not "cc"'],
    ['require "index"; if header :last "a" "b" { }', 'line 1, column 21: :last takes :index, too'],
    [
      'require "enotify"; notify "xmpp:a@b.example";',
      'line 1, column 20: "xmpp:a@b.example" is no way to notify: there is mailto',
    ], // prettier-ignore
    ['require "editheader"; addheader "a b" "c";', 'line 1, column 23: "a b" cannot be the name of a field'],
    ['require "fileinto"; fileinto "";', 'line 1, column 21: "" cannot be the name of a mailbox'],
    [
      'require "encoded-character"; redirect "${unicode:110000}@a.example";',
      'line 1, column 39: there is no Unicode character 110000',
    ], // prettier-ignore
  ])('%s', (script, problem) => {
    expect(problems(script)[0]).toBe(problem);
  });

  test('several mistakes are told at once, so many and no more', () => {
    expect(problems('fly;\nif swim { }\nkeep :on;')).toEqual([
      "line 1, column 1: there is no command 'fly'",
      "line 2, column 4: there is no test 'swim'",
      "line 3, column 6: 'keep' does not know :on",
    ]);
    expect(problems('fly;'.repeat(100))).toHaveLength(SIEVE_LIMITS.problems);
  });

  test('each extension can be required alone', () => {
    for (const name of REGISTRY.capabilities) expect(problems(`require "${name}"; keep;`)).toEqual([]);
  });

  test('with ihave, what is not there matters only where it is come to', () => {
    expect(problems('require "ihave"; if ihave "flying" { fly :high "x"; }')).toEqual([]);
    expect(problems('require "ihave"; if ihave "fileinto" { fileinto "x"; }')).toEqual([]);
    expect(problems('require "ihave"; if ihave "fileinto" { fileinto 7; }')).toHaveLength(1);
  });
});
