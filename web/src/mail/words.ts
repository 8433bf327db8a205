/** What lists and messages say beyond the words of every view: putting off, labels, Trash, previews, and work without a connection. */
import { look } from '../settings-store.ts';
import { useStore } from '../store.ts';

const n = (count: number, one: string, many: string) => `${count.toLocaleString('en')} ${count === 1 ? one : many}`;

const en = {
  snooze: 'Put off',
  snoozeTitle: 'When shall it come back?',
  snoozeTimes: {
    later: 'Later today',
    tomorrow: 'Tomorrow morning',
    weekend: 'On the weekend',
    week: 'Next week',
  },
  snoozeOther: 'Another time',
  snoozed: (count: number, at: string): string => `${n(count, 'message', 'messages')} put off until ${at}`,
  comesBack: (at: string): string => `Comes back ${at}`,
  snoozePast: 'That time has passed.',

  restore: 'Put back',
  restored: (count: number): string => `${n(count, 'message', 'messages')} put back to where they were`,

  labels: 'Labels',
  labelAs: 'Label',
  editLabels: 'Edit labels',
  noLabels: 'No labels yet',
  labelName: 'Name of the label',
  newLabel: 'New label',
  labelColour: (name: string): string => `Colour of ${name}`,
  labelsHint: 'A label that is removed here comes off all messages.',
  sameName: 'Two labels have the same name.',
  colours: {
    red: 'Red',
    orange: 'Orange',
    yellow: 'Yellow',
    green: 'Green',
    teal: 'Teal',
    blue: 'Blue',
    purple: 'Purple',
    grey: 'Grey',
  },

  imagesAlways: 'Always for this sender',
  imagesAllowed: (name: string): string =>
    `Images in mail from ${name} are shown from now on, where it is proven that it is theirs`,

  useTemplate: 'Write with this template',
  editTemplate: 'Edit the template',

  preview: 'Show',
  previewOf: (name: string): string => `Show: ${name}`,
  previewFailed: 'It cannot be shown here. Download it instead.',
  previewCut: 'Only its beginning is shown.',

  waiting: (changes: number, mails: number): string =>
    [changes > 0 ? n(changes, 'change', 'changes') : '', mails > 0 ? n(mails, 'mail', 'mails') : '']
      .filter(Boolean)
      .join(' and ') + ' will go when there is a connection again.',
  willSend: 'No connection: it will be sent when there is one again',
  sentLater: (subject: string): string => `Sent: ${subject}`,
  filesNeedConnection: 'Without a connection new files cannot go along. The mail is kept as a draft here.',
  changesDone: (changes: number): string => `${n(changes, 'change', 'changes')} made without a connection carried out`,
  changeRefused: 'Something done without a connection could not be carried out any more',
};
export type MailWords = typeof en;

const ko: MailWords = {
  snooze: '나중에 보기',
  snoozeTitle: '언제 다시 볼까요?',
  snoozeTimes: { later: '오늘 늦게', tomorrow: '내일 아침', weekend: '주말', week: '다음 주' },
  snoozeOther: '다른 시각',
  snoozed: (count, at) => `메일 ${count.toLocaleString('ko')}통을 ${at}까지 미뤘습니다`,
  comesBack: (at) => `${at}에 돌아옵니다`,
  snoozePast: '이미 지난 시각입니다.',

  restore: '되살리기',
  restored: (count) => `메일 ${count.toLocaleString('ko')}통을 원래 자리로 되돌렸습니다`,

  labels: '라벨',
  labelAs: '라벨 붙이기',
  editLabels: '라벨 고치기',
  noLabels: '라벨이 없습니다',
  labelName: '라벨 이름',
  newLabel: '새 라벨',
  labelColour: (name) => `${name} 색`,
  labelsHint: '여기서 지운 라벨은 모든 메일에서 떨어집니다.',
  sameName: '이름이 같은 라벨이 있습니다.',
  colours: {
    red: '빨강',
    orange: '주황',
    yellow: '노랑',
    green: '초록',
    teal: '청록',
    blue: '파랑',
    purple: '보라',
    grey: '회색',
  },

  imagesAlways: '이 사람의 메일은 언제나 보기',
  imagesAllowed: (name) => `이제부터 ${name}에게서 온 것이 확인된 메일은 이미지를 보여 줍니다`,

  useTemplate: '이 서식으로 쓰기',
  editTemplate: '서식 고치기',

  preview: '보기',
  previewOf: (name) => `보기: ${name}`,
  previewFailed: '여기서는 볼 수 없습니다. 내려받아 보세요.',
  previewCut: '앞부분만 보입니다.',

  waiting: (changes, mails) =>
    `연결되면 ${[
      changes > 0 ? `변경 ${changes.toLocaleString('ko')}건` : '',
      mails > 0 ? `메일 ${mails.toLocaleString('ko')}통` : '',
    ]
      .filter(Boolean)
      .join('과 ')}이 처리됩니다.`,
  willSend: '연결이 없습니다. 연결되면 보냅니다',
  sentLater: (subject) => `보냈습니다: ${subject}`,
  filesNeedConnection: '연결 없이는 새 파일을 붙여 보낼 수 없습니다. 메일은 이 기기에 초안으로 남아 있습니다.',
  changesDone: (changes) => `연결 없이 한 일 ${changes.toLocaleString('ko')}건을 처리했습니다`,
  changeRefused: '연결 없이 한 일 가운데 더는 할 수 없는 것이 있었습니다',
};

const ALL = { en, ko };

export function mailWords(): MailWords {
  return ALL[look.state.language];
}

export function useMailWords(): MailWords {
  return ALL[useStore(look, (state) => state.language)];
}
