// Proxies that join a hop, or change, while Sluice runs: what the admin API takes and keeps. Rule: what can be said of a proxy
// is what the section hops says; one that joins has the TLS of its hop.

import { z } from 'zod';
import { count, memberId, proxyUrl, tags } from './fields.ts';
import { hostAndPort, type HopProxy, proxyFields } from './hops.ts';

/** A proxy without what its hop gives it. */
export type ProxySpec = Omit<HopProxy, 'tls'>;

/** What may change; a key that is absent stays as it is. */
export type ProxyPatch = Partial<Omit<ProxySpec, 'id'>>;

export const proxySpecSchema: z.ZodType<ProxySpec> = z
  .strictObject({ id: memberId().exactOptional(), ...proxyFields })
  .transform(({ id, ...rest }) => ({ id: id ?? hostAndPort(rest.url), ...rest }));

export const proxyPatchSchema: z.ZodType<ProxyPatch> = z.strictObject({
  url: proxyUrl().exactOptional(),
  weight: count(1000).exactOptional(),
  priority: count(1000).exactOptional(),
  backup: z.boolean().exactOptional(),
  enabled: z.boolean().exactOptional(),
  tags: tags().exactOptional(),
});
