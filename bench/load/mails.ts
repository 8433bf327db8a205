/** Mails with words that are used as words are: few of them often, most of them seldom. English and Korean. */
import { SeededRandom } from '../../src/adapters/random-seeded.ts';

const SYLLABLES = [
  're',
  'port',
  'con',
  'tract',
  'in',
  'voice',
  'plan',
  'ta',
  'ble',
  'mor',
  'ning',
  'sta',
  'tion',
  'ver',
  'si',
  'on',
  'pro',
  'ject',
  'ser',
  'vice',
  'ma',
  'na',
  'ger',
  'de',
  'li',
  'build',
]; // prettier-ignore
const HANGUL = Array.from(
  '가각간감강개거건결경고공과관교구국권규그근금기나남내년노농다단담당대도동등라로리마만말매면명모목무문미민바반발방배보복부분비사산상새생서선설성세소속수순시식신실심아안양어업여연영예오용우운원위유육음의이인일임자장재전정제조주중지직진차참처천철청체초총최추출치타통투특판편평표품하학한합항해행향현형호화확환활회',
);
const PARTICLES = ['을', '를', '이', '가', '은', '는', '에', '에서', '으로', '의', '과', '도', ''];

type Language = 'english' | 'korean';

export class MailMaker {
  readonly #random: SeededRandom;
  readonly #english: string[];
  readonly #korean: string[];

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    this.#english = this.#vocabulary(20_000, SYLLABLES, 2, 4);
    this.#korean = this.#vocabulary(10_000, HANGUL, 2, 4);
  }

  #vocabulary(count: number, syllables: readonly string[], least: number, most: number): string[] {
    const words = new Set<string>();
    while (words.size < count) {
      const length = least + this.#random.below(most - least + 1);
      words.add(Array.from({ length }, () => syllables[this.#random.below(syllables.length)]!).join(''));
    }
    return [...words];
  }

  /** Rank by Zipf's law: small ones far more often. */
  word(language: Language): string {
    const all = language === 'english' ? this.#english : this.#korean;
    const rank = Math.floor(Math.exp(this.#random.fraction() * Math.log(all.length))) - 1;
    return all[rank]!;
  }

  sentence(language: Language, words: number): string {
    return Array.from({ length: words }, () => {
      const particle = language === 'korean' ? PARTICLES[this.#random.below(PARTICLES.length)]! : '';
      return this.word(language) + particle;
    }).join(' ');
  }

  person(): number {
    return this.#random.below(500);
  }

  /** Every third one is English, the others are Korean with some English. About 160 words. */
  mail(number: number): Buffer {
    const language = number % 3 === 0 ? 'english' : 'korean';
    const subject = this.sentence(language, 5);
    const lines = Array.from({ length: 14 }, () => this.sentence(language, 10));
    if (language === 'korean') lines.push(this.sentence('english', 20));
    const from = this.person();
    return Buffer.from(
      [
        `From: =?utf-8?B?${Buffer.from(`사람 ${from}`).toString('base64')}?= <person${from}@desk${from % 20}.example.test>`,
        'To: reader@mail.test',
        `Subject: =?utf-8?B?${Buffer.from(subject).toString('base64')}?=`,
        `Message-ID: <${number}@generated.test>`,
        'Date: Fri, 20 Nov 2026 12:00:00 +0900',
        'MIME-Version: 1.0',
        'Content-Type: text/plain; charset=utf-8',
        'Content-Transfer-Encoding: 8bit',
        '',
        ...lines,
        '',
      ].join('\r\n'),
    );
  }
}
