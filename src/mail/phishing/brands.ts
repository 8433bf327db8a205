/**
 * Names in which strangers like to write, and the domains from which those really write or to which they lead. Only what is used
 * against people every day: a name that is not here is protected when its owner has written to it, or has it in the address book.
 */
export interface Brand {
  /** For people. */
  readonly name: string;
  /** As display names spell it, folded. */
  readonly names: readonly string[];
  /** Organisational domains; the first one's label is what look-alikes imitate. */
  readonly domains: readonly string[];
  /** Its label is an everyday word: beside other endings than its own it means nothing. */
  readonly word?: true;
}

const brand = (name: string, names: string, domains: string, word?: true): Brand => ({
  name,
  names: names.split('|'),
  domains: domains.split(' '),
  ...(word && { word }),
});

export const BRANDS: readonly Brand[] = [
  // Korea
  brand('네이버', '네이버|naver|네이버페이|naver pay', 'naver.com navercorp.com naver.me'),
  brand('카카오', '카카오|kakao|카카오톡|카카오페이|다음', 'kakao.com kakaocorp.com kakaopay.com daum.net hanmail.net'),
  brand('카카오뱅크', '카카오뱅크|kakaobank', 'kakaobank.com'),
  brand('토스', '토스|toss|토스뱅크', 'toss.im tossbank.com', true),
  brand('KB국민은행', '국민은행|kb국민은행|kb국민카드|국민카드|kb', 'kbstar.com kbcard.com'),
  brand('신한은행', '신한은행|신한카드|shinhan|shinhan bank', 'shinhan.com shinhancard.com'),
  brand('우리은행', '우리은행|우리카드|woori bank', 'wooribank.com wooricard.com'),
  brand('하나은행', '하나은행|하나카드|keb하나은행', 'kebhana.com hanabank.com hanacard.co.kr'),
  brand('NH농협', '농협|nh농협|nh농협은행|농협은행', 'nonghyup.com nhbank.com'),
  brand('IBK기업은행', '기업은행|ibk기업은행', 'ibk.co.kr'),
  brand('삼성카드', '삼성카드|samsung card', 'samsungcard.com'),
  brand('현대카드', '현대카드', 'hyundaicard.com'),
  brand('업비트', '업비트|upbit', 'upbit.com dunamu.com'),
  brand('빗썸', '빗썸|bithumb', 'bithumb.com'),
  brand('쿠팡', '쿠팡|coupang|쿠팡이츠', 'coupang.com coupangeats.com'),
  brand('11번가', '11번가|11st', '11st.co.kr'),
  brand('G마켓', 'g마켓|지마켓|gmarket', 'gmarket.co.kr gmarket.com', true),
  brand('CJ대한통운', 'cj대한통운|대한통운|cj logistics', 'cjlogistics.com doortodoor.co.kr'),
  brand('우체국', '우체국|우체국택배|우정사업본부|korea post', 'epost.go.kr koreapost.go.kr epost.kr'),
  brand('한진택배', '한진택배|hanjin', 'hanjin.com hanjin.co.kr'),
  brand('롯데택배', '롯데택배|롯데글로벌로지스', 'lotteglogis.com'),
  brand('국세청', '국세청|홈택스|hometax|국세청 홈택스', 'hometax.go.kr nts.go.kr'),
  brand('경찰청', '경찰청|사이버수사대|경찰청 사이버수사국', 'police.go.kr'),
  brand('검찰청', '검찰청|대검찰청|서울중앙지검|서울중앙지방검찰청', 'spo.go.kr'),
  brand('국민건강보험', '국민건강보험|건강보험공단|국민건강보험공단', 'nhis.or.kr'),
  brand('정부24', '정부24|행정안전부', 'gov.kr mois.go.kr'),
  brand('관세청', '관세청', 'customs.go.kr'),
  brand('SK텔레콤', 'sk텔레콤|skt|t world', 'sktelecom.com tworld.co.kr'),
  brand('KT', 'kt 고객센터|케이티', 'kt.com', true),
  brand('LG유플러스', 'lg유플러스|lg u+|유플러스', 'uplus.co.kr lguplus.com'),
  brand('가비아', '가비아|gabia', 'gabia.com'),
  brand('카페24', '카페24|cafe24', 'cafe24.com'),
  // Everywhere
  brand(
    'Google',
    'google|gmail|구글|google account|google drive',
    'google.com gmail.com googlemail.com youtube.com goo.gl',
  ),
  brand(
    'Microsoft',
    'microsoft|microsoft 365|office 365|outlook|onedrive|sharepoint|마이크로소프트',
    'microsoft.com office.com outlook.com live.com microsoftonline.com sharepoint.com office365.com',
  ), // prettier-ignore
  brand('Apple', 'apple|apple id|icloud|itunes|애플', 'apple.com icloud.com', true),
  brand(
    'Amazon',
    'amazon|amazon prime|aws|아마존',
    'amazon.com amazonaws.com amazonses.com amazon.co.jp amazon.co.uk amazon.de',
  ),
  brand('PayPal', 'paypal|페이팔', 'paypal.com'),
  brand('Netflix', 'netflix|넷플릭스', 'netflix.com'),
  brand('Facebook', 'facebook|meta business|페이스북', 'facebook.com facebookmail.com meta.com fb.com'),
  brand('Instagram', 'instagram|인스타그램', 'instagram.com'),
  brand('WhatsApp', 'whatsapp', 'whatsapp.com'),
  brand('Telegram', 'telegram|텔레그램', 'telegram.org'),
  brand('LinkedIn', 'linkedin|링크드인', 'linkedin.com'),
  brand('Dropbox', 'dropbox|드롭박스', 'dropbox.com dropboxmail.com'),
  brand('DocuSign', 'docusign', 'docusign.com docusign.net'),
  brand('Adobe', 'adobe|adobe sign', 'adobe.com adobesign.com'),
  brand('DHL', 'dhl|dhl express', 'dhl.com dhl.de', true),
  brand('FedEx', 'fedex|페덱스', 'fedex.com'),
  brand('UPS', 'ups', 'ups.com', true),
  brand('USPS', 'usps', 'usps.com'),
  brand('eBay', 'ebay|이베이', 'ebay.com'),
  brand('Coinbase', 'coinbase|코인베이스', 'coinbase.com'),
  brand('Binance', 'binance|바이낸스', 'binance.com'),
  brand('Bank of America', 'bank of america', 'bankofamerica.com'),
  brand('Chase', 'chase|chase bank', 'chase.com', true),
  brand('Wells Fargo', 'wells fargo', 'wellsfargo.com'),
  brand('HSBC', 'hsbc', 'hsbc.com hsbc.co.uk'),
  brand('IRS', 'irs|internal revenue service', 'irs.gov', true),
  brand('Steam', 'steam|스팀', 'steampowered.com steamcommunity.com'),
  brand('GitHub', 'github', 'github.com githubusercontent.com'),
  brand('Zoom', 'zoom', 'zoom.us zoom.com', true),
];

/** Where anybody has an address. */
export const FREE_MAIL: ReadonlySet<string> = new Set(
  (
    'gmail.com googlemail.com naver.com daum.net hanmail.net kakao.com nate.com outlook.com hotmail.com live.com msn.com yahoo.com ' +
    'yahoo.co.jp yahoo.co.kr icloud.com me.com aol.com gmx.com gmx.de gmx.net web.de mail.com mail.ru yandex.com yandex.ru ' +
    'proton.me protonmail.com tutanota.com zoho.com qq.com 163.com 126.com'
  ).split(' '),
);

/** Through which links of honest mail lead: those who send newsletters for others, and gateways that look at links. */
export const LINK_RELAYS: ReadonlySet<string> = new Set(
  (
    'list-manage.com mailchimp.com sendgrid.net sendgrid.com mailgun.org mandrillapp.com sparkpostmail.com mcsv.net stibee.com ' +
    'hubspotlinks.com hubspotemail.net exacttarget.com sendinblue.com brevo.com klclick.com klaviyomail.com customeriomail.com substack.com ' +
    'beehiiv.com awstrack.me urldefense.com urldefense.proofpoint.com outlook.com mimecast.com mimecastprotect.com barracudanetworks.com ' +
    'constantcontact.com rs6.net campaign-archive.com createsend.com cmail19.com cmail20.com t.co lnkd.in'
  ).split(' '),
);
