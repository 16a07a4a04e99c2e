// Turns what the configuration says of answers that are given again into policies. Rule: providers that have nothing of their own share one
// store; what is in a store stays over a reload as long as the store is wanted, and its key says under which configuration it was made.
import type { Config } from '../../config/config.ts';
import type { AiCacheConfig } from '../../config/schema/ai-cache.ts';
import type { Policy } from '../../contract/policy.ts';
import { AnswerShelf } from '../../services/answers/answer-shelf.ts';
import type { AnswerStore } from '../../services/answers/answer-store.ts';
import type { TellUsage } from '../../services/usage/usage-record.ts';
import { aiCacheFamilies, aiCacheGauges } from '../../telemetry/families.ts';
import type { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import type { ProviderName } from '../accounts/account-store.ts';
import { aiCache, type CacheResult, type ReadAnswer, UsageReader } from '../registry.ts';

export interface AiCacheParts {
  readonly answers: AnswerShelf;
  /** So many share the memory. */
  readonly threads: number;
  readonly recorder: MetricsRecorder;
  readonly tellUsage: TellUsage;
}

/** What is on it is told in the metrics of its thread. */
export function countedAnswers(recorder: MetricsRecorder): AnswerShelf {
  const { bytes, answers } = aiCacheGauges(recorder);
  return new AnswerShelf((size, count) => {
    recorder.slots[bytes] = size;
    recorder.slots[answers] = count;
  });
}

/** None for a provider whose every request goes out. */
export type AiCaches = ReadonlyMap<ProviderName, Policy>;

const PROVIDERS: readonly ProviderName[] = ['claude', 'chatgpt'];
const SHARED_STORE = 'ai';

interface Wanted {
  readonly provider: ProviderName;
  readonly store: string;
  readonly settings: AiCacheConfig;
}

export function aiCaches(config: Config, parts: AiCacheParts): AiCaches {
  const wanted = config.ai.enabled ? PROVIDERS.flatMap((provider) => wantedOf(config, provider)) : [];
  const sizes = wanted.map(({ store, settings }): [string, number] => {
    return [store, Math.floor(settings.max_memory / parts.threads)];
  });
  const stores = parts.answers.open(new Map(sizes));
  return new Map(
    wanted.flatMap(({ provider, store: name, settings }) => {
      const store = stores.get(name);
      return store === undefined ? [] : [[provider, cacheOf(config, { provider, settings, store }, parts)] as const];
    }),
  );
}

function wantedOf({ ai }: Config, provider: ProviderName): Wanted[] {
  const own = ai.providers[provider].cache;
  const settings = own ?? ai.cache;
  if (settings === false) return [];
  return [{ provider, settings, store: own === null ? SHARED_STORE : `${SHARED_STORE}/${provider}` }];
}

function cacheOf(
  { ai }: Config,
  { provider, settings, store }: { provider: ProviderName; settings: AiCacheConfig; store: AnswerStore },
  { recorder, tellUsage }: AiCacheParts,
): Policy {
  const { base, headers, credentials } = ai.providers[provider];
  const { results, saved } = aiCacheFamilies(recorder, { provider });
  const add = (slot: number, count: number): void => {
    recorder.slots[slot] = (recorder.slots[slot] ?? 0) + count;
  };
  return aiCache({
    provider,
    scope: JSON.stringify([base, headers]),
    store,
    ttlMs: settings.ttl,
    maxRequestBytes: settings.max_request,
    isShared: settings.shared,
    goesByCredential: credentials === 'passthrough',
    read: readAnswer,
    count: (result: CacheResult, used) => {
      add(results(result), 1);
      if (used !== null) {
        add(saved('input'), used.input + used.cacheRead + used.cacheWrite);
        add(saved('output'), used.output);
      }
    },
    tell: tellUsage,
  });
}

const readAnswer: ReadAnswer = (decoded, isStream) => {
  const reader = new UsageReader(isStream);
  reader.take(decoded, 0, decoded.length);
  const { model, isKnown, input, output, cacheRead, cacheWrite } = reader.read();
  return { model, used: isKnown ? { input, output, cacheRead, cacheWrite } : null };
};
