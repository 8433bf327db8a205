/**
 * What somebody has chosen for a mail that is not sent yet, and no field of a mail says: it stands in the draft itself, so that it is
 * copied, backed up and restored with it. Submission takes the field out of what leaves.
 */
import { z } from 'zod';
import { HeaderBlock } from '../../mail/header.ts';
import type { Body } from '../../mailstore/api.ts';
import { DRAFT_FIELD } from '../../submit/header.ts';

/** Far more than a header takes. */
const TOP_BYTES = 64 << 10;

export const draftOptions = z.strictObject({
  receipt: z.literal(true).optional().describe('Ask the recipients to say when they have read it'),
  confidential: z
    .strictObject({ until: z.iso.datetime({ offset: true }).optional() })
    .optional()
    .describe('As POST /v1/messages takes it'),
  downmail: z.boolean().optional().describe('As POST /v1/messages takes it'),
  sendAt: z.iso.datetime({ offset: true }).optional(),
  saveTo: z.string().min(1).max(64).optional().describe('Folder for your own copy'),
  category: z.string().max(32).optional(),
});
export type DraftOptions = z.output<typeof draftOptions>;

export const shownDraftOptions = draftOptions.extend({ importance: z.enum(['high', 'low']).optional() });
type ShownDraftOptions = z.output<typeof shownDraftOptions>;

/** The field, or none when nothing was chosen. */
export function draftFields(options: DraftOptions): readonly (readonly [string, string])[] {
  const value = JSON.stringify(options).replaceAll(
    /[^\x20-\x7e]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return value === '{}' ? [] : [[DRAFT_FIELD, value]];
}

/** Nothing, where it says nothing or what it says is not readable: any program may write drafts. */
export async function draftOptionsOf(body: Body): Promise<ShownDraftOptions> {
  const header = HeaderBlock.parse(await body.bytes(0, Math.min(body.size, TOP_BYTES)));
  const importance = header.first('importance')?.trim().toLowerCase();
  const marked = importance === 'high' || importance === 'low' ? ({ importance } as const) : {};
  try {
    return { ...marked, ...draftOptions.parse(JSON.parse(header.first(DRAFT_FIELD.toLowerCase()) ?? '{}')) };
  } catch {
    return marked;
  }
}
