/** The part of mailparser that tests compare with; the package has no types. */
declare module 'mailparser' {
  interface Address {
    readonly name: string;
    readonly address: string;
  }
  interface Parsed {
    readonly subject?: string;
    readonly from?: { readonly value: readonly Address[] };
    readonly date?: Date;
    readonly messageId?: string;
    readonly text?: string;
    readonly attachments: readonly {
      readonly contentType: string;
      readonly filename?: string;
      readonly content: Buffer;
    }[];
  }
  export function simpleParser(
    raw: Buffer,
    options: { readonly skipTextToHtml?: boolean; readonly skipImageLinks?: boolean },
  ): Promise<Parsed>;
}
