/** The words of our own pages, in Korean and English. */

const en = {
  lang: 'en',
  otherLang: 'ko',
  other: '한국어',
  tagline: 'An e-mail service. It is running.',
  settings: 'Settings for your mail program',
  settingsHint: 'The user name is your whole e-mail address, the password your own.',
  purpose: 'For',
  protocol: 'Protocol',
  server: 'Server',
  port: 'Port',
  security: 'Security',
  reading: 'Reading mail',
  sending: 'Sending mail',
  tls: 'TLS from the start',
  starttls: 'STARTTLS',
  selfSigned: 'If the server uses the certificate it made for itself, your program asks once whether to trust it.',
  listening: 'What listens where',
  nothing: 'Nothing listens for mail programs.',
  developers: 'For programs',
  api: 'REST API: documentation',
  openapi: 'its description (OpenAPI)',
  errors: 'all errors it answers with',
  setPassword: 'Set your password',
  setPasswordHint: 'The link works once. Choose a password of at least 8 characters; every other session ends.',
  password: 'New password',
  again: 'Once more',
  save: 'Set password',
  tooShort: 'The password needs at least 8 characters (and at most 1,000).',
  different: 'The two passwords differ.',
  known: 'That password was stolen somewhere and is in lists that are tried first. Choose another one.',
  expired: 'This link was used already, or is too old. Ask for a new one.',
  done: 'Your password is set. You can sign in with it from now on as',
  home: 'To the start page',
  problems: 'Errors of the API',
  problemsHint: 'Each error answer is a problem document (RFC 9457) with one of these codes.',
  code: 'Code',
  status: 'Status',
  meaning: 'Meaning',
};

export type Words = typeof en;

const ko: Words = {
  lang: 'ko',
  otherLang: 'en',
  other: 'English',
  tagline: '전자우편 서비스가 작동하고 있습니다.',
  settings: '메일 프로그램 설정',
  settingsHint: '사용자 이름은 전체 메일 주소, 비밀번호는 본인의 비밀번호입니다.',
  purpose: '용도',
  protocol: '프로토콜',
  server: '서버',
  port: '포트',
  security: '보안',
  reading: '받는 메일',
  sending: '보내는 메일',
  tls: '처음부터 TLS',
  starttls: 'STARTTLS',
  selfSigned: '서버가 스스로 만든 인증서를 쓰면 메일 프로그램이 신뢰할지 한 번 묻습니다.',
  listening: '열려 있는 포트',
  nothing: '메일 프로그램용으로 열린 포트가 없습니다.',
  developers: '프로그램 개발자용',
  api: 'REST API 문서',
  openapi: 'API 명세 (OpenAPI)',
  errors: 'API 오류 목록',
  setPassword: '비밀번호 설정',
  setPasswordHint:
    '이 링크는 한 번만 쓸 수 있습니다. 8자 이상의 비밀번호를 정하세요. 다른 곳의 로그인은 모두 끝납니다.',
  password: '새 비밀번호',
  again: '한 번 더',
  save: '비밀번호 설정',
  tooShort: '비밀번호는 8자 이상(1,000자 이하)이어야 합니다.',
  different: '두 비밀번호가 서로 다릅니다.',
  known: '다른 곳에서 새어 나가 널리 알려진 비밀번호입니다. 다른 것을 고르세요.',
  expired: '이미 쓴 링크이거나 기한이 지났습니다. 새 링크를 요청하세요.',
  done: '비밀번호를 설정했습니다. 이제 다음 주소로 로그인할 수 있습니다:',
  home: '시작 페이지로',
  problems: 'API 오류',
  problemsHint: '오류 응답은 모두 아래 코드 중 하나를 가진 문제 문서(RFC 9457)입니다.',
  code: '코드',
  status: '상태',
  meaning: '뜻',
};

/** What was asked for by `?lang=`, else what the browser prefers. */
export function wordsFor(asked: unknown, acceptLanguage: string | undefined): Words {
  if (asked === 'ko' || asked === 'en') return asked === 'ko' ? ko : en;
  for (const range of (acceptLanguage ?? '').slice(0, 200).toLowerCase().split(',')) {
    const tag = range.trim();
    if (tag.startsWith('ko')) return ko;
    if (tag.startsWith('en')) return en;
  }
  return en;
}
