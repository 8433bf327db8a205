export const en = {
  looking: 'Looking at the signature …',
  signedBy: (name: string, address: string, issuer: string) =>
    `Signed by ${name} <${address}>, and not changed since. Whether that is who it says was looked at by “${issuer}”, not by us.`,
  signedBySelf: (name: string, address: string) =>
    `Not changed since it was signed as ${name} <${address}>. Nobody but the signer says who that is.`,
  otherSigner: (address: string, from: string) =>
    `The signature is of ${address}, but the mail says it comes from ${from}.`,
  ended: (day: string) => `The signer’s certificate ended on ${day}.`,
  changed: 'This mail was changed after it was signed. Do not rely on what it says.',
  unreadable: 'The signature cannot be checked in this browser.',
  partly: 'Only a part of this mail is signed or encrypted. Nothing says who wrote the rest.',
  encrypted: 'This mail was encrypted, and opened in this browser. It is shown as text only.',
  encryptedUnsigned: 'It is not signed: anybody may have written it.',
  locked: 'This mail is encrypted.',
  lockedHint:
    'It is opened in this browser, with the file (.p12 or .pfx) that holds your certificate and its key. The file stays in this browser, as encrypted as it is; it is never sent to the service.',
  file: 'File with your certificate',
  kept: (name: string) => `In this browser: ${name}`,
  password: 'Password of the file',
  open: 'Open',
  forget: 'Forget the file',
  insecure: 'Browsers decrypt only on pages that came over HTTPS.',
  tooLarge: 'It is too large to be opened here. Download the original.',
  why: {
    'no-key': 'It is not encrypted for that certificate.',
    'wrong-password': 'The password is wrong.',
    unreadable: 'It is damaged, or was changed on its way.',
    cipher: 'It is encrypted in an old way that browsers do not know.',
    offline: 'The mail could not be fetched.',
  },
  files: 'Files in it',
};

export type CryptoWords = typeof en;
