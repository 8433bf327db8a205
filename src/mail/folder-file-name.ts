/** A level of a folder's path as the name of a folder in a file system: it cannot lead out of where it stands, and is told apart from every other one. */
export function folderFileName(level: string): string {
  return level.replaceAll(
    /[%\\:*?"<>|\u0000-\u001f]|^\.|[. ]$/g,
    (c) => `%${c.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
