/** The half by which the warnings were made: twenty ways to deceive, five mails of each. */
import { type Draft, each } from './draft.ts';

export const DECEIVING: readonly Draft[] = [
  // Korean
  ...each(
    [
      ['네이버 고객센터', 'help@naver-security.co', '네이버', 'http://nid-naver.com-login.info/auth'],
      ['네이버', 'no-reply@naver.id-check.net', '네이버', 'https://nid.naver.com.id-check.net/'],
      ['카카오 보안팀', 'alert@kakao-account.help', '카카오', 'https://accounts.kakao-account.help'],
      ['카카오톡 고객센터', 'cs@kakaotalk-cs.org', '카카오톡', 'https://kakao-login.site/re'],
      ['구글', 'noreply@goog1e-mail.com', '구글', 'https://accounts.goog1e-mail.com/v3'],
    ] as const,
    (name, from, brand, link) => ({
      from: `"${name}" <${from}>`,
      subject: `[${brand}] 회원님의 계정에서 비정상적인 로그인이 감지되었습니다`,
      html: `<p>안녕하세요, ${brand} 회원님.</p><p>해외 IP에서 로그인 시도가 있었습니다. 24시간 이내에 본인 확인을 하지 않으면 계정이 정지됩니다.</p><p><a href="${link}">본인 확인하기</a></p>`,
    }),
  ),
  ...each(
    [
      ['KB국민은행', 'service@kbstar-otp.com', 'www.kbstar.com', 'http://203.0.113.77/kb'],
      ['신한은행', 'webmaster@shinhan-secure.kr', 'www.shinhan.com', 'https://shinhan.secure-bk.net'],
      ['우리은행', 'info@woori-bank.cc', 'spot.wooribank.com', 'https://w00ribank.com/login'],
      ['농협은행', 'nh@nonghyup-safe.com', 'banking.nonghyup.com', 'https://nonghyupp.com/otp'],
      ['하나은행', 'hana@noticecenter.info', 'www.kebhana.com', 'https://noticecenter.info/hana'],
    ] as const,
    (name, from, shown, link) => ({
      from: `"${name}" <${from}>`,
      subject: '보안카드 재등록 안내',
      html: `<p>고객님의 OTP 이용이 제한되었습니다. 아래 주소에서 보안카드 번호를 다시 등록하십시오.</p><a href="${link}">https://${shown}</a>`,
    }),
  ),
  ...each(
    [
      ['우체국택배', 'post@epost-kr.delivery', 'https://epost-kr.delivery/a'],
      ['CJ대한통운', 'cj@logistics-cj.top', 'https://cjlogistics-track.top/b'],
      ['한진택배', 'notice@hanjin-parcel.com', 'https://hanjin-parcel.com/re'],
      ['롯데택배', 'no-reply@lotte-glogis.shop', 'https://lotteglogis-delivery.shop'],
      ['DHL', 'parcel@dhl-korea.click', 'https://dhl-korea.click/fee'],
    ] as const,
    (name, from, link) => ({
      from: `"${name}" <${from}>`,
      subject: '배송 주소를 확인해 주세요',
      text: `고객님의 소포가 주소 불명으로 보관 중입니다. 오늘까지 주소를 확인하고 추가 요금 1,200원을 결제하지 않으면 반송됩니다.\n${link}`,
    }),
  ),
  ...each(
    [
      ['국세청 홈택스', 'tax@hometax-refund.kr'],
      ['국세청', 'nts@gov-tax.info'],
      ['국민건강보험공단', 'nhis@nhis-check.com'],
      ['정부24', 'gov24@mail-gov24.net'],
      ['경찰청', 'cyber@police-summons.org'],
    ] as const,
    (name, from) => ({
      from: `"${name}" <${from}>`,
      subject: `[${name}] 전자문서가 도착했습니다`,
      text: `환급금 안내 및 출석 요구서 확인을 위해 본인 인증이 필요합니다. 기한 내에 확인하지 않으면 압류될 수 있습니다. https://${from.split('@')[1]}/doc`,
    }),
  ),
  ...each(
    [
      ['김도윤 대표', 'ceo.office77@gmail.com'],
      ['박서준 부장', 'parkseojun.work@outlook.com'],
      ['이하은', 'leehaeun.private@naver.com'],
      ['최지우 팀장', 'jw.choi.director@yahoo.com'],
      ['정민재 이사', 'director-jung@hotmail.com'],
    ] as const,
    (name, from) => ({
      from: `"${name}" <${from}>`,
      subject: '급한 부탁',
      text: '지금 회의 중이라 전화가 안 됩니다. 긴급히 거래처에 송금해야 합니다. 지금 바로 처리하고 계좌로 이체해 주세요. 상품권으로 대신해도 됩니다.',
    }),
  ),
  ...each(
    [
      ['견적서.pdf.exe'],
      ['발주서_2026.hwp.scr'],
      ['세금계산서.html'],
      ['입사지원서(김하늘).docm'],
      ['거래명세서.iso'],
    ] as const,
    (file) => ({
      from: '"구매팀" <order@daehan-trade.example>',
      subject: '요청하신 자료입니다',
      text: '첨부를 확인해 주세요.',
      file,
    }),
  ),
  ...each(
    [
      ['메일 관리자', 'admin@mailbox-upgrade.com'],
      ['hanbit.example 관리자', 'support@webmail-quota.net'],
      ['전산팀', 'it@storage-alert.org'],
      ['Webmail 운영자', 'postmaster@cloud-mailserver.info'],
      ['hanbit.example IT 지원', 'help@hanbit-mail.com'],
    ] as const,
    (name, from) => ({
      from: `"${name}" <${from}>`,
      subject: '비밀번호 만료 안내',
      html: `<p>회원님의 메일함이 가득 찼고 비밀번호가 오늘 만료됩니다. 24시간 이내에 아래에서 로그인하여 유지하십시오. 그렇지 않으면 계정이 삭제됩니다.</p><a href="https://keep-${from.length}.pages.example/hanbit">비밀번호 유지</a>`,
    }),
  ),
  ...each(
    [
      ['쿠팡 이벤트', 'event@coupang-event.shop', '쿠팡'],
      ['토스', 'toss@tossbank-gift.com', '토스'],
      ['카카오페이', 'pay@kakaopay-event.net', '카카오페이'],
      ['네이버페이', 'npay@naverpay-point.com', '네이버페이'],
      ['11번가', '11st@11st-gift.co', '11번가'],
    ] as const,
    (name, from, brand) => ({
      from: `"${name}" <${from}>`,
      subject: `축하합니다! ${brand} 50만 원 상품권에 당첨되셨습니다`,
      text: `오늘 중으로 개인정보를 입력하셔야 상품권을 받으실 수 있습니다. http://${from.split('@')[1]}/gift`,
    }),
  ),
  ...each(
    [
      ['업비트', 'security@upbit.com', 'https://upbit-wallet.com/verify'],
      ['빗썸', 'help@bithumb.com', 'https://bithumb-safe.net'],
      ['현대카드', 'notice@hyundaicard.com', 'https://hyundaicard.account-id.net'],
      ['삼성카드', 'card@samsungcard.com', 'https://samsungcard-cs.com'],
      ['가비아', 'domain@gabia.com', 'https://gabia-domain-renew.com'],
    ] as const,
    (name, from, link) => ({
      from: `"${name}" <${from}>`,
      proven: false,
      policy: 'reject',
      subject: '출금 정지 안내',
      html: `<p>회원님의 계정이 제한되었습니다.</p><a href="${link}">계정 확인</a>`,
    }),
  ),
  ...each(
    [
      ['거래처 담당자', 'sales@vendor-one.example', 'vendor.one.pay@gmail.com'],
      ['해외영업팀', 'export@seoulparts.example', 'seoulparts-acc@outlook.com'],
      ['경리부', 'account@busan-steel.example', 'busan.steel@mail.com'],
      ['회계팀', 'fin@green-food.example', 'green.food.fin@yahoo.com'],
      ['자금팀', 'treasury@gwangju-auto.example', 'treasury.gj@proton.me'],
    ] as const,
    (name, from, reply) => ({
      from: `"${name}" <${from}>`,
      reply: `<${reply}>`,
      subject: '변경된 계좌 안내',
      text: '회계 감사로 인해 결제 계좌가 변경되었습니다. 이번 송금부터 새 계좌로 이체해 주시고, 긴급하니 오늘 중으로 회신 바랍니다.',
    }),
  ),
  // English
  ...each(
    [
      ['PayPal Service', 'service@paypa1-support.com', 'https://paypa1-support.com/login'],
      ['PayPal', 'intl@paypal.com.case-review.net', 'https://paypal.com.case-review.net'],
      ['Netflix', 'billing@netf1ix.com', 'https://netf1ix.com/update'],
      ['Amazon Support', 'order@amaz0n-billing.co', 'https://amaz0n-billing.co/card'],
      ['Apple ID', 'id@appleid-verify.support', 'https://appleid-verify.support'],
    ] as const,
    (name, from, link) => ({
      from: `"${name}" <${from}>`,
      subject: 'Your account has been limited',
      html: `<p>Dear customer, we noticed unusual activity. Please verify your account within 24 hours or it will be suspended.</p><a href="${link}">Verify now</a>`,
    }),
  ),
  ...each(
    [
      ['https://www.chase.com', 'https://chase.secure-msg.example'],
      ['www.wellsfargo.com/alerts', 'http://198.51.100.23/wf'],
      ['https://www.bankofamerica.com', 'https://bofa-update.example'],
      ['www.hsbc.co.uk', 'https://hsbc-id.example/x'],
      ['https://www.coinbase.com/recovery', 'https://coin-base-recovery.example'],
    ] as const,
    (shown, link) => ({
      from: '"Customer Care" <care@notices.example>',
      subject: 'Important message about your card',
      html: `<p>There is a new message for you.</p><a href="${link}"><b>${shown}</b></a>`,
    }),
  ),
  ...each(
    [
      ['Microsoft 365', 'admin@microsft-365.com'],
      ['Office 365', 'no-reply@0ffice365-mail.com'],
      ['Outlook Team', 'team@outlook-quarantine.net'],
      ['SharePoint', 'share@sharepoint-files.org'],
      ['OneDrive', 'onedrive@docs-onedrive.live'],
    ] as const,
    (name, from) => ({
      from: `"${name}" <${from}>`,
      subject: 'Password expires today',
      html: `<p>Your password expires today. Keep the same password by signing in below immediately.</p><a href="https://${from.split('@')[1]}/k">Keep my password</a>`,
    }),
  ),
  ...each([['раураl.com'], ['аpple.com'], ['gооgle.com'], ['microsоft.com'], ['nаver.com']] as const, (host) => ({
    from: '"Billing" <billing@invoices.example>',
    subject: 'Receipt for your payment',
    html: `<p>Thank you for your payment of $499.</p><p>Not you? <a href="https://${host}/cancel">Cancel this payment</a></p>`,
  })),
  ...each(
    [
      ['FedEx Delivery', 'track@fedex-redelivery.info'],
      ['USPS', 'post@usps-tracking.top'],
      ['UPS Support', 'ups@ups-parcel.online'],
      ['DHL Express', 'dhl@express-dhl.click'],
      ['Royal Courier', 'parcel@courier-fee.example'],
    ] as const,
    (name, from) => ({
      from: `"${name}" <${from}>`,
      subject: 'Your parcel is on hold',
      text: `Final notice: pay the customs fee of $1.99 within 48 hours and confirm your address, or the parcel will be returned. https://pay.${from.split('@')[1]}/x and https://bit.example/track`,
    }),
  ),
  ...each(
    [['invoice_8841.pdf.js'], ['voicemail.html'], ['Scan_001.lnk'], ['payment advice.xlsm'], ['resume.vbs']] as const,
    (file) => ({
      from: '"Scanner" <scan@office-scan.example>',
      subject: 'You have a new document',
      text: 'See attachment.',
      file,
    }),
  ),
  ...each(
    [
      ['"support@paypal.com" <mailer@host-4471.example>'],
      ['"security@google.com" <x1@bulk.example>'],
      ['"ceo@hanbit.example" <ceo.hanbit@mail.example>'],
      ['"noreply@apple.com" <app@cloud.example>'],
      ['"billing@netflix.com" <web@vps.example>'],
    ] as const,
    (from) => ({ from, subject: 'Action needed', text: 'Please see https://bulk.example/go for details.' }),
  ),
  ...each(
    [
      ['https://www.paypal.com@login.example/x'],
      ['https://accounts.google.com@198.51.100.9/'],
      ['https://www.naver.com@evil.example'],
      ['http://secure.chase.com@c.example/a'],
      ['https://id.apple.com@a.example'],
    ] as const, // prettier-ignore
    (link) => ({ from: '"Notice" <notice@sys.example>', subject: 'New sign-in', text: `Was this you? ${link}` }),
  ),
  ...each(
    [
      ['James Miller', 'j.miller.ceo@gmail.com'],
      ['Sarah Cole', 'sarahcole.office@outlook.com'],
      ['David Park', 'dpark.md@yahoo.com'],
      ['Emma Lund', 'emma.l.private@proton.me'],
      ['Managing Director', 'md.desk@aol.com'],
    ] as const,
    (name, from) => ({
      from: `"${name}" <${from}>`,
      subject: 'Quick task',
      text: 'Are you at your desk? I am in a meeting and need you to buy gift cards for a client immediately. Send me the codes as soon as possible.',
    }),
  ),
  ...each(
    [
      ['International Lottery', 'claims@lotto-intl.example'],
      ['UN Compensation', 'un@fund-release.example'],
      ['Barrister Okoye', 'barrister@chambers.example'],
      ['Crypto Desk', 'desk@btc-return.example'],
      ['Grants Office', 'grants@relief.example'],
    ] as const,
    (name, from) => ({
      from: `"${name}" <${from}>`,
      reply: '<claim.agent2026@gmail.com>',
      subject: 'Final notice of your unclaimed prize',
      text: 'You are the beneficiary of a compensation of $2,500,000. Confirm your details and bank account within 3 days or it will be terminated.',
    }),
  ),
];
