// Turns the settings of `cache` into the policy. Rule: what a place does not say the section `cache` says.
import type { Config } from '../../config/config.ts';
import type { CachePolicy } from '../../config/schema/policies-cache.ts';
import type { Policy } from '../../contract/policy.ts';
import type { Copier } from '../../services/cache/copier.ts';
import type { StoreRules } from '../../services/cache/rules/storable.ts';
import { CacheStore } from '../../services/cache/store/cache-store.ts';
import type { CacheShelf } from '../../services/cache/store/cache-shelf.ts';
import type { CacheTier } from '../../services/cache/tier/cache-tier.ts';
import { cacheFamilies } from '../../telemetry/families.ts';
import type { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { assembleCopier } from './assemble-compress.ts';
import { cacheTierOf } from '../cache-of-nodes.ts';
import { cache, type CacheOptions, foreseenCache } from '../registry.ts';
import type { CachePlace, PolicyParts } from './assemble-policies.ts';

const STATUS_NAME = 'sluice';
/** In the background, for all of an answer. */
const ASK_TIMEOUT_MS = 60_000;
const DRY_BYTES = 65_536;
const NO_STORE: Policy = { name: 'cache' };

interface CacheParts {
  readonly caches: CacheShelf;
  readonly recorder: MetricsRecorder;
}

export function cacheMaker(config: Config, { caches, recorder }: CacheParts): PolicyParts['ofCache'] {
  const count = counterOf(recorder);
  return (settings, at) => {
    const store = caches.at(at.place);
    // A program that no door serves from.
    if (store === null) return NO_STORE;
    const tier = cacheTierOf(caches, config.process.state, config.cache.state_timeout, recorder);
    const copier = at.compress === null ? null : assembleCopier(at.compress, recorder);
    return cache(optionsOf({ settings, at, config, tier, copier }, store, count));
  };
}

/** What it would do is told by the request alone. */
export function dryCacheMaker(config: Config): PolicyParts['ofCache'] {
  const store = new CacheStore({ maxBytes: DRY_BYTES });
  return (settings, at) =>
    foreseenCache(optionsOf({ settings, at, config, tier: null, copier: null }, store, () => {}));
}

interface Told {
  readonly settings: CachePolicy;
  readonly at: CachePlace;
  readonly config: Config;
  readonly tier: CacheTier | null;
  readonly copier: Copier | null;
}

function optionsOf(
  { settings, at, config, tier, copier }: Told,
  store: CacheStore,
  count: CacheOptions['count'],
): CacheOptions {
  return {
    store,
    tier,
    copier,
    rules: rulesOf(settings, config),
    key: {
      ignoredQuery: settings.key.ignore_query,
      sortsQuery: settings.key.sort_query,
      fields: settings.key.headers.map((name) => name.toLowerCase()),
      cookies: settings.key.cookies,
    },
    bypassHeaders: settings.bypass.headers.map((name) => name.toLowerCase()),
    bypassCookies: settings.bypass.cookies,
    maxObjectBytes: settings.max_object ?? Number.MAX_SAFE_INTEGER,
    statusName: settings.cache_status ? STATUS_NAME : null,
    isForwardProxy: at.isForwardProxy,
    askTimeoutMs: ASK_TIMEOUT_MS,
    count,
  };
}

function rulesOf(settings: CachePolicy, config: Config): StoreRules {
  const { heuristics } = settings;
  return {
    defaultTtlMs: settings.default_ttl ?? config.cache.default_ttl,
    statusTtlMs: new Map(Object.entries(settings.status_ttl).map(([status, ttl]) => [Number(status), ttl])),
    heuristic: heuristics === false ? null : { share: heuristics.share, maxMs: heuristics.max },
    staleWhileAskingMs: settings.stale_while_revalidate,
    staleOnErrorMs: settings.stale_if_error,
    setCookie: settings.set_cookie,
  };
}

/** The slots of a route are looked up once for each result. */
function counterOf(recorder: MetricsRecorder): CacheOptions['count'] {
  const slotOf = cacheFamilies(recorder);
  const known = new Map<string, Map<string, number>>();
  return (route, result) => {
    let slots = known.get(route);
    if (slots === undefined) known.set(route, (slots = new Map()));
    let slot = slots.get(result);
    if (slot === undefined) slots.set(result, (slot = slotOf(route, result)));
    recorder.slots[slot] = (recorder.slots[slot] ?? 0) + 1;
  };
}
