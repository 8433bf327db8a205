/** The half by which no warning was tuned: what deceives. */
import { type Draft, each } from './draft.ts';

export const HELD_OUT_DECEIVING: readonly Draft[] = [
  // Korean
  ...each(
    [
      ['SK텔레콤', 'bill@sktelecom-pay.net'],
      ['LG유플러스', 'cs@uplus-refund.com'],
      ['KT 고객센터', 'kt@kt-membership.info'],
      ['카카오뱅크', 'bank@kakaobank-event.com'],
      ['G마켓', 'order@gmarket-order.shop'],
    ] as const,
    (name, from) => ({
      from: `"${name}" <${from}>`,
      subject: '미납 요금 및 서비스 해지 예정 안내',
      html: `<p>고객님의 요금이 미납되어 서비스가 곧 해지됩니다.</p><p><a href="https://${from.split('@')[1]}/pay">요금 확인하고 결제하기</a></p>`,
    }),
  ),
  ...each(
    [
      ['www.samsungcard.com', 'https://card-notice.example/s'],
      ['www.hyundaicard.com', 'https://hc-event.example'],
      ['https://www.upbit.com', 'https://upbiit.com/'],
      ['https://www.gov.kr/mypage', 'http://gov.kr.mypage-24.example'],
      ['www.hometax.go.kr', 'http://45.77.12.9/htx'],
    ] as const,
    (shown, link) => ({
      from: '"고객 안내" <notice@infomail.example>',
      subject: '이용 내역 안내',
      html: `<div>이용해 주셔서 감사합니다. 상세 내역은 <a href="${link}"><span>${shown}</span></a> 에서 확인하세요.</div>`,
    }),
  ),
  ...each(
    [
      ['대검찰청', 'summon@spo-office.example'],
      ['서울중앙지검', 'case@prosecutor-kr.example'],
      ['사이버수사대', 'cyber@investigation.example'],
      ['관세청', 'clear@customs-pay.example'],
      ['우정사업본부', 'ems@post-hold.example'],
    ] as const,
    (name, from) => ({
      from: `"${name}" <${from}>`,
      subject: '사건 조회 안내',
      text: '귀하의 명의가 도용된 사건이 접수되었습니다. 첨부된 주소에서 개인정보를 확인하시기 바랍니다. https://case.example/view',
    }),
  ),
  ...each(
    [
      ['주문서_확인용.pdf.scr'],
      ['급여명세서.htm'],
      ['계약서 최종본.xlsm'],
      ['사진첩.jpg.exe'],
      ['이미지저작권침해.lnk'],
    ] as const,
    (file) => ({
      from: '"한솔 법무" <office@hansol-law.example>',
      subject: '확인 요청드립니다',
      text: '자세한 사항은 첨부 문서를 보십시오.',
      file,
    }),
  ),
  ...each(
    [
      ['윤태호 사장', 'yoon.president@gmail.com'],
      ['강미래 상무', 'mirae.kang.biz@naver.com'],
      ['대표이사 오세훈', 'oh.ceo2026@daum.net'],
      ['본부장 임수정', 'im.director@outlook.kr'],
      ['신동욱', 'dw.shin.office@gmail.com'],
    ] as const,
    (name, from) => ({
      from: `"${name}" <${from}>`,
      subject: '조용히 처리해 주세요',
      text: '다른 직원에게는 말하지 말고 즉시 구글 기프트카드 10장을 구매해서 뒷면 번호를 사진으로 보내 주세요. 비용은 나중에 정산하겠습니다.',
    }),
  ),
  ...each(
    [
      ['hanbit.example', 'noreply@secure-mail-svc.example'],
      ['HANBIT.EXAMPLE 메일 서버', 'alert@serverhost.example'],
      ['hanbit.example 보안', 'sec@cloudgate.example'],
      ['hanbit.example Helpdesk', 'help@ticketing.example'],
      ['메일 운영팀 (hanbit.example)', 'ops@mailops.example'],
    ] as const,
    (name, from) => ({
      from: `"${name}" <${from}>`,
      subject: '수신 대기 중인 메일 5통',
      html: '<p>발송이 보류된 메일이 있습니다. 아래에서 계정을 확인하면 받으실 수 있습니다.</p><a href="https://release.example/m">메일 받기</a>',
    }),
  ),
  ...each(
    [
      ['https://www.kakaocorp.com@go.example/'],
      ['https://xn--nver-63d.com/login'],
      ['http://3232235777/naver'],
      ['https://navver.com/nid'],
      ['https://kakao.com.verify.example/'],
    ] as const,
    (link) => ({
      from: '"알림" <alarm@push.example>',
      subject: '친구가 사진을 공유했습니다',
      text: `사진 보기: ${link}`,
    }),
  ),
  ...each(
    [
      ['넷플릭스', 'member@netflix-renewal.co'],
      ['애플', 'receipt@apple-billing.kr'],
      ['마이크로소프트', 'storage@ms-onedrive.example'],
      ['인스타그램', 'copyright@instagram-appeals.com'],
      ['페이스북', 'ads@meta-business-review.com'],
    ] as const,
    (name, from) => ({
      from: `"${name}" <${from}>`,
      subject: '결제가 거절되었습니다',
      html: `<p>결제 정보를 업데이트하지 않으면 이용이 중단됩니다.</p><a href="https://${from.split('@')[1]}">업데이트</a>`,
    }),
  ),
  ...each(
    [
      ['총무과', 'general@daeyang.example', 'daeyang.general@gmail.com'],
      ['수입팀', 'import@nara-foods.example', 'nara.import@yahoo.com'],
      ['구매 담당', 'buy@sejin-tech.example', 'sejin.buy@outlook.com'],
      ['영업 지원', 'sales@hanjung.example', 'hanjung.sales@mail.com'],
      ['법인 카드팀', 'card@donga-chem.example', 'donga.card@gmx.com'],
    ] as const,
    (name, from, reply) => ({
      from: `"${name}" <${from}>`,
      reply: `<${reply}>`,
      subject: '입금 계좌 변경 요청',
      text: '기존 계좌가 동결되어 부득이 계좌가 변경되었습니다. 금일 중으로 아래 계좌로 입금해 주시고 확인증을 보내 주세요.',
    }),
  ),
  ...each([['naver.com'], ['kakao.com'], ['nonghyup.com'], ['coupang.com'], ['tossbank.com']] as const, (domain) => ({
    from: `"고객센터" <notice@${domain}>`,
    proven: false,
    policy: 'none',
    subject: '약관 변경 동의 요청',
    text: '변경된 약관에 동의하시려면 https://terms.example/agree 를 눌러 주세요.',
  })),
  // English
  ...each(
    [
      ['Facebook Security', 'security@faceb00k-center.com'],
      ['Instagram', 'copyright@lnstagram.com'],
      ['LinkedIn', 'jobs@linkedln.com'],
      ['Dropbox', 'share@dropbox-files.co'],
      ['DocuSign', 'dse@docusing.net'],
    ] as const,
    (name, from) => ({
      from: `"${name}" <${from}>`,
      subject: 'You have a pending document',
      html: `<p>Review and sign: <a href="https://${from.split('@')[1]}/d">open the document</a></p>`,
    }),
  ),
  ...each(
    [
      ['https://www.usps.com/track', 'https://track-usps.example'],
      ['www.irs.gov/refunds', 'https://irs-gov-refund.example'],
      ['https://github.com/settings', 'https://githud.com/settings'],
      ['https://www.binance.com', 'https://binance-aml.example'],
      ['www.ebay.com/itm', 'https://ebay.item-4421.example'],
    ] as const,
    (shown, link) => ({
      from: '"Notifications" <n@updates.example>',
      subject: 'Update on your request',
      html: `<p>Details at <a class="b" href="${link}">${shown}</a></p>`,
    }),
  ),
  ...each(
    [
      ['IT Service Desk', 'itdesk@helpdesk-portal.example'],
      ['Mail Administrator', 'admin@mail-quota.example'],
      ['HR Department', 'hr@employee-portal.example'],
      ['System Notice', 'sys@account-center.example'],
      ['Security Desk', 'sec@mfa-reset.example'],
    ] as const,
    (name, from) => ({
      from: `"${name}" <${from}>`,
      subject: 'Mailbox deactivation request',
      html: '<p>We received a request to deactivate your mailbox. If this was a mistake, sign in below within 12 hours to verify your password, otherwise it will be closed.</p><a href="https://owa-login.pages.example">Cancel request</a>',
    }),
  ),
  ...each(
    [['Remittance.htm'], ['Shipping_Docs.pdf.vbs'], ['Fax-2231.svg'], ['Salary review.docm'], ['update.msi']] as const,
    (file) => ({
      from: '"Docs" <docs@paperless.example>',
      subject: 'Document for you',
      text: 'Please open the attached file.',
      file,
    }),
  ),
  ...each(
    [
      ['Robert Hall', 'rhall.chairman@gmail.com'],
      ['Linda Chu', 'linda.chu.cfo@outlook.com'],
      ['Pastor John', 'pastorjohn.church@yahoo.com'],
      ['Prof. Stein', 'prof.stein.dept@gmail.com'],
      ['Board President', 'president.board@proton.me'],
    ] as const,
    (name, from) => ({
      from: `"${name}" <${from}>`,
      subject: 'Are you available?',
      text: 'I need a favour done urgently and cannot talk. Could you arrange a wire transfer to a new vendor right away? Keep this between us.',
    }),
  ),
  ...each(
    [
      ['Accounts', 'ap@northwind-supply.example', 'northwind.ap@gmail.com'],
      ['Billing', 'billing@orion-parts.example', 'orion.billing@mail.com'],
      ['Finance', 'finance@lakeside.example', 'lakeside.fin@outlook.com'],
      ['Treasury', 'treasury@apex-metal.example', 'apex.treasury@aol.com'],
      ['Sales', 'sales@delta-tools.example', 'delta.tools.sales@yahoo.com'],
    ] as const,
    (name, from, reply) => ({
      from: `"${name}" <${from}>`,
      reply: `<${reply}>`,
      subject: 'Updated remittance information',
      text: 'Kindly note that we have new bank details because of an audit. Please send all outstanding payments by wire transfer there immediately and confirm.',
    }),
  ),
  ...each(
    [
      ['"admin@hanbit.example" <relay@mta-77.example>'],
      ['"no-reply@microsoft.com" <bounce@blast.example>'],
      ['"accounts@dhl.com" <web2@shared.example>'],
      ['"alerts@chase.com" <root@box.example>'],
      ['"info@naver.com" <send@smtpout.example>'],
    ] as const,
    (from) => ({
      from,
      subject: 'Statement',
      html: '<p>Your statement is <a href="https://box.example/s">here</a>.</p>',
    }),
  ),
  ...each(
    [
      ['Coinbase Support', 'help@coinbase-wallet.help'],
      ['Binance', 'risk@binance-risk.net'],
      ['MetaWallet', 'keys@wallet-sync.example'],
      ['Steam Support', 'trade@steamcommunlty.com'],
      ['Telegram', 'premium@telegram-gift.org'],
    ] as const,
    (name, from) => ({
      from: `"${name}" <${from}>`,
      subject: 'Withdrawal suspended',
      text: `Your wallet was restricted. Enter your recovery phrase within 6 hours at https://restore.${from.split('@')[1]}/ or lose access. More: https://kb.example`,
    }),
  ),
  ...each(
    [['раypal.com'], ['mіcrosoft.com'], ['linkеdin.com'], ['nеtflix.com'], ['fаcebook.com']] as const,
    (host) => ({
      from: '"Member services" <member@club.example>',
      subject: 'Confirm your subscription',
      html: `<p>Your subscription renews for $89.99. <a href="http://${host}/manage">Manage</a></p>`,
    }),
  ),
  ...each(
    [
      ['Estate of Mr. Brown', 'estate@trustee.example'],
      ['Foundation Award', 'award@foundation.example'],
      ['Unclaimed Funds Desk', 'funds@treasury-desk.example'],
      ['Google Winners', 'winner@promo-board.example'],
      ['Loan Approval', 'loan@fastcash.example'],
    ] as const,
    (name, from) => ({
      from: `"${name}" <${from}>`,
      reply: '<processing.officer@gmail.com>',
      subject: 'Response required',
      text: 'An inheritance of $4.2 million is due to you as beneficiary. Reply urgently with your bank account and a copy of your passport so that the refund of tax can begin.',
    }),
  ),
];
