/**
 * `node test/goals/run.ts --form smoke|quick|full [--only G1,G7] [--seed N] [--result FILE]`: measures the goals one after
 * the other, prints a line for each and appends the machine's form of it to the result file. Exits 1 when one is missed.
 */
import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import type { Form } from './goal.ts';
import { GOALS } from './list.ts';
import { measure } from './measure.ts';

const { values } = parseArgs({
  options: {
    form: { type: 'string', default: 'quick' },
    only: { type: 'string' },
    seed: { type: 'string' },
    result: { type: 'string' },
  },
});
if (!['smoke', 'quick', 'full'].includes(values.form)) {
  process.stderr.write(`--form is smoke, quick or full, not '${values.form}'\n`);
  process.exit(2);
}
const form = values.form as Form;
const only = values.only?.split(',').map((id) => id.trim().toUpperCase());
const unknown = only?.filter((id) => !GOALS.some((goal) => goal.id === id)) ?? [];
if (unknown.length > 0) {
  process.stderr.write(`no such goal: ${unknown.join(', ')} (there are ${GOALS.map((goal) => goal.id).join(', ')})\n`);
  process.exit(2);
}
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const file = values.result ?? `.cache/goals-${form}.jsonl`;
mkdirSync(dirname(file), { recursive: true });

let missed = 0;
let notMeasured = 0;
for (const goal of GOALS) {
  if (only && !only.includes(goal.id)) continue;
  process.stdout.write(`${goal.id} ${goal.title}\n`);
  const missing = goal.missing?.();
  if (missing !== undefined) {
    notMeasured++;
    process.stdout.write(`   cannot be measured here: ${missing}\n`);
    continue;
  }
  const outcome = await measure(goal, form, seed, (text) => process.stdout.write(`   ${text}\n`));
  appendFileSync(file, `${JSON.stringify(outcome)}\n`);
  if (!outcome.ok) missed++;
  process.stdout.write(
    `   ${outcome.ok ? 'met' : 'MISSED'} in ${outcome.seconds} s: ${outcome.runs} runs, ${outcome.faults} faults, ` +
      `${outcome.acked} acknowledged, ${outcome.lost} lost, ${outcome.duplicated} twice; ${JSON.stringify(outcome.figures)}\n`,
  );
  if (outcome.control !== '') process.stdout.write(`   control caught: ${outcome.control}\n`);
  for (const violation of outcome.violations) process.stdout.write(`   - ${violation}\n`);
}
process.stdout.write(
  `${missed === 0 ? 'all met' : `${missed} missed`}${notMeasured === 0 ? '' : `, ${notMeasured} not measured`}; results in ${file}\n`,
);
process.exit(missed === 0 ? 0 : 1);
