// Reads from the answer of a provider what it has used: of Anthropic's Messages and OpenAI's Responses and Chat Completions, as one JSON
// or as a stream of events. Rule: what the provider has said so far counts, also of an answer that was cut; numbers that it says again replace those before.
import { PickedPaths, PickedValues } from '../../codec/json/picked-values.ts';
import { EventScan, type EventSink } from '../../codec/sse/event-scan.ts';
import type { TokenCounts } from '../../services/usage/usage-record.ts';

/** The whole answer: all APIs have both at the top. */
const WHOLE = new PickedPaths(['model', 'usage']);
const EVENT = new PickedPaths(['model', 'usage', 'message.model', 'message.usage', 'response.model', 'response.usage']);

/**
 * Others of the events that say how a response of OpenAI has ended or begun have nothing that these have not. The chunks of Chat
 * Completions have no names.
 */
const EVENTS = new Set([
  '',
  'message_start',
  'message_delta',
  'response.created',
  'response.completed',
  'response.incomplete',
  'response.failed',
]);

/** What a model is called has no end that we could rely on. */
const MAX_MODEL_CHARACTERS = 200;

export interface ReadUsage extends TokenCounts {
  readonly model: string;
  readonly isKnown: boolean;
}

export class UsageReader implements EventSink {
  private readonly picked: PickedValues;
  private readonly scan: EventScan | null;
  private model = '';
  private isKnown = false;
  private input = 0;
  private output = 0;
  private cacheRead = 0;
  private cacheWrite = 0;

  constructor(isStream: boolean) {
    this.picked = new PickedValues(isStream ? EVENT : WHOLE);
    this.scan = isStream ? new EventScan(EVENTS, this) : null;
  }

  take(bytes: Uint8Array, from: number, to: number): void {
    if (this.scan === null) this.picked.take(bytes, from, to);
    else this.scan.take(bytes, from, to);
  }

  /** So far. */
  read(): ReadUsage {
    if (this.scan === null) this.note(this.picked.get('model'), this.picked.get('usage'));
    const { model, isKnown, input, output, cacheRead, cacheWrite } = this;
    return { model, isKnown, input, output, cacheRead, cacheWrite };
  }

  data(bytes: Uint8Array, from: number, to: number): void {
    this.picked.take(bytes, from, to);
  }

  event(): void {
    const { picked } = this;
    this.note(
      picked.get('model') ?? picked.get('message.model') ?? picked.get('response.model'),
      picked.get('usage') ?? picked.get('message.usage') ?? picked.get('response.usage'),
    );
    picked.reset();
  }

  drop(): void {
    this.picked.reset();
  }

  private note(model: unknown, usage: unknown): void {
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
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function countOf(usage: Readonly<Record<string, unknown>>, key: string): number | undefined {
  const count = usage[key];
  return typeof count === 'number' && Number.isSafeInteger(count) && count >= 0 ? count : undefined;
}
