/** What deceivers ask for, in Korean and English: a threat, haste, a secret, money. One alone means nothing: honest mail has it, too. */
const THREAT =
  /suspend|deactivat|\block(?:ed|out)|restrict(?:ed|ion)|terminat|will be (?:closed|deleted|disabled)|unusual (?:sign|activity|login)|unauthori[sz]ed|compromised|legal action|arrest|overdue|정지|제한|잠금|잠겼|차단|삭제됩|삭제될|만료|해지|비정상|의심스러운|무단|압류|체포|출석|고발|연체|미납|폐쇄|반송/i;
const HASTE =
  /within \d{1,3} ?(?:hours?|days?|h\b)|immediately|urgent|as soon as possible|right away|final (?:notice|warning|reminder)|expires? today|last chance|before (?:today|midnight|noon)|\d{1,3} ?시간 ?(?:이내|안에|내에|내로)|즉시|긴급|오늘까지|오늘 중|금일|지금 바로|최종 ?(?:안내|통보|경고)|빠른 시일|서둘러|마지막 기회/i;
const SECRET =
  /password|passcode|verify (?:your|the|my)|confirm (?:your|the) (?:account|identity|information|details|card|payment|address|mailbox)|validate (?:your|the)|log[ -]?in (?:to|here|now|below)|sign[ -]?in (?:to|here|now|below)|re-?activate|update your (?:account|payment|billing|card|details|information)|seed phrase|recovery phrase|private key|비밀번호|본인 ?(?:확인|인증)|계정(?:을|의)? ?(?:확인|인증|복구|업데이트)|로그인(?:하|을| 후| 하)|카드 ?(?:번호|정보)|계좌 ?(?:번호|정보|확인)|주민등록번호|인증 ?번호|보안카드|개인정보(?:를)? ?(?:입력|확인|갱신)|복구 ?(?:구문|문구)|주소(?:를|지를)? ?(?:확인|수정|입력)/i;
const MONEY =
  /gift ?cards?|wire transfer|bank transfer|bitcoin|\bbtc\b|\busdt\b|crypto wallet|refund|unclaimed|lottery|inheritance|beneficiary|prize|compensation|customs (?:fee|charge|duty)|delivery fee|redelivery|change (?:of|in|our) bank|new bank (?:account|details)|송금|이체해|입금해|계좌로|상품권|기프트 ?카드|비트코인|환급|환불금|당첨|상속|보상금|지원금|통관 ?(?:수수료|비)|관세|배송비|추가 ?요금|결제 ?(?:계좌|정보)|계좌가 (?:변경|바뀌)|변경된 계좌/i;

export type Ask = 'threat' | 'haste' | 'secret' | 'money';

const ASKS: readonly (readonly [Ask, RegExp])[] = [
  ['threat', THREAT],
  ['haste', HASTE],
  ['secret', SECRET],
  ['money', MONEY],
];

/** Characters that are looked at. */
const MOST_TEXT = 20_000;

export function asksOf(subject: string, text: string): ReadonlySet<Ask> {
  const all = `${subject}\n${text.slice(0, MOST_TEXT)}`.replaceAll(/\s+/g, ' ');
  return new Set(ASKS.filter(([, words]) => words.test(all)).map(([ask]) => ask));
}
