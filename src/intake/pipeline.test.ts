import { expect, test } from 'vitest';
import { pipelineOf } from '../../test/support/pipeline.ts';
import { HeaderBlock } from '../mail/header.ts';
import { MailError } from '../mail/error.ts';
import type { Arriving, Stage } from './pipeline.ts';

function stage(name: Stage['name'], more: Partial<Stage> = {}): Stage {
  return { name, does: name, needs: [], onFailure: 'retry', ...more };
}

const ARRIVING: Arriving = {
  sender: 'x@remote.test',
  recipients: [],
  origin: { protocol: 'ESMTP', hello: '', remote: '', cipher: '' },
  source: 'outside',
  header: HeaderBlock.parse(Buffer.from('Subject: hi\r\n')),
};

test('stages run in their order, however they are given', async () => {
  const ran: string[] = [];
  const noting = (name: Stage['name']) => stage(name, { header: () => void ran.push(name) });
  const pipeline = pipelineOf([noting('file'), noting('loop'), noting('spam'), noting('virus')]);
  await pipeline.header(ARRIVING);
  expect(ran).toEqual(['loop', 'virus', 'spam', 'file']);
});

test('what a stage needs must come from an earlier one, and no name is there twice', () => {
  const spam = stage('spam', { gives: ['spam-score'] });
  expect(() => pipelineOf([stage('sieve', { needs: ['spam-score'] })])).toThrow(
    'no stage before sieve gives spam-score',
  );
  expect(() => pipelineOf([spam, stage('virus', { needs: ['spam-score'] })])).toThrow('no stage before virus gives');
  expect(() => pipelineOf([spam, spam])).toThrow('two stages are called spam');
  expect(pipelineOf([spam, stage('sieve', { needs: ['header', 'spam-score'] })]).facts()).toHaveLength(2);
});

test('a failure that means accept lets the mail pass, a refusal of the same stage does not', async () => {
  const failed: string[] = [];
  const pass = (error: Error) =>
    pipelineOf([stage('virus', { onFailure: 'accept', header: () => Promise.reject(error) })], (name) =>
      failed.push(name),
    ).header(ARRIVING);
  await pass(new Error('the scanner is down'));
  await pass(new MailError('timeout', 'temporary', 'it is slow'));
  expect(failed).toEqual(['virus', 'virus']);
  await expect(pass(new MailError('policy-refused', 'user', 'a virus'))).rejects.toThrow('a virus');
});

test('any other failure before the acknowledgement is one', async () => {
  for (const onFailure of ['retry', 'error-queue'] as const) {
    const content = () => Promise.reject(new Error('down'));
    const pipeline = pipelineOf([stage('virus', { onFailure, content })]);
    await expect(pipeline.content({ ...ARRIVING, staged: [], authentication: undefined })).rejects.toThrow('down');
  }
});

test('an operator reads what there is: when each stage has its say follows from what it does', () => {
  const pipeline = pipelineOf([
    stage('reject-list', {
      recipient: () => Promise.resolve(),
      deliver: () => Promise.resolve(false),
      gives: ['junk'],
    }),
    stage('authentication', { check: () => undefined }),
  ]);
  expect(pipeline.facts().map(({ name, when, gives }) => [name, when, gives])).toEqual([
    ['authentication', ['header', 'content'], []],
    ['reject-list', ['recipient', 'delivery'], ['junk']],
  ]);
});
