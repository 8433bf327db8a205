import { describe, expect, test } from 'vitest';
import type { Message } from '../api.ts';
import {
  blank,
  filesGoing,
  filesListed,
  forward,
  isEmpty,
  mentionsAttachment,
  parseAddress,
  reply,
  signed,
  signedAnew,
  wireOf,
  writesAs,
} from './draft.ts';

const person = (address: string, name = '') => ({ name, address });
const ME = 'me@here.test';

function message(more: Partial<Message> = {}): Message {
  return {
    id: '7',
    from: [person('bora@there.test', 'Bora')],
    replyTo: [],
    to: [person(ME), person('third@there.test')],
    cc: [person('fourth@there.test')],
    bcc: [],
    subject: 'News',
    text: 'One\n> two\n',
    date: '2026-11-20T00:00:00.000Z',
    received: '2026-11-20T00:00:00.000Z',
    messageId: '<a@there.test>',
    inReplyTo: [],
    references: [],
    attachments: [],
    ...more,
  } as unknown as Message;
}
const addresses = (list: readonly { address: string }[]) => list.map(({ address }) => address);

describe('an answer', () => {
  test('goes to the author, or to where the author wants it; to all without oneself', () => {
    expect(addresses(reply(message(), ME, false).to)).toEqual(['bora@there.test']);
    expect(addresses(reply(message({ replyTo: [person('list@there.test')] }), ME, false).to)).toEqual([
      'list@there.test',
    ]);
    const all = reply(message(), ME.toUpperCase(), true);
    expect(addresses([...all.to, ...all.cc])).toEqual(['bora@there.test', 'third@there.test', 'fourth@there.test']);
    expect(all.extended).toBe(true);
  });

  test('to a mail of one’s own goes on to the same people', () => {
    const mine = message({ from: [person(ME)], to: [person('bora@there.test')], cc: [] });
    expect(addresses(reply(mine, ME, false).to)).toEqual(['bora@there.test']);
  });

  test('quotes, and names its chain; a long one loses its middle', () => {
    const { text, subject, inReplyTo, references } = reply(message({ references: ['<r@x.test>'] }), ME, false);
    expect(text).toContain('> One\n>> two\n');
    expect([subject, inReplyTo]).toEqual(['Re: News', '<a@there.test>']);
    expect(references).toEqual(['<r@x.test>', '<a@there.test>']);
    expect(reply(message({ subject: '답장: News' }), ME, false).subject).toBe('답장: News');
    const long = Array.from({ length: 90 }, (_, i) => `<${i}@x.test>`);
    const short = reply(message({ references: long }), ME, false).references;
    expect([short.length, short[0], short.at(-1)]).toEqual([40, '<0@x.test>', '<a@there.test>']);
    expect(reply(message({ messageId: 'not one' }), ME, false).references).toEqual([]);
  });
});

test('what is passed on takes its files along', () => {
  const file = { n: 2, name: 'map.txt', size: 9, type: 'text/plain', inline: false, contentId: '' };
  const draft = forward(message({ attachments: [file] }));
  expect(draft.subject).toBe('Fwd: News');
  expect(wireOf(draft).attached).toEqual([{ message: '7', n: 2 }]);
});

test('a signature stands under what is written, above what is quoted', () => {
  expect(signed(blank(), 'Me')).toMatchObject({ text: '\n\n-- \nMe\n' });
  const { text } = signed(reply(message(), ME, false), 'Me');
  expect(text.indexOf('Me')).toBeLessThan(text.indexOf('> One'));
  expect(text).not.toContain('-- \n');
  expect(signed(blank(), '')).toEqual(blank());
});

test('another signature takes the place of the one before, and of nothing else', () => {
  const first = signed(blank(), 'Me');
  expect(signedAnew(first, 'Captain').text).toBe('\n\n-- \nCaptain\n');
  expect(signedAnew(first, '').text).toBe('');
  expect(signedAnew(blank(), 'Me')).toEqual(first);
  const rewritten = { ...first, text: 'Hello' };
  expect(signedAnew(rewritten, 'Captain')).toBe(rewritten);
  expect(signedAnew({ ...blank(), text: 'Typed' }, 'Me').text).toBe('Typed');
  const answer = signedAnew(signed(reply(message(), ME, false), 'Me'), '$& Bora');
  expect(answer.text).toContain('\n\n$& Bora\n');
});

test('one answers from the address that was written to', () => {
  const own = [{ address: 'first@here.test' }, { address: 'Me@here.test' }];
  expect(writesAs(own, message())).toBe(own[1]);
  expect(writesAs(own, message({ to: [] }))).toBe(own[0]);
  expect(writesAs([], message())).toBeUndefined();
});

test('an address is read as people type it', () => {
  expect(parseAddress(' a@b.test, ')).toEqual(person('a@b.test'));
  expect(parseAddress('"Lee, Bora" <bora@b.test>')).toEqual(person('bora@b.test', 'Lee, Bora'));
  expect(parseAddress('홍길동 <길동@예.한국>')).toEqual(person('길동@예.한국', '홍길동'));
  for (const not of ['', 'a', 'a@b', 'a b@c.test', '<>', 'a@b.test, c@d.test'])
    expect(parseAddress(not), not).toBeUndefined();
});

test('a missing attachment is noticed in one’s own words only', () => {
  const said = (text: string) => mentionsAttachment({ ...blank(), text });
  expect([said('I attach the map'), said('첨부합니다'), said('> see attached'), said('an attachable thing')]).toEqual([
    true,
    true,
    false,
    false,
  ]);
  expect(isEmpty({ ...blank(), text: ' \n' })).toBe(true);
});

describe('an image under a signature', () => {
  const image = { key: 's', name: 's.png', size: 3, cid: 's@x' };
  const shown = '<p><img src="cid:s@x" alt=""></p>';

  test('stands below its text, above what is quoted, and with a signature that is nothing else', () => {
    expect(signed(blank(), 'Me', image)).toMatchObject({
      html: `<p></p><p></p><p>-- </p><p>Me</p>${shown}<p></p>`,
      signatureImage: 's@x',
      files: [image],
    });
    expect(signed(blank(), '', image).html).toBe(`<p></p><p></p><p>-- </p>${shown}<p></p><p></p>`);
    const { html = '' } = signed(reply(message(), ME, false), 'Me', image);
    expect(html.indexOf('<p>Me</p>')).toBeLessThan(html.indexOf(shown));
    expect(html.indexOf(shown)).toBeLessThan(html.indexOf('&gt; One'));
  });

  test('goes with another signature, and with the file that it is', () => {
    const first = signed(blank(), 'Me', image);
    expect(signedAnew(first, 'Me', image)).toBe(first);
    const other = { ...image, key: 't', cid: 't@x' };
    const second = signedAnew(first, 'Us', other);
    expect(second).toMatchObject({ html: first.html?.replace('Me', 'Us').replace('s@x', 't@x'), files: [other] });
    const none = signedAnew(second, 'They');
    expect(none).toMatchObject({ html: `<p></p><p></p><p>-- </p><p>They</p><p></p>`, files: [] });
  });

  test('comes in when the sender gets one', () => {
    expect(signedAnew(signed(blank(), 'Me'), 'Us', image)).toMatchObject({
      html: `<p></p><p></p><p>-- </p><p>Us</p>${shown}<p></p>`,
      files: [image],
    });
  });
});

test('an image that was taken out of the text does not go along, and is listed nowhere', () => {
  const file = { key: 'f', name: 'f.pdf', size: 1, at: { message: '1', n: 1 } };
  const [kept, gone] = ['k', 'g'].map((key) => ({
    key,
    name: key,
    size: 1,
    cid: `${key}@x`,
    at: { message: '1', n: 2 },
  }));
  const draft = { ...blank(), html: '<p><img src="cid:k@x"></p>', files: [file, kept!, gone!] };
  expect(filesGoing(draft)).toEqual([file, kept]);
  expect(filesListed(draft)).toEqual([file]);
  expect(wireOf(draft).attached).toEqual([file.at, kept!.at]);
});
