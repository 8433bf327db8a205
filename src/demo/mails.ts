/** What is in the demo's mailboxes. Everything here is made up. */
import type { Attachment, Letter } from './compose.ts';
import { ALICE, BOB, type Person } from './people.ts';
import { picture } from './picture.ts';

export interface DemoMail extends Letter {
  readonly owner: Person;
  readonly folder: string;
  readonly hoursAgo: number;
  readonly unread?: true;
  readonly flagged?: true;
  readonly answered?: true;
  readonly keywords?: readonly string[];
  /** Mails of one name answer each other, the oldest first. */
  readonly thread?: string;
}

const who = (name: string, address: string): Person => ({ name, address });
const MINJI = who('박민지', 'minji.park@hanbit.example');
const JIHOON = who('이지훈', 'jihoon@hanbit.example');
const MOTHER = who('엄마', 'younghee.choi@home.example');
const SORA = who('최소라', 'sora.choi@home.example');
const CLARA = who('Clara Weiss', 'clara.weiss@nordlicht.example');
const DEEPAK = who('Deepak Rao', 'deepak@relay-tools.example');
const ROSA = who('Rosa Jiménez', 'rosa@correo.example');
const FORGE = who('Forge', 'notifications@forge.example');
const SHOP = who('Bookfold Shop', 'orders@bookfold.example');
const RAIL = who('Seohae Rail', 'tickets@seohae-rail.example');
const DIGEST = who('Courier Weekly', 'digest@courier-weekly.example');
const BANK = who('한강은행', 'no-reply@hangang-bank.example');
const CLINIC = who('Dr. Hong Dental', 'reception@hong-dental.example');

const PICTURE: Attachment = { name: 'dusk-over-the-pass.png', type: 'image/png', content: picture() };
const MINUTES: Attachment = {
  name: '2026년 4분기 회의록.txt',
  type: 'text/plain; charset=utf-8',
  content:
    '4분기 기획 회의록\r\n\r\n1. 배달 경로 재설계: 지훈\r\n2. 사용자 인터뷰 12건 정리: 민지\r\n3. 예산: 전년 대비 8% 증액\r\n',
};
const BUDGET: Attachment = {
  name: 'budget-2027.csv',
  type: 'text/csv; charset=utf-8',
  content: 'item,quarter,amount\r\nhosting,Q1,4200\r\nhosting,Q2,4350\r\nhardware,Q1,11800\r\ntravel,Q3,3900\r\n',
};
const INVITE: Attachment = {
  name: 'invite.ics',
  type: 'text/calendar; charset=utf-8; method=REQUEST',
  content:
    'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Relay Tools//EN\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:kickoff-7@relay-tools.example\r\nDTSTAMP:20261101T090000Z\r\nDTSTART:20261201T090000Z\r\nDTEND:20261201T100000Z\r\nSUMMARY:Kick-off: mail relay\r\nORGANIZER:mailto:deepak@relay-tools.example\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n',
};

const list = (id: string): Readonly<Record<string, string>> => ({
  'List-Id': `<${id}>`,
  'List-Unsubscribe': `<https://${id}/leave>`,
  Precedence: 'list',
});

function page(title: string, body: string): string {
  return `<!doctype html>\n<html><body style="font-family:sans-serif">\n<h2>${title}</h2>\n${body}\n</body></html>\n`;
}

const RELAY = 'Projects/Relay';
const FAMILY = '가족';

const atAlice = (mail: Omit<DemoMail, 'owner' | 'to'> & { to?: readonly Person[] }): DemoMail => ({
  owner: ALICE,
  to: [ALICE],
  ...mail,
});
const atBob = (mail: Omit<DemoMail, 'owner' | 'to'> & { to?: readonly Person[] }): DemoMail => ({
  owner: BOB,
  to: [BOB],
  ...mail,
});

export const DEMO_MAILS: readonly DemoMail[] = [
  // --- Alice: a project with a long thread
  atAlice({
    folder: RELAY,
    hoursAgo: 340,
    from: DEEPAK,
    cc: [CLARA],
    thread: 'kickoff',
    subject: 'Kick-off for the mail relay',
    attachments: [INVITE],
    text: 'Hi Alice,\n\nI put the kick-off into the calendar. Agenda:\n\n1. What we keep from the old system\n2. Who owns which hop\n3. When the first letters travel over it\n\nDeepak\n',
  }),
  atAlice({
    folder: 'Sent',
    hoursAgo: 337,
    from: ALICE,
    to: [DEEPAK],
    cc: [CLARA],
    thread: 'kickoff',
    subject: 'Re: Kick-off for the mail relay',
    text: 'Works for me. I would add one point: what happens to a letter when a station burns down.\n\nAlice\n\n> When the first letters travel over it\n',
  }),
  atAlice({
    folder: RELAY,
    hoursAgo: 330,
    from: CLARA,
    cc: [DEEPAK],
    thread: 'kickoff',
    subject: 'Re: Kick-off for the mail relay',
    text: 'Then we need a second horse at every station. I can bring numbers from our side on Tuesday.\n\nClara\n',
  }),
  atAlice({
    folder: RELAY,
    hoursAgo: 290,
    from: DEEPAK,
    cc: [CLARA, BOB],
    thread: 'kickoff',
    subject: 'Re: Kick-off for the mail relay',
    flagged: true,
    text: 'Minutes in short:\n\n- every station acknowledges only what it has written down\n- nobody forwards what was not acknowledged\n- Bob draws the map, Alice tests the fire drill\n\nDeepak\n',
  }),
  atAlice({
    folder: RELAY,
    hoursAgo: 200,
    from: CLARA,
    subject: 'Numbers for next year',
    attachments: [BUDGET],
    keywords: ['$label1'],
    text: 'As promised, the sheet is attached. Hosting is a guess, hardware is an offer, travel is hope.\n\nClara\n',
  }),
  atAlice({
    folder: RELAY,
    hoursAgo: 72,
    from: BOB,
    subject: 'The map',
    attachments: [PICTURE],
    text: 'I walked the northern route at the weekend. The attached picture is where the third station should stand.\n\nBob\n',
  }),
  atAlice({
    folder: 'Sent',
    hoursAgo: 70,
    from: ALICE,
    to: [BOB],
    subject: 'Re: The map',
    text: 'Beautiful, and far from the nearest well. Let us talk about it on Monday.\n\nAlice\n',
  }),

  // --- Alice: Korean mail, at work and at home
  atAlice({
    folder: 'INBOX',
    hoursAgo: 160,
    from: MINJI,
    cc: [JIHOON],
    thread: 'minutes',
    subject: '4분기 기획 회의록 공유드립니다',
    attachments: [MINUTES],
    answered: true,
    text: '앨리스 님, 안녕하세요.\n\n어제 회의록을 첨부해 드립니다. 2번 항목의 인터뷰 일정은 아직 확정되지 않았습니다.\n확인하시고 수정할 곳이 있으면 말씀해 주세요.\n\n박민지 드림\n',
  }),
  atAlice({
    folder: 'Sent',
    hoursAgo: 158,
    from: ALICE,
    to: [MINJI],
    cc: [JIHOON],
    thread: 'minutes',
    subject: 'Re: 4분기 기획 회의록 공유드립니다',
    text: '민지 님, 고맙습니다. 인터뷰는 다음 주 수요일 이후가 좋겠습니다.\n\n앨리스\n',
  }),
  atAlice({
    folder: 'INBOX',
    hoursAgo: 150,
    from: JIHOON,
    cc: [MINJI],
    thread: 'minutes',
    subject: 'Re: 4분기 기획 회의록 공유드립니다',
    text: '수요일 오후 3시에 회의실 파발을 예약했습니다. 그때 뵙겠습니다.\n\n이지훈\n',
  }),
  atAlice({
    folder: 'INBOX',
    hoursAgo: 30,
    from: MINJI,
    subject: '주간 보고: 11월 셋째 주',
    unread: true,
    text: '이번 주 진행 상황입니다.\n\n- 배달 경로 시험: 완료\n- 첨부 파일 중복 제거: 92% 절감\n- 다음 주: 부하 시험 시작\n\n질문 있으시면 답장 주세요.\n',
    html: page(
      '주간 보고',
      '<ul><li>배달 경로 시험: 완료</li><li>첨부 파일 중복 제거: 92% 절감</li><li>다음 주: 부하 시험 시작</li></ul>',
    ),
  }),
  atAlice({
    folder: 'INBOX',
    hoursAgo: 6,
    from: JIHOON,
    subject: '[긴급] 오늘 저녁 점검 안내',
    unread: true,
    flagged: true,
    text: '오늘 밤 11시부터 30분간 북쪽 역참 서버를 점검합니다.\n점검 중에도 편지는 접수되며, 배달만 잠시 늦어집니다.\n',
  }),
  atAlice({
    folder: FAMILY,
    hoursAgo: 410,
    from: MOTHER,
    thread: 'kimchi',
    subject: '김장 날짜',
    answered: true,
    text: '딸, 올해 김장은 12월 첫째 토요일에 하려고 해.\n배추 오십 포기 주문했다. 올 수 있지?\n\n엄마가\n',
  }),
  atAlice({
    folder: 'Sent',
    hoursAgo: 405,
    from: ALICE,
    to: [MOTHER],
    thread: 'kimchi',
    subject: 'Re: 김장 날짜',
    text: '당연히 가야죠! 금요일 밤 기차로 내려갈게요.\n',
  }),
  atAlice({
    folder: FAMILY,
    hoursAgo: 400,
    from: SORA,
    cc: [MOTHER],
    thread: 'kimchi',
    subject: 'Re: 김장 날짜',
    text: '언니 오면 나도 간다. 고무장갑은 내가 사 갈게 ㅎㅎ\n\n소라\n',
  }),
  atAlice({
    folder: FAMILY,
    hoursAgo: 60,
    from: SORA,
    subject: '조카 사진',
    attachments: [PICTURE],
    text: '지난 주말에 고개 넘어 산책 다녀왔어. 하늘이 정말 예뻤어.\n\n소라\n',
  }),
  atAlice({
    folder: FAMILY,
    hoursAgo: 20,
    from: MOTHER,
    subject: '기차표 샀니?',
    unread: true,
    text: '금요일은 표가 금방 없어진다더라. 샀으면 시간 알려 줘.\n',
  }),

  // --- Alice: what else comes in
  atAlice({
    folder: 'INBOX',
    hoursAgo: 190,
    from: RAIL,
    subject: 'Your ticket: Seoul - Gunsan, 4 December',
    keywords: ['$label2'],
    text: 'Booking SR-48211\n\nFriday 4 December 2026\n19:35 Yongsan  ->  21:52 Gunsan\nCar 7, seat 12A\n\nShow this mail at the gate.\n',
    html: page(
      'Booking SR-48211',
      '<table><tr><td>19:35</td><td>Yongsan</td></tr><tr><td>21:52</td><td>Gunsan</td></tr></table><p>Car 7, seat 12A</p>',
    ),
  }),
  atAlice({
    folder: 'INBOX',
    hoursAgo: 170,
    from: SHOP,
    subject: 'We have received your order #20931',
    text: 'Thank you!\n\n1 x The Post Horse, paperback   14.00\n1 x Letters of the North Road   22.50\n\nWe write again when it leaves our house.\n',
  }),
  atAlice({
    folder: 'INBOX',
    hoursAgo: 122,
    from: SHOP,
    subject: 'Your order #20931 is on its way',
    text: 'It left our house this morning and should be with you in two days.\n',
  }),
  atAlice({
    folder: 'INBOX',
    hoursAgo: 140,
    from: FORGE,
    thread: 'forge',
    subject: '[relay/stations] Letters are lost when a station restarts (#118)',
    headers: list('stations.relay.forge.example'),
    text: 'bob-lee opened an issue:\n\nSteps: send ten letters, pull the plug after the fifth. I expect ten or five with an error, and get nine.\n',
  }),
  atAlice({
    folder: 'INBOX',
    hoursAgo: 133,
    from: FORGE,
    thread: 'forge',
    subject: 'Re: [relay/stations] Letters are lost when a station restarts (#118)',
    headers: list('stations.relay.forge.example'),
    text: 'deepak-rao commented:\n\nThe receipt was sent before the book was closed. Fix in #121.\n',
  }),
  atAlice({
    folder: 'INBOX',
    hoursAgo: 28,
    from: FORGE,
    thread: 'forge',
    subject: 'Re: [relay/stations] Letters are lost when a station restarts (#118)',
    unread: true,
    headers: list('stations.relay.forge.example'),
    text: 'bob-lee closed this:\n\nTwo hundred pulled plugs later: ten of ten, every time.\n',
  }),
  atAlice({
    folder: 'INBOX',
    hoursAgo: 96,
    from: DIGEST,
    subject: 'Courier Weekly: the oldest roads, the newest protocols',
    headers: list('courier-weekly.example'),
    text: 'This week\n\n* A road of 500 li and the forty inns along it\n* Why your mail client counts to 4,294,967,295\n* Readers write: our favourite postmarks\n',
    html: page(
      'Courier Weekly',
      '<p>A road of 500 <i>li</i> and the forty inns along it</p><p>Why your mail client counts to 4,294,967,295</p><p>Readers write: our favourite postmarks</p>',
    ),
  }),
  atAlice({
    folder: 'INBOX',
    hoursAgo: 90,
    from: BANK,
    subject: '11월 이용대금 명세서가 도착했습니다',
    text: '고객님의 11월 이용대금은 384,200원이며, 결제일은 11월 25일입니다.\n자세한 내용은 앱에서 확인해 주세요.\n',
  }),
  atAlice({
    folder: 'INBOX',
    hoursAgo: 80,
    from: CLINIC,
    subject: 'Reminder: your appointment on Thursday',
    text: 'Dear Alice,\n\nwe see you on Thursday at 8:40. Please call if you cannot come.\n\nDr. Hong Dental\n',
  }),
  atAlice({
    folder: 'INBOX',
    hoursAgo: 52,
    from: ROSA,
    thread: 'hike',
    subject: '¿Vienes a la sierra?',
    answered: true,
    text: 'Hola Alice:\n\nEl último fin de semana del mes subimos a la sierra. ¿Te apuntas? Hay sitio en el coche de Íñigo.\n\nRosa\n',
  }),
  atAlice({
    folder: 'Sent',
    hoursAgo: 50,
    from: ALICE,
    to: [ROSA],
    thread: 'hike',
    subject: 'Re: ¿Vienes a la sierra?',
    text: '¡Sí! Llevo el mapa y el café.\n\nAlice\n',
  }),
  atAlice({
    folder: 'INBOX',
    hoursAgo: 12,
    from: BOB,
    cc: [DEEPAK],
    subject: 'Fire drill on Friday?',
    unread: true,
    text: 'Alice,\n\nthe new stations are up. Shall we set one on fire on Friday and see whether the letters still arrive?\n\nBob\n',
  }),
  atAlice({
    folder: 'INBOX',
    hoursAgo: 3,
    from: CLARA,
    subject: 'Quick question about seals',
    unread: true,
    text: 'Do we seal the bag or each letter? Legal asks.\n\nClara\n',
  }),
  atAlice({
    folder: 'INBOX',
    hoursAgo: 1,
    from: DEEPAK,
    subject: 'Lunch?',
    unread: true,
    text: 'The noodle place at 12:30, I am buying. 🍜\n',
  }),
  atAlice({
    folder: 'Archive',
    hoursAgo: 2200,
    from: BOB,
    subject: 'Welcome to the team',
    text: 'So glad you are here. Coffee is on the third floor, the good one.\n\nBob\n',
  }),
  atAlice({
    folder: 'Archive',
    hoursAgo: 1900,
    from: CLARA,
    subject: 'Contract, countersigned',
    text: 'Signed by everybody. A paper copy is on its way by ordinary mail.\n',
  }),
  atAlice({
    folder: 'Archive',
    hoursAgo: 1500,
    from: MINJI,
    subject: '명함 신청 결과',
    text: '명함이 나왔습니다. 1층 안내 데스크에서 찾아가세요.\n',
  }),
  atAlice({
    folder: 'Archive',
    hoursAgo: 800,
    from: RAIL,
    subject: 'Receipt SR-40077',
    text: 'Total 46,800 KRW, paid by card.\n',
  }),
  atAlice({
    folder: 'Drafts',
    hoursAgo: 26,
    from: ALICE,
    to: [CLARA],
    subject: 'Re: Numbers for next year',
    text: 'Clara,\n\nthe hosting line looks low to me because\n',
  }),
  atAlice({
    folder: 'Drafts',
    hoursAgo: 5,
    from: ALICE,
    to: [MOTHER],
    subject: 'Re: 기차표 샀니?',
    text: '네! 금요일 19시 35분 용산 출발이에요.\n',
  }),
  atAlice({
    folder: 'Junk',
    hoursAgo: 44,
    from: who('Prize Office', 'winner@lucky-horse.example'),
    subject: 'You have WON a golden post horse!!!',
    unread: true,
    text: 'Send us only the shipping fee of 199.00 and the horse is yours.\n',
  }),
  atAlice({
    folder: 'Junk',
    hoursAgo: 21,
    from: who('고객지원', 'help@secure-bank-login.example'),
    subject: '계정이 정지되었습니다. 지금 확인하세요',
    unread: true,
    text: '24시간 안에 확인하지 않으면 계정이 삭제됩니다.\n',
  }),
  atAlice({
    folder: 'Trash',
    hoursAgo: 300,
    from: DIGEST,
    subject: 'Courier Weekly: ink, wax and headers',
    headers: list('courier-weekly.example'),
    text: 'Ink, wax and headers: what holds a letter together.\n',
  }),
  atAlice({
    folder: 'Trash',
    hoursAgo: 260,
    from: SHOP,
    subject: 'Last chance: 10 % off atlases',
    text: 'Until Sunday only.\n',
  }),

  // --- Bob
  atBob({
    folder: 'INBOX',
    hoursAgo: 290,
    from: DEEPAK,
    cc: [CLARA, ALICE],
    thread: 'bob-kickoff',
    subject: 'Re: Kick-off for the mail relay',
    text: 'Minutes in short:\n\n- every station acknowledges only what it has written down\n- nobody forwards what was not acknowledged\n- Bob draws the map, Alice tests the fire drill\n\nDeepak\n',
  }),
  atBob({
    folder: 'Sent',
    hoursAgo: 72,
    from: BOB,
    to: [ALICE],
    thread: 'bob-map',
    subject: 'The map',
    attachments: [PICTURE],
    text: 'I walked the northern route at the weekend. The attached picture is where the third station should stand.\n\nBob\n',
  }),
  atBob({
    folder: 'INBOX',
    hoursAgo: 70,
    from: ALICE,
    thread: 'bob-map',
    subject: 'Re: The map',
    text: 'Beautiful, and far from the nearest well. Let us talk about it on Monday.\n\nAlice\n',
  }),
  atBob({
    folder: 'Sent',
    hoursAgo: 12,
    from: BOB,
    to: [ALICE],
    cc: [DEEPAK],
    subject: 'Fire drill on Friday?',
    text: 'Alice,\n\nthe new stations are up. Shall we set one on fire on Friday and see whether the letters still arrive?\n\nBob\n',
  }),
  atBob({
    folder: 'INBOX',
    hoursAgo: 45,
    from: JIHOON,
    subject: '지도 초안 잘 받았습니다',
    unread: true,
    text: '밥 님, 지도 초안 감사합니다. 세 번째 역참의 위치만 다시 논의하면 좋겠습니다.\n\n이지훈\n',
  }),
  atBob({
    folder: 'INBOX',
    hoursAgo: 27,
    from: FORGE,
    subject: '[relay/stations] #121 was merged',
    unread: true,
    headers: list('stations.relay.forge.example'),
    text: 'Close the book first, then send the receipt.\n',
  }),
  atBob({
    folder: 'INBOX',
    hoursAgo: 8,
    from: ROSA,
    subject: 'Fotos de la ruta',
    attachments: [PICTURE],
    unread: true,
    text: 'Aquí van las fotos que te prometí.\n\nRosa\n',
  }),
  atBob({ folder: 'Drafts', hoursAgo: 7, from: BOB, to: [ROSA], subject: 'Re: Fotos de la ruta', text: '¡Gracias! ' }),
  atBob({
    folder: 'Junk',
    hoursAgo: 33,
    from: who('Cheap Saddles', 'sale@saddles.example'),
    subject: 'Saddles -90 %',
    unread: true,
    text: 'Every saddle must go.\n',
  }),
]; // prettier-ignore

/** These arrive while the demo runs, again and again. */
export const ARRIVALS: readonly Letter[] = [
  {
    from: MINJI,
    to: [ALICE],
    subject: '부하 시험 중간 결과',
    text: '초당 4,000통까지 지연 없이 접수됩니다. 결과 표는 내일 보내드릴게요.\n\n박민지\n',
  },
  {
    from: BOB,
    to: [ALICE],
    subject: 'The well',
    text: 'Found one, 200 steps from the third station. You were right to ask.\n\nBob\n',
  },
  {
    from: FORGE,
    to: [ALICE, BOB],
    subject: '[relay/stations] Nightly tests: all passed',
    text: '200 kills, 20,000 letters, 0 lost, 0 twice.\n',
    headers: list('stations.relay.forge.example'),
  },
  { from: SORA, to: [ALICE], subject: '고무장갑 색깔', text: '빨강이야 노랑이야? 빨리 골라 줘.\n' },
  {
    from: ROSA,
    to: [ALICE, BOB],
    subject: 'La sierra, otra vez',
    text: 'Cambiamos la hora: salimos a las siete.\n\nRosa\n',
  },
  {
    from: DIGEST,
    to: [BOB],
    subject: 'Courier Weekly: extra',
    text: 'A postmark was found in a teapot.\n',
    headers: list('courier-weekly.example'),
  },
]; // prettier-ignore
