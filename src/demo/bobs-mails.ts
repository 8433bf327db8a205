/** What is in Bob's mailbox. Everything here is made up. */
import { JIHOON, CLARA, DEEPAK, ROSA, FORGE, list, who } from './correspondents.ts';
import { PICTURE } from './enclosures.ts';
import { ALICE, BOB, type Person } from './people.ts';
import type { DemoMail } from './demo-mail.ts';

const atBob = (mail: Omit<DemoMail, 'owner' | 'to'> & { to?: readonly Person[] }): DemoMail => ({
  owner: BOB,
  to: [BOB],
  ...mail,
});

export const BOBS_MAILS: readonly DemoMail[] = [
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
];
