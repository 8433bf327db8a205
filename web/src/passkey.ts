/** Passkeys (WebAuthn) as this browser makes and shows them. */
import { call } from './api.ts';

interface Asked<O> {
  readonly publicKey: O & { readonly challenge: string };
}

/** What is sent to the service for it. */
export interface Answered {
  readonly challenge: string;
  readonly credential: unknown;
}

/** Also false for pages that came neither from localhost nor over TLS. */
export function hasPasskeys(): boolean {
  return typeof PublicKeyCredential === 'function' && 'parseCreationOptionsFromJSON' in PublicKeyCredential;
}

/** A new one. Undefined when its owner changed his mind. */
export async function makePasskey(path: string, body: object): Promise<Answered | undefined> {
  const { publicKey } = await call<Asked<PublicKeyCredentialCreationOptionsJSON>>('POST', path, { body });
  const options = PublicKeyCredential.parseCreationOptionsFromJSON(publicKey);
  return answered(publicKey.challenge, () => navigator.credentials.create({ publicKey: options }));
}

/** One that is there. Undefined when its owner changed his mind. */
export async function showPasskey(path: string): Promise<Answered | undefined> {
  const { publicKey } = await call<Asked<PublicKeyCredentialRequestOptionsJSON>>('POST', path);
  const options = PublicKeyCredential.parseRequestOptionsFromJSON(publicKey);
  return answered(publicKey.challenge, () => navigator.credentials.get({ publicKey: options }));
}

async function answered(challenge: string, ask: () => Promise<Credential | null>): Promise<Answered | undefined> {
  try {
    const credential = await ask();
    return credential instanceof PublicKeyCredential ? { challenge, credential: credential.toJSON() } : undefined;
  } catch (error) {
    // Browsers do not say why: closed, too late, none there, or there already.
    if (error instanceof DOMException) return undefined;
    throw error;
  }
}
