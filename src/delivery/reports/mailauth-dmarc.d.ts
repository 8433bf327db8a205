/** What is used of it; the library types only its entry. */
declare module 'mailauth/lib/dmarc/get-dmarc-record.js' {
  type Lookup = (name: string) => Promise<unknown>;
  export function createRecordLookup(
    resolver: (name: string, type: string) => Promise<string[][] | string[]>,
    options: { readonly strict: boolean },
  ): Lookup;
  export function getOrgDomain(domain: string, lookup: Lookup): Promise<string>;
}
