/** The rules of an account: kept as the Sieve script that runs, read back from it. */
import { MailError } from '../mail/error.ts';
import { compileRules } from '../mail/rules/compile.ts';
import { readRules } from '../mail/rules/read.ts';
import { type Rule, RULE_LIMITS } from '../mail/rules/rule.ts';
import { SIEVE_LIMITS } from '../mail/sieve/limits.ts';
import type { MailAccount } from '../mailstore/api.ts';
import type { Random } from '../ports/random.ts';
import type { SieveScripts } from './sieve/scripts.ts';

export class Rules {
  readonly #scripts: SieveScripts;
  readonly #random: Random;

  constructor(scripts: SieveScripts, random: Random) {
    this.#scripts = scripts;
    this.#random = random;
  }

  /** In the order in which they run. */
  async list(account: MailAccount): Promise<readonly Rule[]> {
    return this.#read(await this.#scripts.rules(account));
  }

  /** As Sieve. */
  async source(account: MailAccount): Promise<string> {
    return compileRules(await this.list(account));
  }

  /** Others instead; answers them. Throws `limit`, `too-large`, `SieveError`, and what `change` throws. */
  async change(account: MailAccount, change: (rules: readonly Rule[]) => readonly Rule[]): Promise<readonly Rule[]> {
    const source = await this.#scripts.changeRules(account, (before) => checked(change(this.#read(before))));
    return this.#read(source);
  }

  /** A script that holds nothing but rules, instead of those there are. Throws `SieveError` for any other, and as `change`. */
  async replace(account: MailAccount, source: string): Promise<readonly Rule[]> {
    const rules = this.#read(source);
    const ids = new Set<string>();
    const distinct = rules.map((rule) => {
      const id = ids.has(rule.id) ? this.newId() : rule.id;
      ids.add(id);
      return { ...rule, id };
    });
    return this.change(account, () => distinct);
  }

  /** To whom these pass mail on, and no rule and no script does yet. */
  async newForwards(account: MailAccount, rules: readonly Rule[]): Promise<readonly string[]> {
    return await this.#scripts.newForwards(account, compileRules(rules));
  }

  newId(): string {
    return Buffer.from(this.#random.bytes(9)).toString('base64url');
  }

  #read(source: string): readonly Rule[] {
    return readRules(source, () => this.newId());
  }
}

function checked(rules: readonly Rule[]): string {
  if (rules.length > RULE_LIMITS.rules)
    throw new MailError('limit', 'user', `${RULE_LIMITS.rules} rules are the most there can be`);
  const source = compileRules(rules);
  if (Buffer.byteLength(source) > SIEVE_LIMITS.scriptBytes)
    throw new MailError('too-large', 'user', `all rules together have ${SIEVE_LIMITS.scriptBytes} bytes at most`);
  return source;
}
