/** What the configuration says about the HTTP listener alone. */
import type { Config } from '../config/schema.ts';
import type { HttpOptions } from '../protocols/http/options.ts';

export function httpOptionsOf({ http, modules, pager, limits }: Config) {
  return {
    limits: { message: limits.message_size, recipients: limits.recipients },
    requests: { perMinute: limits.requests_per_minute, limitLoopback: limits.loopback },
    trustedProxies: http.trusted_proxies,
    privateWebhooks: modules.private_addresses,
    paging: pager.url !== '',
    ...(http.public_url !== '' && { publicUrl: http.public_url.replace(/\/$/, '') }),
    ...(http.operator_token !== '' && { operatorToken: http.operator_token }),
  } satisfies Partial<HttpOptions>;
}
