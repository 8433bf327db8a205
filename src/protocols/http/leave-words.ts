/** The words of the page before a link of a mail that deceives, and of each warning, in Korean and English. */
import type { MailWarning, WarningCode } from '../../mail/phishing/warnings.ts';

export interface LeaveWords {
  readonly lang: 'ko' | 'en';
  readonly otherLang: 'ko' | 'en';
  readonly other: string;
  readonly title: string;
  readonly leads: string;
  readonly why: string;
  readonly advice: string;
  readonly go: string;
  readonly reasons: Readonly<Record<WarningCode, string>>;
}

const en: LeaveWords = {
  lang: 'en',
  otherLang: 'ko',
  other: '한국어',
  title: 'Is this where you want to go?',
  leads: 'The link in the mail leads to:',
  why: 'Be careful, because of the mail that it is in:',
  advice:
    'Enter no password and no card number there unless you know that this is the right place. Close this page to stay.',
  go: 'Open it nevertheless',
  reasons: {
    'sender-imitates': "the sender's domain looks like another one",
    'name-imitates': "the sender's name is that of somebody else",
    'known-name': 'the sender has the name of somebody you know, but another address',
    'not-proven': 'nothing proves that the mail comes from its sender',
    'reply-elsewhere': 'answers go to another place',
    'link-elsewhere': 'a link shows one place and leads to another',
    'link-imitates': 'a link leads to a name that looks like another one',
    'link-disguised': 'a link hides where it leads',
    'known-bad': 'this place is known to be bad',
    'file-dangerous': 'a file can do harm when it is opened',
    'file-locked': 'nobody could look into a file',
    'asks-secret': 'a stranger presses you for a secret or for money',
    'new-domain': 'no mail came from this sender before',
  },
};

const ko: LeaveWords = {
  lang: 'ko',
  otherLang: 'en',
  other: 'English',
  title: '이곳으로 가시겠습니까?',
  leads: '메일에 있는 링크는 다음 주소로 갑니다.',
  why: '이 링크가 든 메일은 조심해야 합니다.',
  advice: '맞는 곳인지 확실하지 않으면 비밀번호나 카드 번호를 입력하지 마세요. 가지 않으려면 이 페이지를 닫으세요.',
  go: '그래도 열기',
  reasons: {
    'sender-imitates': '보낸 사람의 도메인이 다른 도메인과 비슷하게 생겼습니다',
    'name-imitates': '보낸 사람이 다른 이의 이름을 쓰고 있습니다',
    'known-name': '아는 사람과 이름이 같지만 주소가 다릅니다',
    'not-proven': '보낸 곳이 맞는지 증명되지 않았습니다',
    'reply-elsewhere': '답장이 다른 곳으로 갑니다',
    'link-elsewhere': '보이는 주소와 다른 곳으로 가는 링크가 있습니다',
    'link-imitates': '비슷하게 생긴 이름으로 가는 링크가 있습니다',
    'link-disguised': '가는 곳을 숨긴 링크가 있습니다',
    'known-bad': '나쁜 곳으로 알려져 있습니다',
    'file-dangerous': '열면 해로울 수 있는 파일이 있습니다',
    'file-locked': '안을 들여다볼 수 없는 파일이 있습니다',
    'asks-secret': '모르는 사람이 비밀이나 돈을 재촉합니다',
    'new-domain': '이곳에서 온 메일은 처음입니다',
  },
};

export function leaveWords(lang: 'ko' | 'en'): LeaveWords {
  return lang === 'ko' ? ko : en;
}

/** Codes of warnings as a link carries them. */
export function codesOf(warnings: readonly MailWarning[]): string {
  return warnings
    .filter(({ level }) => level === 'warning')
    .map(({ code }) => code)
    .join(' ');
}
