// What the admin API of a running program says was used of AI providers.
import type { AiUsageAnswer, AiUsageLine } from '../../src/control/admin-answers.ts';
import type { SluiceProcess } from './sluice-process.ts';

/** Only what the programs of the providers count as well. */
export type SessionUsage = Pick<
  AiUsageLine,
  'session' | 'requests' | 'input_tokens' | 'output_tokens' | 'cache_read_tokens' | 'cache_write_tokens'
>;

/** By session, as soon as so many requests are counted. */
export async function usageBySession(sluice: SluiceProcess, requests: number): Promise<SessionUsage[]> {
  for (;;) {
    const answer = await sluice.admin('/api/v1/ai/usage?by=session');
    const { usage } = (await answer.json()) as AiUsageAnswer;
    if (usage.reduce((sum, line) => sum + line.requests, 0) >= requests) return usage.map(countsOf);
  }
}

function countsOf(line: AiUsageLine): SessionUsage {
  const { session, requests, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens } = line;
  return { session, requests, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens };
}
