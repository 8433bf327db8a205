/** SVTEST: the published test suite of another engine (Pigeonhole), run on ours by an adapter. It is not ours to ship: Debian's source package has it. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { runSuiteFile } from '../support/sieve-suite.ts';
import { type Goal, result, several } from './goal.ts';

const FOLDER = process.env['SIEVE_TESTS'] ?? '.cache/pigeonhole/tests';
/** Of the tests that can be compared; what the others ask is particular to that engine, or reads the RFCs otherwise. */
const PASSED = 0.85;

export const goal: Goal = {
  id: 'SVTEST',
  title: 'the published Sieve test suite of Pigeonhole passes',

  missing: () =>
    existsSync(join(FOLDER, 'lexer.svtest'))
      ? undefined
      : `${FOLDER} is not there: 'bash test/install.sh --goals' brings it, or SIEVE_TESTS names the folder 'tests' of Pigeonhole's sources`,

  /** A suite whose every test fails. */
  async control({ folder }) {
    const file = join(folder, 'wrong.svtest');
    writeFileSync(file, 'require "vnd.dovecot.testsuite";\ntest "wrong" { if true { test_fail "as it should"; } }\n');
    const { failed } = await runSuiteFile(file, 'wrong');
    return failed.length === 1 ? failed[0] : undefined;
  },

  async run({ say }) {
    const files = svtests(FOLDER);
    const all = { passed: 0, failed: [] as string[], notCompared: [] as string[] };
    for (const file of files) {
      const { passed, failed, notCompared } = await runSuiteFile(file, relative(FOLDER, file));
      all.passed += passed;
      all.failed.push(...failed);
      all.notCompared.push(...notCompared);
    }
    const compared = all.passed + all.failed.length;
    say(`${all.passed} of ${compared} tests in ${files.length} files pass; ${all.notCompared.length} are not compared`);
    for (const one of all.failed) say(`fails: ${one}`);
    const met = compared > 300 && all.passed / compared >= PASSED;
    return result({
      runs: compared,
      violations: met ? [] : several('published tests fail', all.failed),
      figures: { files: files.length, ...all, notCompared: all.notCompared.length },
    });
  },
};

function svtests(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.svtest'))
    .toSorted()
    .map((name) => join(folder, name));
}
