// The policy `mirror`: a share of the requests copied to a second target. Rule: the target is written like that of a route, without
// what only makes sense where answers count.

import { z } from 'zod';
import { count, duration, share, size } from './fields.ts';
import { backendsTarget, type BackendsTarget, oneBackend } from './targets.ts';

export interface MirrorPolicy {
  readonly to: BackendsTarget;
  /** From 0 to 1. */
  readonly share: number;
  /** Bytes. */
  readonly max_body: number;
  readonly concurrent: number;
  /** Milliseconds. */
  readonly timeout: number;
}

const target: z.ZodType<BackendsTarget> = z
  .union([oneBackend, backendsTarget], { error: 'expected a URL, or a map with backends' })
  .refine(({ health }) => health === null, {
    error: 'expected no checks of a mirror: one that is down does no harm',
    path: ['health'],
  })
  .refine(({ sticky }) => sticky === null, {
    error: 'expected no stickiness of a mirror: its answers, and their cookies, reach no client',
    path: ['sticky'],
  })
  .refine(({ via }) => via.length === 0, { error: 'expected no hops before a mirror', path: ['via'] });

export const mirrorPolicy: z.ZodType<MirrorPolicy> = z.strictObject({
  to: target.describe('Where the copies go: a URL, or a map with `backends` as in a route.').meta({
    samples: ['http://next:8000'],
  }),
  share: share().prefault('100%').describe('How many of the requests are copied; of `10%` every tenth.'),
  max_body: size().prefault('1MiB').describe('Requests with a larger body are not copied.'),
  concurrent: count(10_000)
    .prefault(100)
    .describe('How many copies may be on their way, in each worker. What comes beyond is not copied.'),
  timeout: duration().prefault('10s').describe('A copy that takes longer is given up.'),
});
