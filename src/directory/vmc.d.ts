/** What is used of it: the authorities that vouch for logos. Its own check of a chain does not look at signatures. */
declare module '@postalsys/vmc' {
  import type { X509Certificate } from 'node:crypto';
  export class RootStore {
    static create(): RootStore;
    readonly rootCerts: readonly X509Certificate[];
  }
}
