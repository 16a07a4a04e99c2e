// What one thread counts of what was used. Rule: it is made once for a thread, so that a reload neither loses nor multiplies series.
import { type AiUsageFamilies, aiUsageFamilies } from '../../telemetry/families.ts';
import type { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import type { TellUsage } from '../../services/usage/usage-record.ts';

/** Counts, and tells whoever keeps it. */
export function countedUsage(recorder: MetricsRecorder, tell: TellUsage): TellUsage {
  const providers = new Map<string, AiUsageFamilies>();
  const familiesOf = (provider: string): AiUsageFamilies => {
    const families = providers.get(provider) ?? aiUsageFamilies(recorder, { provider });
    providers.set(provider, families);
    return families;
  };
  const add = (slot: number, count: number): void => {
    recorder.slots[slot] = (recorder.slots[slot] ?? 0) + count;
  };
  return (record) => {
    const { provider, model, isKnown, isCached, input, output, cacheRead, cacheWrite } = record;
    const { requests, tokens } = familiesOf(provider);
    add(requests(isCached === true ? 'cached' : isKnown ? 'known' : 'unknown'), 1);
    if (isKnown && isCached !== true) {
      add(tokens(model, 'input'), input);
      add(tokens(model, 'output'), output);
      add(tokens(model, 'cache_read'), cacheRead);
      add(tokens(model, 'cache_write'), cacheWrite);
    }
    tell(record);
  };
}
