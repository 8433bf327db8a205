/** The words of the pages on which people let programs into their accounts, in Korean and English. */
import type { OAuthScope } from '../../directory/oauth/scopes.ts';

const en = {
  lang: 'en',
  otherLang: 'ko',
  other: '한국어',
  title: 'A program asks for access',
  wants: 'wants to be let into your account:',
  scopes: {
    imap: 'read, change and delete your mail (IMAP)',
    pop3: 'fetch and delete your mail (POP3)',
    send: 'send mail in your name',
    sieve: 'change your mail filters',
    rest: 'all that the web client does: mail, contacts and settings, but not your password and what else opens your account',
  } satisfies Record<OAuthScope, string>,
  answersTo: 'If you agree, your answer goes to',
  thisComputer: 'a program on this computer',
  onlyIf: 'Agree only if you have just begun this yourself. You can take it back at any time in your settings.',
  address: 'E-mail address',
  password: 'Password',
  code: 'Code of your authenticator program, if you use one',
  allow: 'Sign in and agree',
  deny: 'Refuse',
  wrong: 'The address, the password or the code is wrong.',
  codeNeeded: 'Your account asks for a code, too. Type the password once more, with the code beside it.',
  tooMany: 'There were too many wrong passwords. Wait a while and try again.',
  busy: 'Something does not work at the moment. Try again shortly.',
  bad: 'This request of a program cannot be believed, so nothing was asked for it and it gets no answer:',
  device: 'Connect a device',
  deviceHint: 'Type the code that the device shows.',
  deviceCode: 'Code of the device',
  next: 'Next',
  deviceUnknown: 'There is no device with that code. Look whether it is still the same: it holds for ten minutes.',
  deviceAllowed: 'Done. The device goes on by itself; you can close this page.',
  deviceDenied: 'You have refused. The device is told so.',
  deviceWants: 'on a device that shows the code',
};

export type OAuthWords = typeof en;

const ko: OAuthWords = {
  lang: 'ko',
  otherLang: 'en',
  other: 'English',
  title: '프로그램이 접근을 요청합니다',
  wants: '프로그램이 내 계정에서 다음을 하려고 합니다:',
  scopes: {
    imap: '메일 읽기, 고치기, 지우기 (IMAP)',
    pop3: '메일 가져오기와 지우기 (POP3)',
    send: '내 이름으로 메일 보내기',
    sieve: '메일 필터 바꾸기',
    rest: '웹 메일이 하는 모든 일: 메일, 연락처, 설정. 비밀번호 등 계정을 여는 수단은 제외',
  },
  answersTo: '동의하면 답이 가는 곳:',
  thisComputer: '이 컴퓨터의 프로그램',
  onlyIf: '방금 직접 시작한 일일 때만 동의하세요. 설정에서 언제든지 거둘 수 있습니다.',
  address: '메일 주소',
  password: '비밀번호',
  code: '인증 앱의 코드 (쓰는 경우)',
  allow: '로그인하고 동의',
  deny: '거부',
  wrong: '주소, 비밀번호 또는 코드가 틀렸습니다.',
  codeNeeded: '이 계정은 코드도 필요합니다. 비밀번호를 다시 입력하고 코드를 함께 적으세요.',
  tooMany: '틀린 비밀번호가 너무 많았습니다. 잠시 뒤에 다시 하세요.',
  busy: '지금은 처리할 수 없습니다. 잠시 뒤에 다시 하세요.',
  bad: '프로그램의 요청을 믿을 수 없어 아무것도 묻지 않았고 답도 보내지 않습니다:',
  device: '기기 연결',
  deviceHint: '기기에 나온 코드를 입력하세요.',
  deviceCode: '기기의 코드',
  next: '다음',
  deviceUnknown: '그 코드를 보여 주는 기기가 없습니다. 코드는 10분 동안만 유효하니 바뀌었는지 확인하세요.',
  deviceAllowed: '끝났습니다. 기기가 스스로 계속하니 이 페이지를 닫아도 됩니다.',
  deviceDenied: '거부했습니다. 기기에 알렸습니다.',
  deviceWants: '코드를 보여 주는 기기:',
};

export function oauthWords(lang: string): OAuthWords {
  return lang === 'ko' ? ko : en;
}
