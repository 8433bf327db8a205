/** What an attachment is, by its type, or by its name where the type says nothing. */
import type { Part } from '../message.ts';

export type DocumentKind = 'pdf' | 'office';

const OFFICE_TYPE =
  /^(?:vnd\.openxmlformats-officedocument\.(?:wordprocessingml|spreadsheetml|presentationml)\.|vnd\.oasis\.opendocument\.(?:text|spreadsheet|presentation)|hwp\+zip$|vnd\.hancom\.hwpx$)/;
const OFFICE_NAME = /\.(?:docx|docm|xlsx|xlsm|pptx|pptm|odt|ods|odp|hwpx)$/i;
const TEXT_NAME = /\.(?:txt|text|csv|tsv|md|log|html?)$/i;

export function documentKind({ type, subtype, filename }: Part): DocumentKind | undefined {
  if (type !== 'application') return undefined;
  if (subtype === 'pdf' || subtype === 'x-pdf' || /\.pdf$/i.test(filename)) return 'pdf';
  return OFFICE_TYPE.test(subtype) || OFFICE_NAME.test(filename) ? 'office' : undefined;
}

/** Text under a type that hides it: as which subtype it is read. */
export function hiddenText({ type, subtype, filename }: Part): 'plain' | 'html' | undefined {
  if (type !== 'application' || subtype !== 'octet-stream' || !TEXT_NAME.test(filename)) return undefined;
  return /\.html?$/i.test(filename) ? 'html' : 'plain';
}
