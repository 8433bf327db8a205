/** Substrings in linear time, whatever they are: a long needle can make the built-in search compare each place anew. */
const SHORT = 16;

/** As `text.indexOf(needle, from)`. */
export function find(text: string, needle: string, from = 0): number {
  if (needle.length <= SHORT || needle.length > text.length - from) return text.indexOf(needle, from);
  // Knuth, Morris, Pratt.
  const fallback = prefixes(needle);
  let matched = 0;
  for (let i = from; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    while (matched > 0 && needle.charCodeAt(matched) !== code) matched = fallback[matched - 1]!;
    if (needle.charCodeAt(matched) === code) matched += 1;
    if (matched === needle.length) return i + 1 - matched;
  }
  return -1;
}

/** Of each beginning of the needle the longest shorter beginning that it ends with. */
function prefixes(needle: string): Int32Array {
  const lengths = new Int32Array(needle.length);
  let matched = 0;
  for (let i = 1; i < needle.length; i += 1) {
    const code = needle.charCodeAt(i);
    while (matched > 0 && needle.charCodeAt(matched) !== code) matched = lengths[matched - 1]!;
    if (needle.charCodeAt(matched) === code) matched += 1;
    lengths[i] = matched;
  }
  return lengths;
}
