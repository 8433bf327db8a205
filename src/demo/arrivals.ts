/** What comes in while the demo runs. Everything here is made up. */
import type { Letter } from './compose.ts';
import { MINJI, SORA, ROSA, FORGE, DIGEST, list } from './correspondents.ts';
import { ALICE, BOB } from './people.ts';

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
