// The flags of `sluice proxy` as values of the config. Rule: it is the config of a person who wants a forward proxy and
// nothing else; every hop is gone through, in the order of the command line, the pool last.

import type { FlagValue } from '../config/overrides.ts';
import type { JsonValue } from '../config/source-tree.ts';
import type { PoolProxy } from './pool-file.ts';

export interface ProxyFlags {
  readonly listen?: string;
  readonly via?: readonly string[];
  readonly strategy?: string;
  readonly allowOpen?: true;
  readonly verbose?: true;
}

const DEFAULT_LISTEN = '127.0.0.1:8888';

/** `pool`: what stands in the file of --pool; null without one. */
export function proxyFlagValues(flags: ProxyFlags, pool: readonly PoolProxy[] | null): FlagValue[] {
  const { listen = DEFAULT_LISTEN, via = [], strategy = 'round_robin', allowOpen, verbose } = flags;
  const names = via.map((_, index) => (via.length === 1 ? 'via' : `via-${index + 1}`));
  const values: FlagValue[] = [
    { path: 'gateway.listen', value: null, flag: 'sluice proxy' },
    { path: 'egress.listen', value: listen, flag: '--listen' },
    ...via.map((proxy, index): FlagValue => ({ path: `hops.${names[index]}`, value: { proxy }, flag: '--via' })),
  ];
  if (pool !== null) {
    const proxies = pool.map(({ id, url }): JsonValue => ({ id, url }));
    values.push({ path: 'hops.pool.proxies', value: proxies, flag: '--pool' });
    values.push({ path: 'hops.pool.breaker', value: {}, flag: '--pool' });
    values.push({ path: 'hops.pool.strategy', value: strategy, flag: '--strategy' });
  }
  const chain = pool === null ? names : [...names, 'pool'];
  values.push({ path: 'egress.chain', value: chain, flag: pool === null ? '--via' : '--pool' });
  if (allowOpen) values.push({ path: 'egress.allow_open', value: true, flag: '--allow-open' });
  if (verbose) values.push({ path: 'log.level', value: 'debug', flag: '--verbose' });
  return values;
}
