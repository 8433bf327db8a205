/** Passwords that were stolen somewhere and are in everybody's lists: they are tried first. */
export interface BreachedPasswords {
  has(password: string): Promise<boolean>;
}
