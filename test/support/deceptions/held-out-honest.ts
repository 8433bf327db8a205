/** The half by which no warning was tuned: what is honest. */
import { type Draft, each } from './draft.ts';

export const HELD_OUT_HONEST: readonly Draft[] = [
  // Korean
  ...each(
    [['면접 일정 안내'], ['서류 전형 결과'], ['입사 서류 요청'], ['근로계약서 초안'], ['급여일 변경 안내']] as const,
    (subject) => ({
      from: '"인사팀 최유진" <hr@saebyeok.example>',
      subject,
      text: '안녕하세요. 아래 일정 중 가능한 시간을 오늘까지 회신해 주시면 감사하겠습니다. 신분증과 계좌번호 사본을 지참해 주세요.',
    }),
  ),
  ...each(
    [
      ['신한카드', 'card@shinhancard.com', 'https://www.shinhancard.com/bill'],
      ['쿠팡', 'noreply@e.coupang.com', 'https://www.coupang.com/np/orders'],
      ['우체국', 'epost@epost.go.kr', 'https://service.epost.go.kr/trace'],
      ['카카오뱅크', 'no-reply@kakaobank.com', 'https://www.kakaobank.com'],
      ['업비트', 'noreply@upbit.com', 'https://upbit.com/service_center'],
    ] as const,
    (name, from, link) => ({
      from: `"${name}" <${from}>`,
      subject: '이용 안내',
      html: `<p>고객님의 이용 내역을 알려 드립니다. 비밀번호를 묻지 않습니다.</p><a href="${link}">자세히 보기</a>`,
    }),
  ),
  ...each([['여행 소식'], ['오늘의 요리'], ['주간 경제'], ['독서 모임'], ['달리기 모임']] as const, (name) => ({
    from: `"${name}" <letter@soshik.example>`,
    list: true,
    subject: `${name} 31호`,
    html: '<p>비트코인이 오르고 환율이 내렸습니다. 긴급 점검!</p><a href="https://list-manage.com/track/click?u=1">www.hani.co.kr</a><a href="https://list-manage.com/track/click?u=2">www.chosun.com</a>',
  })),
  ...each([['예매 완료'], ['좌석 안내'], ['숙소 예약 확인'], ['항공권 발권'], ['택시 영수증']] as const, (subject) => ({
    from: '"길동무 여행" <ticket@gildongmu.example>',
    reply: '<help@gildongmu-cs.example>',
    subject,
    html: '<p>예약번호 KD-7781. 출발 24시간 이내 취소는 환불되지 않습니다.</p><a href="https://m.gildongmu.example/r">예약 보기</a>',
  })),
  ...each(
    [['세금계산서 발행'], ['견적 회신'], ['납기 문의'], ['샘플 발송'], ['계약서 날인본']] as const,
    (subject) => ({
      from: '"정우상사 이영희" <yh.lee@jungwoo.example>',
      subject,
      text: '안녕하세요. 요청하신 건 첨부합니다. 대금은 기존 계좌로 입금해 주시면 됩니다.',
      file: '첨부.pdf',
    }),
  ),
  ...each(
    [
      ['인증번호 482913'],
      ['로그인 인증 안내'],
      ['비밀번호가 변경되었습니다'],
      ['이메일 변경 확인'],
      ['2단계 인증 설정 완료'],
    ] as const,
    (subject) => ({
      from: '"나무 저장소" <no-reply@namu-store.example>',
      subject,
      text: '인증번호는 482913 입니다. 10분 안에 입력해 주세요. 본인이 아니라면 즉시 고객센터로 연락 주세요.',
    }),
  ),
  ...each([['김지훈'], ['박은지'], ['이서연'], ['최민수'], ['한가람']] as const, (name) => ({
    from: `"${name}" <friend.${name.length}@gmail.com>`,
    subject: '잘 지내?',
    text: '오랜만이야. 다음 달에 서울 가는데 시간 되면 밥 한번 먹자. 급한 건 아니고!',
  })),
  ...each(
    [['동아리 회비'], ['모임 장소 변경'], ['결혼식 초대'], ['이사했습니다'], ['기부금 영수증']] as const,
    (subject) => ({
      from: '"푸른산악회" <blue.mountain@naver.com>',
      subject,
      text: '회비는 이번 달 말까지 총무 계좌로 이체해 주세요. 문의는 댓글로 남겨 주세요. https://cafe.naver.com/bluemountain',
    }),
  ),
  ...each(
    [['진료 예약 안내'], ['검진 결과'], ['도서 반납 안내'], ['주차 등록'], ['관리비 고지서']] as const,
    (subject) => ({
      from: '"바른 생활센터" <notice@bareun.example>',
      subject,
      text: '기한 내에 납부하지 않으시면 연체료가 붙을 수 있습니다. 궁금하신 점은 02-000-0000 으로 문의해 주세요.',
    }),
  ),
  ...each(
    [['서버 점검'], ['릴리스 2.4'], ['장애 보고'], ['인증서 만료 예정'], ['디스크 사용량 경고']] as const,
    (subject) => ({
      from: '"모니터링" <monitor@ops.hanbit.example>',
      subject,
      text: '인증서가 7일 뒤 만료됩니다. http://192.168.10.2:3000/d/tls 에서 확인하세요. 즉시 조치가 필요합니다.',
    }),
  ),
  // English
  ...each(
    [
      ['Interview on Tuesday'],
      ['Your application'],
      ['Contract draft'],
      ['Relocation'],
      ['Benefits enrolment'],
    ] as const,
    (subject) => ({
      from: '"Clara Novak" <clara@brightpath.example>',
      subject,
      text: 'Please let us know by today which slot suits you. We will also need your bank account for payroll; you can hand it in on your first day.',
    }),
  ),
  ...each(
    [
      ['Apple', 'no_reply@email.apple.com', 'https://support.apple.com'],
      ['eBay', 'ebay@ebay.com', 'https://www.ebay.com/mye'],
      ['Coinbase', 'no-reply@info.coinbase.com', 'https://www.coinbase.com/signin'],
      ['FedEx', 'trackingupdates@fedex.com', 'https://www.fedex.com/fedextrack'],
      ['Steam Support', 'noreply@steampowered.com', 'https://help.steampowered.com'],
    ] as const,
    (name, from, link) => ({
      from: `"${name}" <${from}>`,
      subject: 'About your account',
      html: `<p>Sign in to see what is new. We never ask for your password by mail.</p><a href="${link}">${link}</a>`,
    }),
  ),
  ...each(
    [['Deals inside'], ['Last chance: 30% off'], ['New arrivals'], ['We miss you'], ['Members only']] as const,
    (subject) => ({
      from: '"Hearth & Home" <hello@mail.hearthhome.example>',
      list: true,
      subject,
      html: '<p>Sale ends tonight! Gift cards available.</p><a href="https://click.hearthhome-mail.example/1">www.hearthhome.example</a><a href="https://click.hearthhome-mail.example/2">Unsubscribe</a>',
    }),
  ),
  ...each(
    [
      ['Your statement'],
      ['Payment received'],
      ['Subscription renewed'],
      ['Price change'],
      ['Card expiring soon'],
    ] as const,
    (subject) => ({
      from: '"Streamly" <billing@streamly.example>',
      subject,
      html: '<p>Your card expires soon. Update your payment details in your account settings to avoid an interruption.</p><a href="https://streamly.example/account">Account settings</a>',
    }),
  ),
  ...each(
    [
      ['Code 118223'],
      ['Your login link'],
      ['Password changed'],
      ['Verify your email address'],
      ['New sign-in from Busan'],
    ] as const,
    (subject) => ({
      from: '"Mosaic" <no-reply@mosaic.example>',
      subject,
      html: '<p>Verify your email address to finish. The link works for 2 hours. If this was not you, reset your password immediately.</p><a href="https://auth.mosaic.example/l/9">Go on</a>',
    }),
  ),
  ...each([['Mia Jensen'], ['Oliver Stone-Hart'], ['Priya N.'], ['Grandma'], ['Luca']] as const, (name) => ({
    from: `"${name}" <someone.${name.length}@outlook.com>`,
    subject: 'Hello',
    text: 'Back from the trip! Photos are at https://photos.google.com/share/abc and I owe you a coffee.',
  })),
  ...each(
    [['Re: quote 118'], ['Re: delivery date'], ['Re: samples'], ['Fwd: drawings'], ['Re: warranty']] as const,
    (subject) => ({
      from: '"Nils at Fjord Pumps" <nils@fjordpumps.example>',
      reply: '<orders@fjordpumps-support.example>',
      subject,
      text: 'Thanks for the order. The pumps leave on Friday; customs duty is paid by us. Our bank details are as before.',
      file: 'drawing 4.pdf',
    }),
  ),
  ...each(
    [
      ['Your question to Ben'],
      ['New message about your flat'],
      ['Offer on your bike'],
      ['Booking request'],
      ['Review left'],
    ] as const,
    (subject) => ({
      from: '"Ben via Flatfinder" <message@flatfinder.example>',
      reply: '<thread-8812@reply.flatfinder-mail.example>',
      subject,
      text: 'Hi, is it still free in March? Answer this mail to write to Ben. https://flatfinder.example/t/8812',
    }),
  ),
  ...each(
    [['PR #12'], ['Issue #9 closed'], ['CI failed'], ['Security advisory'], ['Invitation']] as const,
    (subject) => ({
      from: '"octo (GitHub)" <notifications@github.com>',
      reply: '<reply+xyz@reply.github.com>',
      list: true,
      subject,
      text: 'View it on GitHub: https://github.com/a/b/pull/12',
    }),
  ),
  ...each(
    [['Term dates'], ['Library notice'], ['Council newsletter'], ['Road works'], ['Blood donation']] as const,
    (subject) => ({
      from: '"City of Aldham" <news@aldham.example>',
      subject,
      text: 'Books are overdue after three weeks. Parking permits expire today for some streets; renew them at https://www.aldham.example/parking.',
    }),
  ),
];
