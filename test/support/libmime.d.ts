/** The part of libmime that tests compare with; the package has no types. */
declare module 'libmime' {
  const libmime: {
    decodeWords(text: string): string;
    encodeWord(text: string, encoding: 'Q' | 'B', maxLength?: number): string;
    parseHeaderValue(text: string): { readonly value: string; readonly params: Readonly<Record<string, string>> };
  };
  export default libmime;
}
