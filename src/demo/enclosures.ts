/** Files that mails of the demo carry, and the frame of those in HTML. */
import type { Attachment } from './compose.ts';
import { picture } from './picture.ts';

export const PICTURE: Attachment = { name: 'dusk-over-the-pass.png', type: 'image/png', content: picture() };
export const MINUTES: Attachment = {
  name: '2026년 4분기 회의록.txt',
  type: 'text/plain; charset=utf-8',
  content:
    '4분기 기획 회의록\r\n\r\n1. 배달 경로 재설계: 지훈\r\n2. 사용자 인터뷰 12건 정리: 민지\r\n3. 예산: 전년 대비 8% 증액\r\n',
};
export const BUDGET: Attachment = {
  name: 'budget-2027.csv',
  type: 'text/csv; charset=utf-8',
  content: 'item,quarter,amount\r\nhosting,Q1,4200\r\nhosting,Q2,4350\r\nhardware,Q1,11800\r\ntravel,Q3,3900\r\n',
};
export const INVITE: Attachment = {
  name: 'invite.ics',
  type: 'text/calendar; charset=utf-8; method=REQUEST',
  content:
    'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Relay Tools//EN\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:kickoff-7@relay-tools.example\r\nDTSTAMP:20261101T090000Z\r\nDTSTART:20261201T090000Z\r\nDTEND:20261201T100000Z\r\nSUMMARY:Kick-off: mail relay\r\nORGANIZER:mailto:deepak@relay-tools.example\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n',
};

export function page(title: string, body: string): string {
  return `<!doctype html>\n<html><body style="font-family:sans-serif">\n<h2>${title}</h2>\n${body}\n</body></html>\n`;
}
