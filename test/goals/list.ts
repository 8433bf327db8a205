/** The goals in the order in which they are measured. */
import { goal as corpus } from './corpus.ts';
import { goal as downmail } from './downmail.ts';
import { goal as g01 } from './g01-crash.ts';
import { goal as g02 } from './g02-power.ts';
import { goal as g03 } from './g03-disk-errors.ts';
import { goal as g04 } from './g04-rot.ts';
import { goal as g07 } from './g07-rate.ts';
import { goal as g09 } from './g09-idle.ts';
import { goal as g10 } from './g10-fuzz.ts';
import { goal as g11 } from './g11-bad-inputs.ts';
import { goal as g12 } from './g12-complexity.ts';
import { goal as g13 } from './g13-smuggling.ts';
import { goal as g14 } from './g14-state-model.ts';
import { goal as g16 } from './g16-web-mail.ts';
import { goal as g17 } from './g17-rebuild.ts';
import { goal as g18 } from './g18-backup.ts';
import { goal as g19 } from './g19-queue.ts';
import { goal as g20 } from './g20-loops.ts';
import { goal as g21 } from './g21-login.ts';
import { goal as g24 } from './g24-no-switch.ts';
import type { Goal } from './goal.ts';
import { goal as longStart } from './long-start.ts';
import { goal as memory } from './memory.ts';
import { goal as outbound } from './outbound.ts';
import { goal as kills } from './outbound-kills.ts';
import { goal as recall } from './recall.ts';
import { goal as rules } from './rules.ts';
import { goal as scanners } from './scanners.ts';
import { goal as sieve } from './sieve-oracle.ts';
import { goal as published } from './sieve-published.ts';
import { goal as uidCrash } from './uid-crash.ts';
import { goal as views } from './web-views.ts';
import { goal as upgrade } from './upgrade.ts';

export const GOALS: readonly Goal[] = [
  g01,
  g02,
  g03,
  g04,
  g07,
  g09,
  g10,
  g11,
  g12,
  g13,
  g14,
  g16,
  g17,
  g18,
  g19,
  g20,
  g21,
  g24,
  corpus,
  downmail,
  longStart,
  memory,
  outbound,
  kills,
  recall,
  rules,
  scanners,
  sieve,
  published,
  uidCrash,
  views,
  upgrade,
];
