/** The sentences of what the reader of a mail is to be careful of: `what` was found, `like` is what it passes itself off as. */
import type { Message } from '../api.ts';

type Code = Message['warnings'][number]['code'];
export type WarningWords = Readonly<Record<Code, (what: string, like: string) => string>>;

export const WARNINGS_EN: WarningWords = {
  'sender-imitates': (what, like) => `The sender’s domain ${what} looks like ${like}, but is another one.`,
  'name-imitates': (what, like) => `The sender’s name says ${like}, but the address is ${what}.`,
  'known-name': (what, like) => `You know this name with the address ${like}; this mail comes from ${what}.`,
  'not-proven': (what, like) => `Nothing proves that this mail comes from ${what}: ${like} does not stand behind it.`,
  'reply-elsewhere': (what, like) => `Answers would go to ${what}, not to ${like}.`,
  'link-elsewhere': (what, like) => `A link shows ${like}, but leads to ${what}.`,
  'link-imitates': (what, like) => `A link leads to ${what}, which looks like ${like}, but is another one.`,
  'link-disguised': (what) => `A link hides where it leads: ${what}.`,
  'known-bad': (what) => `${what} is known to be bad.`,
  'file-dangerous': (what) => `This file can do harm when it is opened: ${what}`,
  'file-locked': (what) => `Nobody could look into this file: ${what}`,
  'asks-secret': (what) => `A stranger (${what}) presses you for a secret or for money. Ask by another way first.`,
  'new-domain': (what) => `You have not had mail from ${what} before.`,
};

export const WARNINGS_KO: WarningWords = {
  'sender-imitates': (what, like) => `보낸 곳의 도메인 ${what}은(는) ${like}와(과) 비슷하게 생겼지만 다른 곳입니다.`,
  'name-imitates': (what, like) => `보낸 사람의 이름은 ‘${like}’이지만 주소는 ${what}입니다.`,
  'known-name': (what, like) => `이 이름으로 아는 주소는 ${like}인데, 이 메일은 ${what}에서 왔습니다.`,
  'not-proven': (what, like) => `${what}에서 보냈다는 것이 증명되지 않았습니다. ${like}이(가) 보증하지 않습니다.`,
  'reply-elsewhere': (what, like) => `답장은 ${like}이(가) 아니라 ${what}(으)로 갑니다.`,
  'link-elsewhere': (what, like) => `${like}(으)로 보이는 링크가 실제로는 ${what}(으)로 갑니다.`,
  'link-imitates': (what, like) => `링크가 가는 ${what}은(는) ${like}와(과) 비슷하게 생겼지만 다른 곳입니다.`,
  'link-disguised': (what) => `가는 곳을 숨긴 링크가 있습니다: ${what}`,
  'known-bad': (what) => `${what}은(는) 나쁜 곳으로 알려져 있습니다.`,
  'file-dangerous': (what) => `열면 해로울 수 있는 파일입니다: ${what}`,
  'file-locked': (what) => `안을 들여다볼 수 없는 파일입니다: ${what}`,
  'asks-secret': (what) => `모르는 사람(${what})이 비밀이나 돈을 재촉합니다. 먼저 다른 방법으로 확인하세요.`,
  'new-domain': (what) => `${what}에서 온 메일은 처음입니다.`,
};
