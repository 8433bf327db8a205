/**
 * Scanner: an engine outside that judges a mail (rspamd, SpamAssassin, ClamAV). It changes nothing and remembers nothing for us, so
 * a scan may be asked again at any time.
 *
 * A scan ends with a report or throws: `ScannerFailed` when the engine cannot be reached, answers nonsense or cannot take this mail, the
 * signal's reason when that comes first. A report is never made up: no answer is no report.
 */
export interface Scanner extends AsyncDisposable {
  /** What operators call it; in points, metrics and the log. */
  readonly name: string;
  readonly finds: { readonly spam: boolean; readonly malware: boolean };
  /** Several at once are fine: an adapter lets those wait that its engine has no room for. */
  scan(mail: ScannedMail, signal: AbortSignal): Promise<ScanReport>;
}

export interface ScannedMail {
  /** Envelope sender, '' for the null sender. */
  readonly sender: string;
  readonly recipients: readonly string[];
  /** Who handed it over; absent: it was made here, or nobody knows. */
  readonly client?: { readonly address: string; readonly hello: string };
  /** The user of ours who sends it. */
  readonly user?: string;
  /** Names it in the engine's own log. */
  readonly id: string;
  /** Bytes of the raw message. */
  readonly size: number;
  /** From its beginning; may be asked for again. */
  stream(): AsyncIterable<Uint8Array>;
}

export interface ScanPoint {
  /** Of the rule: upper-case words joined by '_'. */
  readonly name: string;
  /** Whatever scale an engine has: with us 5 in all is where spam begins. Negative speaks for the mail. */
  readonly points: number;
  /** For people, one line. */
  readonly why: string;
}

export interface ScanReport {
  readonly points: readonly ScanPoint[];
  /** Names of what was found, as the engine calls it. */
  readonly malware: readonly string[];
}

/** Where spam begins, in points. */
export const SPAM_SCORE = 5;

/** `permanent`: the same mail will fail again, e.g. because it is larger than the engine takes. */
export class ScannerFailed extends Error {
  override readonly name = 'ScannerFailed';
  readonly permanent: boolean;
  constructor(message: string, options: ErrorOptions & { readonly permanent?: boolean } = {}) {
    super(message, options);
    this.permanent = options.permanent ?? false;
  }
}
