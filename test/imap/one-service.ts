/** An IMAP service for all tests of a file: it begins before the first and ends after the last. */
import { afterAll, beforeAll } from 'vitest';
import type { ImapServices } from '../../src/protocols/imap/server.ts';
import { ImapService } from './service.ts';

export interface OneImapService {
  readonly service: ImapService;
  /** Runs a transcript against it. */
  script(text: string): Promise<void>;
}

export function oneImapService(overrides: Partial<ImapServices> = {}): OneImapService {
  let service: ImapService;
  beforeAll(async () => {
    service = await ImapService.start({ plaintextLogin: true, overrides });
  });
  afterAll(() => service[Symbol.asyncDispose]());
  return {
    get service() {
      return service;
    },
    script: (text) => service.transcript(text),
  };
}
