// The policy `limits` against the section `limits`. Rule: heads are read before anybody knows their route, so that a route can only
// bound them further; a bound that would never be met is a mistake worth telling.

import { policyPlaces } from '../policy-places.ts';
import type { Check, Finding } from './finding.ts';

const OF_HEADS = ['url', 'headers', 'header_count'] as const;

export const checkLimits: Check = ({ config }) => {
  const { limits } = config;
  return policyPlaces(config).flatMap(({ path: base, policies: { limits: own } }) => {
    if (own === undefined || own === false) return [];
    return OF_HEADS.filter((key) => (own[key] ?? 0) > limits[key]).map((key): Finding => ({
      code: 'config_conflict',
      message: `heads are read before their route is known, and limits.${key} already refuses what is larger than that`,
      path: [...base, 'limits', key],
      hint: `raise limits.${key} and bound it by policies where it is to be less`,
    }));
  });
};
