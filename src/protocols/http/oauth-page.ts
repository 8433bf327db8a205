/** The pages on which people let programs into their accounts: forms, and no script. */
import type { AuthorizationRequest } from '../../directory/oauth/oauth.ts';
import type { OAuthScope } from '../../directory/oauth/scopes.ts';
import { type Html, html } from './html.ts';
import type { OAuthWords } from './oauth-words.ts';

/** How a form went that was sent; '' for one that was not. */
export type Complaint = '' | 'wrong' | 'codeNeeded' | 'tooMany' | 'busy';

/** Forms lead back here, and from here to where the program waits: browsers follow that only when it is said. */
export function consentPolicy(redirect: string): string {
  return `default-src 'none'; style-src 'self'; form-action 'self' ${formTarget(redirect)}; base-uri 'none'; frame-ancestors 'none'`;
}

/** A source of the policy's own grammar, which knows no IPv6 addresses (CSP 3 §2.3.1). */
function formTarget(redirect: string): string {
  const url = new URL(redirect);
  return /^https?:$/.test(url.protocol) && !url.hostname.startsWith('[') ? url.origin : url.protocol;
}

export function consentPage(
  words: OAuthWords,
  { client, scopes, redirect, loginHint }: AuthorizationRequest,
  action: string,
  complaint: Complaint,
): Html {
  const { protocol, host } = new URL(redirect);
  const to = protocol === 'https:' ? host : words.thisComputer;
  return html`<p><b>${client.name}</b> ${words.wants}</p>
${scopeList(words, scopes)}
<p>${words.answersTo} <b>${to}</b></p>
${signInForm(words, action, complaint, loginHint, '')}`;
}

export function deviceCodePage(words: OAuthWords, action: string, typed: string, unknown: boolean): Html {
  return html`${unknown ? html`<p role="alert">${words.deviceUnknown}</p>\n` : ''}<p>${words.deviceHint}</p>
<form method="post" action="${action}">
<label>${words.deviceCode}<input name="user_code" value="${typed}" autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="20" required autofocus></label>
<button name="do" value="look">${words.next}</button>
</form>`;
}

export function deviceConsentPage(
  words: OAuthWords,
  asks: { readonly name: string; readonly scopes: readonly OAuthScope[]; readonly code: string },
  action: string,
  complaint: Complaint,
): Html {
  return html`<p><b>${asks.name}</b> ${words.wants}</p>
${scopeList(words, asks.scopes)}
<p>${words.deviceWants} <b>${asks.code}</b></p>
${signInForm(words, action, complaint, undefined, html`<input type="hidden" name="user_code" value="${asks.code}">\n`)}`;
}

function scopeList(words: OAuthWords, scopes: readonly OAuthScope[]): Html {
  return html`<ul>${scopes.map((scope) => html`<li>${words.scopes[scope]}</li>`)}</ul>`;
}

function signInForm(
  words: OAuthWords,
  action: string,
  complaint: Complaint,
  loginHint: string | undefined,
  more: Html | string,
): Html {
  return html`${complaint === '' ? '' : html`<p role="alert">${words[complaint]}</p>\n`}<p class="hint">${words.onlyIf}</p>
<form method="post" action="${action}">
${more}<label>${words.address}<input type="email" name="address" value="${loginHint ?? ''}" autocomplete="username" required></label>
<label>${words.password}<input type="password" name="password" autocomplete="current-password" required></label>
<label>${words.code}<input name="code" autocomplete="one-time-code" autocapitalize="off" spellcheck="false" maxlength="40"></label>
<button name="do" value="allow">${words.allow}</button>
<button name="do" value="deny" formnovalidate>${words.deny}</button>
</form>`;
}
