/** What our domains publish in DNS, as the configuration has it. */
import type { Config } from '../config/schema.ts';
import type { Published } from '../directory/dns-records.ts';
import { stsPolicyOf } from '../mail/sts-policy.ts';

export function publishedBy(config: Pick<Config, 'hostname' | 'tls' | 'outbound' | 'downmail'>): Published {
  const { hostname, tls, outbound, downmail } = config;
  const takesNotifications = downmail.mode === 'downmail' || downmail.mode === 'hybrid-receive';
  const { brand_logo: logo, brand_certificate: certificate } = outbound;
  return {
    hostname,
    stsPolicy: stsPolicyOf(tls.mta_sts, hostname),
    takesNotifications,
    ...(logo !== '' && { brand: { logo, certificate } }),
  };
}
