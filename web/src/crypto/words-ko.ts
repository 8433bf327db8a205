import type { CryptoWords } from './words-en.ts';

export const ko: CryptoWords = {
  looking: '서명을 확인하는 중…',
  signedBy: (name, address, issuer) =>
    `${name} <${address}>의 서명이 있고, 그 뒤로 바뀌지 않았습니다. 본인인지는 저희가 아니라 ‘${issuer}’에서 확인한 것입니다.`,
  signedBySelf: (name, address) =>
    `${name} <${address}>(이)라고 서명된 뒤로 바뀌지 않았습니다. 누구인지는 서명한 사람의 말일 뿐입니다.`,
  otherSigner: (address, from) => `서명은 ${address}의 것인데, 보낸 사람은 ${from}(으)로 되어 있습니다.`,
  ended: (day) => `서명한 사람의 인증서는 ${day}에 끝났습니다.`,
  changed: '서명한 뒤에 바뀐 메일입니다. 내용을 믿지 마세요.',
  unreadable: '이 브라우저에서는 서명을 확인할 수 없습니다.',
  partly: '이 메일은 일부만 서명되거나 암호화되었습니다. 나머지를 누가 썼는지는 알 수 없습니다.',
  encrypted: '암호화된 메일을 이 브라우저에서 열었습니다. 글자만 보여 드립니다.',
  encryptedUnsigned: '서명이 없어 누가 썼는지는 알 수 없습니다.',
  locked: '암호화된 메일입니다.',
  lockedHint:
    '인증서와 열쇠가 든 파일(.p12 또는 .pfx)로 이 브라우저에서 엽니다. 파일은 암호화된 그대로 이 브라우저에만 남고, 서버로는 보내지 않습니다.',
  file: '인증서 파일',
  kept: (name) => `이 브라우저에 있는 파일: ${name}`,
  password: '파일의 비밀번호',
  open: '열기',
  forget: '파일 지우기',
  insecure: 'HTTPS로 연 페이지에서만 브라우저가 암호를 풀 수 있습니다.',
  tooLarge: '여기서 열기에는 너무 큽니다. 원본을 내려받으세요.',
  why: {
    'no-key': '이 인증서로 암호화된 메일이 아닙니다.',
    'wrong-password': '비밀번호가 틀렸습니다.',
    unreadable: '손상되었거나 오는 길에 바뀐 메일입니다.',
    cipher: '브라우저가 모르는 오래된 방식으로 암호화되었습니다.',
    offline: '메일을 가져오지 못했습니다.',
  },
  files: '안에 든 파일',
};
