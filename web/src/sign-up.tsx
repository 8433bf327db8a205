/** An account of one's own, where the operator allows it. */
import { type FormEvent, useEffect, useState } from 'react';
import { ApiError, call } from './api.ts';
import { signIn } from './app.tsx';
import { look } from './settings-store.ts';
import { useStore } from './store.ts';
import { useWords } from './words/words.ts';

const en = {
  title: 'Create an account',
  name: 'The address you want',
  nameHint: 'At least three letters (a to z), digits, dots or hyphens.',
  domain: 'Domain',
  displayName: 'Your name, as others see it',
  password: 'Password',
  passwordHint: (n: number): string => `At least ${n} characters, and not your address.`,
  again: 'Password again',
  different: 'The two passwords are not the same.',
  waits: 'An administrator decides who gets an account: you can sign in when yours was let in.',
  waiting: (address: string): string =>
    `${address} is yours as soon as an administrator has let it in. Sign in with your password then.`,
  make: 'Create the account',
  making: 'Creating it…',
  back: 'Back to signing in',
  errors: {
    'account-exists': 'Somebody has this address already. Choose another one.',
    'address-syntax': 'This address cannot be chosen. Try another one.',
    'password-known': 'That password is one of those that are tried first. Choose another one.',
    'not-allowed': 'No accounts can be made here at the moment.',
    'too-fast': 'Too many accounts were made or tried from here. Try again tomorrow.',
  } as Readonly<Record<string, string>>,
};

const ko: typeof en = {
  title: '계정 만들기',
  name: '원하는 주소',
  nameHint: '영문 소문자, 숫자, 점, 붙임표로 세 글자 이상.',
  domain: '도메인',
  displayName: '다른 사람에게 보일 이름',
  password: '비밀번호',
  passwordHint: (n) => `${n}자 이상이어야 하고, 주소가 들어가면 안 됩니다.`,
  again: '비밀번호 다시',
  different: '두 비밀번호가 서로 다릅니다.',
  waits: '관리자가 허락한 뒤에 로그인할 수 있습니다.',
  waiting: (address) => `관리자가 허락하면 ${address} 주소를 쓸 수 있습니다. 그때 이 비밀번호로 로그인하세요.`,
  make: '계정 만들기',
  making: '만드는 중…',
  back: '로그인으로 돌아가기',
  errors: {
    'account-exists': '이미 쓰는 주소입니다. 다른 주소를 고르세요.',
    'address-syntax': '고를 수 없는 주소입니다. 다른 주소를 써 보세요.',
    'password-known': '맨 먼저 시도되는 비밀번호입니다. 다른 것을 고르세요.',
    'not-allowed': '지금은 계정을 만들 수 없습니다.',
    'too-fast': '여기서 너무 많이 시도했습니다. 내일 다시 해 보세요.',
  },
};

interface Offer {
  readonly mode: 'off' | 'approval' | 'open';
  readonly domains: readonly string[];
}

/** As the service wants it. */
const SHORTEST = 10;

export function SignUpForm({ onBack }: { readonly onBack: () => void }) {
  const words = useWords();
  const own = { en, ko }[useStore(look, (state) => state.language)];
  const [offer, setOffer] = useState<Offer>();
  const [busy, setBusy] = useState(false);
  const [complaint, setComplaint] = useState('');
  const [waits, setWaits] = useState<string>();
  useEffect(() => {
    call<Offer>('GET', '/v1/sign-up')
      .then(setOffer)
      .catch((error: unknown) => setComplaint(words.error(error instanceof ApiError ? error.code : 'unknown')));
    // oxlint-disable-next-line react/exhaustive-deps -- asked once
  }, []);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(event.currentTarget)) as Record<string, string>;
    const { name = '', domain = '', displayName = '', password = '', again } = given;
    if (password !== again) return setComplaint(own.different);
    setBusy(true);
    setComplaint('');
    try {
      const body = { name: name.trim().toLowerCase(), domain, displayName: displayName.trim(), password };
      const { address, state } = await call<{ address: string; state: 'ready' | 'waits' }>('POST', '/v1/sign-up', {
        body,
      });
      if (state === 'waits') setWaits(address);
      else await signIn(address, password);
    } catch (error) {
      const code = error instanceof ApiError ? error.code : 'unknown';
      setComplaint(own.errors[code] ?? words.error(code));
    }
    setBusy(false);
  };

  const field = (
    name: string,
    label: string,
    input: Readonly<Record<string, string | number | boolean>>,
    hint = '',
  ) => (
    <label className="field">
      <span>{label}</span>
      <input name={name} required maxLength={200} {...input} />
      {hint !== '' && <small className="muted">{hint}</small>}
    </label>
  );
  return (
    <main className="sign-in">
      <form onSubmit={(event) => void submit(event)}>
        <img src="/icon.svg" alt="" width="56" height="56" />
        <h1>{own.title}</h1>
        {waits !== undefined && <p role="status">{own.waiting(waits)}</p>}
        {waits === undefined && offer !== undefined && (
          <>
            {offer.mode === 'approval' && <p className="muted">{own.waits}</p>}
            {field('name', own.name, { autoComplete: 'username', autoFocus: true, maxLength: 40 }, own.nameHint)}
            <label className="field">
              <span>{own.domain}</span>
              <select name="domain">
                {offer.domains.map((domain) => (
                  <option key={domain} value={domain}>
                    @{domain}
                  </option>
                ))}
              </select>
            </label>
            {field('displayName', own.displayName, { autoComplete: 'name', required: false })}
            {field(
              'password',
              own.password,
              { type: 'password', autoComplete: 'new-password', minLength: SHORTEST, maxLength: 1000 },
              own.passwordHint(SHORTEST),
            )}
            {field('again', own.again, { type: 'password', autoComplete: 'new-password', maxLength: 1000 })}
          </>
        )}
        {complaint !== '' && (
          <p className="complaint" role="alert">
            {complaint}
          </p>
        )}
        {waits === undefined && (
          <button className="button primary wide" disabled={busy || offer === undefined}>
            {busy ? own.making : own.make}
          </button>
        )}
        <footer>
          <button type="button" className="link" onClick={onBack}>
            {own.back}
          </button>
        </footer>
      </form>
    </main>
  );
}
