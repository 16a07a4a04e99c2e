// The whole document. Rule: one file per section, put together here and nowhere else; unknown keys are errors.

import { z } from 'zod';
import type { Config } from '../config.ts';
import { agentsSchema } from './agents.ts';
import { aiSchema } from './ai.ts';
import { dnsSchema } from './dns.ts';
import { egressSchema } from './egress.ts';
import { gatewaySchema } from './gateway.ts';
import { hopsSchema } from './hops.ts';
import { policiesSchema } from './policies.ts';
import { adminSchema, limitsSchema, logSchema, metricsSchema, processSchema, timeoutsSchema } from './process.ts';
import { cacheSchema, execSchema } from './services.ts';
import { tracesSchema } from './traces.ts';
import { tunnelsSchema } from './tunnels.ts';
import { usersSchema } from './users.ts';

export const documentSchema: z.ZodType<Config> = z
  .strictObject({
    process: processSchema,
    log: logSchema,
    admin: adminSchema,
    metrics: metricsSchema,
    traces: tracesSchema,
    limits: limitsSchema,
    timeouts: timeoutsSchema,
    dns: dnsSchema,
    users: usersSchema,
    policies: policiesSchema
      .prefault({})
      .describe('Policies of every door. The same keys may stand under a door or a route; the nearer wins.'),
    egress: egressSchema,
    hops: hopsSchema,
    gateway: gatewaySchema,
    cache: cacheSchema,
    exec: execSchema,
    agents: agentsSchema,
    ai: aiSchema,
    tunnels: tunnelsSchema,
  })
  .describe('The configuration of Sluice. Every key is optional; an empty file gives the defaults.');
