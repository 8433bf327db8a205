/**
 * The authorisation server (RFC 6749 with the best practice of RFC 9700): codes with PKCE (RFC 7636, S256 only), devices (RFC 8628), refresh tokens
 * that count once, revocation (RFC 7009). What is asked for comes as parameters; who asks for a person, and how people are asked, is
 * the business of the pages.
 */
import type { AccountId } from '../../mailstore/api.ts';
import type { Cache } from '../../ports/cache.ts';
import type { CredentialRowParts } from '../transact.ts';
import { mayRedirect, type OAuthClient, OAuthClients } from './clients.ts';
import { type DeviceCodes, Devices } from './devices.ts';
import { OAuthError } from './error.ts';
import { type AccessVerdict, Grants, type Tokens } from './grants.ts';
import { type OAuthScope, scopesOf } from './scopes.ts';
import { hashOf, parseAccess, parseRefresh } from './tokens.ts';

/** Parameters of a request: none may come twice (RFC 6749 §3.1). */
export type OAuthParameters = URLSearchParams;

export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
export const GRANT_TYPES = ['authorization_code', 'refresh_token', DEVICE_GRANT] as const;

/** RFC 7636 §4.1 and §4.2: both are 43 characters at least; ours is the hash. */
const CHALLENGE = /^[A-Za-z0-9_-]{43}$/;
const VERIFIER = /^[A-Za-z0-9._~-]{43,128}$/;
const MAX_STATE = 2000;

/** Where answers go. */
export interface AnswerTo {
  readonly redirect: string;
  readonly state: string | undefined;
}

/** What a program wants to be allowed. */
export interface AuthorizationRequest extends AnswerTo {
  readonly client: OAuthClient;
  readonly scopes: readonly OAuthScope[];
  readonly challenge: string;
  /** Whose account it expects; nobody has looked whether there is one. */
  readonly loginHint: string | undefined;
}

export type Asked =
  | { readonly kind: 'asks'; readonly request: AuthorizationRequest }
  /** For the program to hear. */
  | { readonly kind: 'refused'; readonly to: AnswerTo; readonly error: OAuthError }
  /** Where to answer cannot be believed: only the person is told (RFC 6749 §4.1.2.1). */
  | { readonly kind: 'bad'; readonly error: OAuthError };

/** How a client says who it is at the token endpoint. */
export interface ClientCredentials {
  readonly id: string;
  readonly secret: string | undefined;
}

export class OAuth {
  readonly clients: OAuthClients;
  readonly grants: Grants;
  readonly devices: Devices;

  constructor(parts: CredentialRowParts & { readonly cache: Cache }) {
    this.clients = new OAuthClients(parts);
    this.grants = new Grants(parts);
    this.devices = new Devices(parts);
  }

  /** Looks at what came to the authorisation endpoint. */
  async authorization(parameters: OAuthParameters): Promise<Asked> {
    let to: AnswerTo | undefined;
    try {
      const client = await this.clients.find(required(parameters, 'client_id'));
      if (client === undefined) throw new OAuthError('invalid_client', 'there is no such client');
      const redirect = required(parameters, 'redirect_uri');
      if (!mayRedirect(client, redirect))
        throw new OAuthError('invalid_request', 'the redirect URI is not one of this client');
      const state = single(parameters, 'state');
      if (state !== undefined && state.length > MAX_STATE)
        throw new OAuthError('invalid_request', `a state has at most ${MAX_STATE} characters`);
      to = { redirect, state };
      return { kind: 'asks', request: { ...to, client, ...wanted(parameters, client) } };
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      return to === undefined ? { kind: 'bad', error } : { kind: 'refused', to, error };
    }
  }

  /** The owner of the account, who has just proved to be it, agreed: the code for the program. */
  allow(account: AccountId, { client, redirect, challenge, scopes }: AuthorizationRequest): Promise<string> {
    return this.grants.code(account, { client: client.id, redirect, challenge, scopes });
  }

  /** RFC 8628 §3.1. */
  async device(parameters: OAuthParameters, credentials: ClientCredentials, remote: string): Promise<DeviceCodes> {
    const client = await this.#client(credentials);
    if (!client.device) throw new OAuthError('unauthorized_client', 'this client may not use the device flow');
    const scopes = scopesOf(single(parameters, 'scope'), client.scopes);
    return this.devices.begin({ client: client.id, scopes }, remote);
  }

  /** The token endpoint (RFC 6749 §3.2). Throws `OAuthError`. */
  async token(parameters: OAuthParameters, credentials: ClientCredentials): Promise<Tokens> {
    const client = await this.#client(credentials);
    const type = required(parameters, 'grant_type');
    switch (GRANT_TYPES.find((one) => one === type)) {
      case 'authorization_code': {
        const verifier = required(parameters, 'code_verifier');
        if (!VERIFIER.test(verifier))
          throw new OAuthError('invalid_request', 'that is no code_verifier (RFC 7636 §4.1)');
        const redirect = single(parameters, 'redirect_uri');
        return this.grants.redeem(required(parameters, 'code'), { client: client.id, redirect, verifier });
      }
      case 'refresh_token': {
        const token = parseRefresh(required(parameters, 'refresh_token'));
        if (token === undefined) throw new OAuthError('invalid_grant', 'that is no refresh token');
        const scope = single(parameters, 'scope');
        return this.grants.refresh(token, client.id, (scopes) => scopesOf(scope, scopes));
      }
      case DEVICE_GRANT: {
        const { account, scopes } = await this.devices.poll(required(parameters, 'device_code'), client.id);
        return this.grants.give(account, { client: client.id, scopes });
      }
      case undefined:
        throw new OAuthError('unsupported_grant_type', `the grant types are ${GRANT_TYPES.join(', ')}`);
    }
  }

  /** RFC 7009: whatever the token is, the whole grant ends, if it is one of this client's. Says nothing about whether there was one. */
  async revoke(parameters: OAuthParameters, credentials: ClientCredentials): Promise<void> {
    const client = await this.#client(credentials);
    const text = required(parameters, 'token');
    const refresh = parseRefresh(text);
    if (refresh !== undefined) await this.grants.revoke(refresh.account, hashOf(refresh.family), client.id);
    const access = parseAccess(text);
    if (access !== undefined && (await this.grants.access(access)).kind !== 'unknown')
      await this.grants.revoke(access.account, access.grant, client.id);
  }

  /** Of a client that has gone nothing is good. */
  async access(token: Parameters<Grants['access']>[0]): Promise<AccessVerdict> {
    const verdict = await this.grants.access(token);
    if (verdict.kind !== 'good' || (await this.clients.find(verdict.grant.client)) !== undefined) return verdict;
    return { kind: 'expired' };
  }

  /** Whether a grant is alive, and its client there. */
  async holds(account: AccountId, grant: string): Promise<boolean> {
    const client = await this.grants.clientOf(account, grant);
    return client !== undefined && (await this.clients.find(client)) !== undefined;
  }

  #client({ id, secret }: ClientCredentials): Promise<OAuthClient> {
    return this.clients.authenticate(id, secret);
  }
}

/** What the program may be told about: everything but who it is and where it is answered. */
function wanted(
  parameters: OAuthParameters,
  client: OAuthClient,
): Pick<AuthorizationRequest, 'scopes' | 'challenge' | 'loginHint'> {
  if (required(parameters, 'response_type') !== 'code')
    throw new OAuthError('unsupported_response_type', 'the one response_type is code');
  if ((single(parameters, 'response_mode') ?? 'query') !== 'query')
    throw new OAuthError('invalid_request', 'the one response_mode is query');
  const challenge = required(parameters, 'code_challenge');
  if (single(parameters, 'code_challenge_method') !== 'S256' || !CHALLENGE.test(challenge))
    throw new OAuthError('invalid_request', 'PKCE with S256 is required (RFC 7636)');
  return {
    scopes: scopesOf(single(parameters, 'scope'), client.scopes),
    challenge,
    loginHint: single(parameters, 'login_hint')?.slice(0, 320),
  };
}

/** Undefined: it is not there, or empty (RFC 6749 §3.1). */
function single(parameters: OAuthParameters, name: string): string | undefined {
  const values = parameters.getAll(name);
  if (values.length > 1) throw new OAuthError('invalid_request', `${name} came more than once`);
  return values[0] === '' ? undefined : values[0];
}

function required(parameters: OAuthParameters, name: string): string {
  const value = single(parameters, name);
  if (value === undefined) throw new OAuthError('invalid_request', `${name} is missing`);
  return value;
}
