// The cache by the gateway's door, as the configuration describes it: for users that may `admin`, and for nobody where there are no users.
import type { Config } from '../../config/config.ts';
import { policyPlaces } from '../../config/policy-places.ts';
import { CACHE_PATH, cacheAdmin } from '../registry.ts';
import { type OwnService, serviceBounds } from './own-service.ts';

const ANSWER_MS = 10_000;

/** null: there is no cache, or nobody who may. */
export function cacheService(config: Config): OwnService | null {
  if (config.users.length === 0 || !hasCache(config)) return null;
  return {
    name: 'cache-admin',
    paths: [CACHE_PATH, `${CACHE_PATH}/*`],
    permission: 'admin',
    does: 'look after the cache',
    hosts: [],
    bounds: serviceBounds(config, { silenceMs: ANSWER_MS, headMs: ANSWER_MS }),
    policies: [],
    answers: 'tells how the cache does, and purges it',
    createTarget: ({ cache }) => cacheAdmin(cache),
  };
}

function hasCache(config: Config): boolean {
  return policyPlaces(config).some(({ policies: { cache } }) => cache !== undefined && cache !== false);
}
