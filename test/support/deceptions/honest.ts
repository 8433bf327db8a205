/** The half by which the warnings were made: twenty ways of being honest, five mails of each. */
import { type Draft, each } from './draft.ts';

export const HONEST: readonly Draft[] = [
  // Korean
  ...each(
    [['이번 주 회의록'], ['내일 점심'], ['보고서 초안'], ['휴가 일정'], ['사진 보냅니다']] as const,
    (subject) => ({
      from: '"김지훈" <jihoon@mirae.example>',
      subject,
      text: '안녕하세요. 말씀하신 내용 정리해서 보내 드립니다. 확인 부탁드려요. 감사합니다.',
    }),
  ),
  ...each(
    [
      ['네이버', 'account_noreply@navercorp.com', 'https://nid.naver.com/user2/help'],
      ['카카오', 'noreply@kakaocorp.com', 'https://accounts.kakao.com'],
      ['KB국민은행', 'notice@kbstar.com', 'https://obank.kbstar.com'],
      ['국세청 홈택스', 'hometax@hometax.go.kr', 'https://www.hometax.go.kr'],
      ['Google', 'no-reply@accounts.google.com', 'https://myaccount.google.com'],
    ] as const,
    (name, from, link) => ({
      from: `"${name}" <${from}>`,
      subject: '새로운 기기에서 로그인되었습니다',
      html: `<p>새로운 기기에서 로그인이 있었습니다. 본인이 아니라면 즉시 비밀번호를 변경하세요.</p><a href="${link}">${link}</a>`,
    }),
  ),
  ...each([['뜨개질 공방'], ['한 끼 밀키트'], ['책방 오후'], ['바른 농장'], ['작은 영화관']] as const, (name) => ({
    from: `"${name}" <news@shop.example>`,
    list: true,
    subject: `(광고) ${name} 봄맞이 할인, 오늘까지`,
    html: '<p>모든 상품을 20% 할인합니다. 마지막 기회!</p><a href="https://click.stibee.com/a/b">www.shop.example</a> <a href="https://click.stibee.com/c">인스타그램</a>',
  })),
  ...each(
    [
      ['주문하신 상품이 발송되었습니다'],
      ['결제가 완료되었습니다'],
      ['예약이 확정되었습니다'],
      ['환불이 처리되었습니다'],
      ['배송이 완료되었습니다'],
    ] as const, // prettier-ignore
    (subject) => ({
      from: '"산들마켓" <order@sandeul.example>',
      subject,
      html: '<p>주문번호 20261101-33. 배송비 3,000원 포함. 배송 조회는 아래에서 하실 수 있습니다.</p><a href="https://www.sandeul.example/o/33">주문 보기</a>',
    }),
  ),
  ...each(
    [
      ['비밀번호 재설정 안내'],
      ['이메일 주소를 인증해 주세요'],
      ['가입을 환영합니다'],
      ['휴면 계정 전환 안내'],
      ['개인정보 이용내역 안내'],
    ] as const, // prettier-ignore
    (subject) => ({
      from: '"모두의 노트" <no-reply@modunote.example>',
      subject,
      html: '<p>요청하신 링크입니다. 본인이 요청하지 않았다면 이 메일을 무시하세요. 비밀번호는 누구에게도 알려 주지 마세요.</p><a href="https://app.modunote.example/r/1">계속하기</a>',
    }),
  ),
  ...each([['견적서.pdf'], ['회의자료.pptx'], ['예산안.xlsx'], ['사진.zip'], ['이력서.hwp']] as const, (file) => ({
    from: '"박은지" <eunji@dasan.example>',
    subject: '자료 송부',
    text: '첨부 파일 확인 부탁드립니다.',
    file,
  })),
  ...each(
    [
      ['이웃 목공소', 'wood@neighbor.example', 'neighbor.wood@naver.com'],
      ['동네 꽃집', 'info@flower.example', 'flower.shop@gmail.com'],
      ['문의 양식', 'form@website.example', 'visitor22@daum.net'],
      ['중고 장터', 'noreply@market.example', 'buyer8@gmail.com'],
      ['동호회', 'club@hiking.example', 'hiking.leader@hanmail.net'],
    ] as const,
    (name, from, reply) => ({
      from: `"${name}" <${from}>`,
      reply: `<${reply}>`,
      subject: '문의 드립니다',
      text: '안녕하세요. 다음 주에 방문해도 될까요? 답장 기다리겠습니다.',
    }),
  ),
  ...each(
    [
      ['[dev] 빌드 실패'],
      ['[공지] 서버 점검'],
      ['[dev] 리뷰 요청'],
      ['[공지] 정기 총회'],
      ['[dev] 배포 완료'],
    ] as const,
    (subject) => ({
      from: '"개발 목록" <dev@lists.hanul.example>',
      list: true,
      subject,
      text: '자세한 내용은 https://github.com/hanul/app/pull/12 와 http://10.2.0.4/build 를 보세요. 오늘 중 확인 부탁드립니다.',
    }),
  ),
  ...each(
    [['학부모 상담 안내'], ['급식비 납부 안내'], ['현장학습 동의서'], ['방과후 수강 신청'], ['겨울방학 일정']] as const,
    (subject) => ({
      from: '"한빛초등학교" <office@hanbit-es.example>',
      subject,
      text: '학부모님께 알립니다. 신청은 이번 달 30일까지 학교 누리집에서 하시면 됩니다. https://hanbit-es.example/notice',
    }),
  ),
  ...each([['한글.kr'], ['우리집.한국'], ['맛집.com'], ['책.kr'], ['여행사.kr']] as const, (host) => ({
    from: '"나들이" <hello@nadeuli.example>',
    subject: '새 누리집을 열었습니다',
    text: `저희 누리집 주소가 https://${host}/ 로 바뀌었습니다. 놀러 오세요.`,
  })),
  // English
  ...each(
    [['Minutes'], ['Lunch tomorrow?'], ['Draft of the report'], ['Holiday plans'], ['Photos']] as const,
    (subject) => ({
      from: '"Anna Berg" <anna@nordlys.example>',
      subject,
      text: 'Hi, here is what we talked about. Let me know what you think. Best, Anna',
    }),
  ),
  ...each(
    [
      ['PayPal', 'service@paypal.com', 'https://www.paypal.com/activity'],
      ['Netflix', 'info@account.netflix.com', 'https://www.netflix.com/browse'],
      ['Amazon', 'ship-confirm@amazon.com', 'https://www.amazon.com/orders'],
      ['Microsoft', 'account-security-noreply@accountprotection.microsoft.com', 'https://account.live.com'],
      ['LinkedIn', 'messages-noreply@linkedin.com', 'https://www.linkedin.com/comm'],
    ] as const,
    (name, from, link) => ({
      from: `"${name}" <${from}>`,
      subject: 'Security alert: new sign-in',
      html: `<p>If this was not you, change your password immediately.</p><a href="${link}">${link}</a>`,
    }),
  ),
  ...each([['Morning Brief'], ['The Weekly'], ['Node Digest'], ['Garden Notes'], ['City Guide']] as const, (name) => ({
    from: `"${name}" <letter@${name.toLowerCase().replace(/\s/g, '')}.example>`,
    list: true,
    subject: 'Five things to read today',
    html: '<a href="https://go.letters.example/1">nytimes.com</a> <a href="https://go.letters.example/2">bbc.co.uk</a> <a href="https://go.letters.example/3">github.com</a> <p>Urgent: bitcoin falls.</p>',
  })),
  ...each(
    [
      ['Your receipt'],
      ['Your invoice is ready'],
      ['Your order has shipped'],
      ['Refund processed'],
      ['Booking confirmed'],
    ] as const,
    (subject) => ({
      from: '"Bluebell Books" <orders@bluebell.example>',
      subject,
      html: '<p>Thank you for your order. You can see it below.</p><a href="https://bluebell.example/o/1">View order</a>',
    }),
  ),
  ...each(
    [
      ['Reset your password'],
      ['Confirm your email'],
      ['Welcome aboard'],
      ['Your trial ends soon'],
      ['New device signed in'],
    ] as const,
    (subject) => ({
      from: '"Taskpine" <no-reply@taskpine.example>',
      subject,
      html: '<p>Use the button below to go on. It works for 24 hours. If you did not ask for this, ignore this mail; your password stays.</p><a href="https://app.taskpine.example/c/1">Continue</a>',
    }),
  ),
  ...each([['report.pdf'], ['slides.pptx'], ['budget.xlsx'], ['photos.zip'], ['notes.txt']] as const, (file) => ({
    from: '"Tom Reed" <tom@reedworks.example>',
    subject: 'Files',
    text: 'As promised, the files are attached.',
    file,
  })),
  ...each(
    [
      ['Apple Repair Seoul'],
      ['Amazon River Tours'],
      ['Chase Morgan'],
      ['Steam Boiler Service Ltd'],
      ['Zoom Lens Club'],
    ] as const,
    (name) => ({
      from: `"${name}" <hello@local-shop.example>`,
      subject: 'Your question',
      text: 'Thanks for asking. We are open from nine to six, come by any day.',
    }),
  ),
  ...each(
    [
      ['[list] Re: parser'],
      ['[list] Release 2.1'],
      ['[list] Meeting'],
      ['[list] RFC draft'],
      ['[list] Bug 77'],
    ] as const,
    (subject) => ({
      from: '"dev@project.example via list" <list@lists.project.example>',
      reply: '<list@lists.project.example>',
      list: true,
      subject,
      text: 'See https://datatracker.ietf.org/doc/x and http://192.168.1.5:8080/ on the lab network.',
    }),
  ),
  ...each(
    [
      ['GitHub', 'notifications@github.com'],
      ['Dropbox', 'no-reply@dropbox.com'],
      ['Instagram', 'no-reply@mail.instagram.com'],
      ['DHL', 'noreply@dhl.com'],
      ['Zoom', 'no-reply@zoom.us'],
    ] as const,
    (name, from) => ({
      from: `"${name}" <${from}>`,
      reply: `<reply+abc@reply.${from.split('@')[1]}>`,
      subject: 'Something new for you',
      html: `<a href="https://www.${from.split('@')[1]}/x">Open</a>`,
    }),
  ),
  ...each(
    [['Payroll'], ['Contract renewal'], ['Invoice 2231'], ['Overdue invoice 1180'], ['Purchase order']] as const,
    (subject) => ({
      from: '"Kessler Accounting" <office@kessler.example>',
      subject,
      text: 'Please find our invoice attached. The amount is due within 14 days by bank transfer to the account you know.',
      file: 'invoice.pdf',
    }),
  ),
];
