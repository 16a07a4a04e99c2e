// Proxies that join a hop, or change, while Sluice runs: what the admin API takes and keeps. Rule: what can be said of a proxy
// is what the section hops says; one that joins has the TLS of its hop.

import { z } from 'zod';
import { count, identifier, memberId, proxyUrl, tags } from './fields.ts';
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

/** One change to the proxies of a hop, as it is kept. */
export type HopChange = { readonly hop: string; readonly id: string } & (
  | {
      /** Added, or put in the place of one that the configuration has. */
      readonly kind: 'put';
      readonly proxy: ProxySpec;
      /** It finishes what it has and gets nothing new. */
      readonly draining: boolean;
    }
  | { readonly kind: 'patch'; readonly patch: ProxyPatch; readonly draining: boolean }
  | { readonly kind: 'removed' }
);

const place = { hop: identifier(), id: memberId() };

export const hopChangesSchema: z.ZodType<readonly HopChange[]> = z.array(
  z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('put'), ...place, proxy: proxySpecSchema, draining: z.boolean() }),
    z.strictObject({ kind: z.literal('patch'), ...place, patch: proxyPatchSchema, draining: z.boolean() }),
    z.strictObject({ kind: z.literal('removed'), ...place }),
  ]),
);
