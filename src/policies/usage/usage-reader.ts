// Reads from the answer of a provider what it has used: of Anthropic's Messages and OpenAI's Responses and Chat Completions, as one JSON
// or as a stream of events. Rule: what the provider has said so far counts, also of an answer that was cut.
import { PickedPaths, PickedValues } from '../../codec/json/picked-values.ts';
import { EventScan, type EventSink } from '../../codec/sse/event-scan.ts';
import { type ReadUsage, UsageTally } from './usage-tally.ts';

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

export class UsageReader implements EventSink {
  private readonly picked: PickedValues;
  private readonly scan: EventScan | null;
  private readonly tally = new UsageTally();

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
    if (this.scan === null) this.tally.note(this.picked.get('model'), this.picked.get('usage'));
    return this.tally.read();
  }

  data(bytes: Uint8Array, from: number, to: number): void {
    this.picked.take(bytes, from, to);
  }

  event(): void {
    const { picked } = this;
    this.tally.note(
      picked.get('model') ?? picked.get('message.model') ?? picked.get('response.model'),
      picked.get('usage') ?? picked.get('message.usage') ?? picked.get('response.usage'),
    );
    picked.reset();
  }

  drop(): void {
    this.picked.reset();
  }
}
