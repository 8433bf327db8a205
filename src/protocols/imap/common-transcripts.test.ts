import { test } from 'vitest';
import { COMMON_TRANSCRIPTS } from '../../../test/imap/common-transcripts.ts';
import { oneImapService } from '../../../test/imap/one-service.ts';

const imap = oneImapService();

test.each(COMMON_TRANSCRIPTS)('%s', (_name, script) => imap.script(script));
