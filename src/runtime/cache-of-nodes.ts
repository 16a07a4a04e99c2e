// What nodes share of their caches by the server of `process.state`: answers, as a second tier of every thread, and purges, which the main
// thread tells and hears for all of its threads. Rule: nothing of it is opened where there is no such server.
import type { CacheDesk } from '../services/cache/cache-desk.ts';
import type { CacheShelf } from '../services/cache/store/cache-shelf.ts';
import { CacheTier } from '../services/cache/tier/cache-tier.ts';
import { PURGES_CHANNEL } from '../services/cache/tier/purge-text.ts';
import { SharedPurges } from '../services/cache/tier/shared-purges.ts';
import { stateWatch } from './nodes/state-watch.ts';
import { RedisConnection } from '../state/redis-connection.ts';
import type { MetricsRecorder } from '../telemetry/metrics-recorder.ts';
import { RedisSubscription } from '../state/redis-subscription.ts';

const tiers = new WeakMap<CacheShelf, CacheTier>();

/** The tier of this thread; null: there is no server. The same for every configuration, since its server needs a restart to change; the time that a miss may cost more does not. */
export function cacheTierOf(
  caches: CacheShelf,
  state: string,
  timeoutMs: number,
  recorder?: MetricsRecorder,
): CacheTier | null {
  if (state === 'embedded') return null;
  const known = tiers.get(caches);
  known?.bound(timeoutMs);
  if (known !== undefined) return known;
  const watch = recorder && stateWatch(recorder, 'cache');
  const tier = new CacheTier(new RedisConnection({ url: state, timeoutMs, watch }));
  tiers.set(caches, tier);
  caches.onClose = () => {
    tiers.delete(caches);
    tier.close();
  };
  return tier;
}

/** On the main thread. */
export function sharePurges(desk: CacheDesk, state: string, recorder?: MetricsRecorder): void {
  if (state === 'embedded') return;
  const purges = new SharedPurges({
    server: new RedisConnection({ url: state, watch: recorder && stateWatch(recorder, 'purges') }),
    carryOut: (purge) => desk.purgeHere(purge),
  });
  const subscription = new RedisSubscription({
    url: state,
    channel: PURGES_CHANNEL,
    hear: (text) => purges.hear(text),
    onUp: () => void purges.catchUp(),
  });
  desk.share({
    tell: (wish) => purges.tell(wish),
    close: () => {
      subscription.close();
      purges.close();
    },
  });
}
