// What one answer has used so far, as its provider says it. Rule: numbers that it says again replace those before, and none is counted
// twice: what was read from the provider's cache is not in `input`.
import type { TokenCounts } from '../../services/usage/usage-record.ts';

/** What a model is called has no end that we could rely on. */
const MAX_MODEL_CHARACTERS = 200;

export interface ReadUsage extends TokenCounts {
  readonly model: string;
  readonly isKnown: boolean;
}

export class UsageTally {
  private model = '';
  private isKnown = false;
  private input = 0;
  private output = 0;
  private cacheRead = 0;
  private cacheWrite = 0;

  /** As they stand in the JSON of the provider, if they do. */
  note(model: unknown, usage: unknown): void {
    if (typeof model === 'string') this.model = model.slice(0, MAX_MODEL_CHARACTERS);
    if (!isObject(usage)) return;
    this.isKnown = true;
    const details = usage['input_tokens_details'] ?? usage['prompt_tokens_details'];
    this.output = countOf(usage, 'output_tokens') ?? countOf(usage, 'completion_tokens') ?? this.output;
    this.cacheWrite = countOf(usage, 'cache_creation_input_tokens') ?? this.cacheWrite;
    // OpenAI counts what was read from its cache as input too, Anthropic does not.
    const cached = isObject(details) ? (countOf(details, 'cached_tokens') ?? 0) : 0;
    this.cacheRead = isObject(details) ? cached : (countOf(usage, 'cache_read_input_tokens') ?? this.cacheRead);
    const input = countOf(usage, 'input_tokens') ?? countOf(usage, 'prompt_tokens');
    if (input !== undefined) this.input = Math.max(0, input - cached);
  }

  read(): ReadUsage {
    const { model, isKnown, input, output, cacheRead, cacheWrite } = this;
    return { model, isKnown, input, output, cacheRead, cacheWrite };
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function countOf(usage: Readonly<Record<string, unknown>>, key: string): number | undefined {
  const count = usage[key];
  return typeof count === 'number' && Number.isSafeInteger(count) && count >= 0 ? count : undefined;
}
