/** Bytes as people read them: `12 KB`, `3.4 MB`, in steps of 1,024. */
export function sizeWords(bytes: number): string {
  if (bytes < 1 << 20) return `${bytes === 0 ? 0 : Math.max(1, Math.round(bytes / 1024))} KB`;
  if (bytes < 1 << 30) return `${(bytes / (1 << 20)).toFixed(1)} MB`;
  return `${(bytes / (1 << 30)).toFixed(1)} GB`;
}
