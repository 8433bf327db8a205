import { describe, test } from 'vitest';
import { onePop3Service } from '../../../../test/pop3/one-service.ts';

const lab = onePop3Service();

describe('UTF8 and LANG (RFC 6856)', () => {
  const latin1 = (text: string): string => Buffer.from(text).toString('latin1');

  test('replies are in the language that is asked for; programs read the same', async () => {
    await lab.backend.deliver(lab.backend.alice, 'Subject: one\r\n\r\nfirst\r\n');
    await lab.run(`
      A< +OK Pabal POP3 at your service
      A> LANG
      A< +OK These languages
      A< en English
      A< ${latin1('ko 한국어')}
      A< .
      A> LANG de
      A< -ERR That language is not there
      A> LANG ko en
      A< -ERR LANG does not take that
      A> LANG ko-KR
      A< ${latin1('+OK ko 이제 한국어로 답합니다')}
      A> LANG xx
      A< ${latin1('-ERR 그 언어는 없습니다')}
      A> USER alice@example.test
      A< ${latin1('+OK 이제 비밀번호를 보내세요')}
      A> PASS secret password
      A< ${latin1('+OK 메일 1통 (23옥텟)')}
      A> STAT
      A< +OK 1 23
      A> RETR 1
      A< ${latin1('+OK 23옥텟')}
      A< ...
      A< .
      A> RETR 2
      A< ${latin1('-ERR 2 번 메일은 없습니다')}
      A> LANG *
      A< +OK en This language it is
      A> QUIT
      A< +OK Good-bye
    `);
  });

  test('UTF8 is for before sign-in, and STLS is not for after it', () =>
    lab.run(`
      A< +OK Pabal POP3 at your service
      A> UTF8 yes
      A< -ERR UTF8 does not take that
      A> UTF8
      A< +OK UTF8 it is
      A> STLS
      A< -ERR STLS is not to be had after UTF8
      A> USER alice@example.test
      A< +OK Now the password
      A> PASS secret password
      A< +OK 0 messages (0 octets)
      A> UTF8
      A< -ERR You are signed in already
      A> QUIT
      A< +OK Good-bye
    `));
});
