// The heads and bodies of the last requests of one thread, where the configuration wants them kept. Rule: it is in memory alone and holds no
// more than it may: the oldest give way.

export type CapturedFields = readonly (readonly [name: string, value: string])[];

export interface CapturedBody {
  /** The beginning, or all of it. */
  readonly bytes: Uint8Array;
  /** Of all that has come. */
  readonly length: number;
  /** It has come to its end. */
  readonly isComplete: boolean;
}

/** Plain data, so that it can go from thread to thread. */
export interface CapturedExchange {
  readonly id: string;
  readonly fields: CapturedFields;
  /** Of those, whose values are not kept. */
  readonly hidden: readonly string[];
  /** null: it had none, or it is nobody's business. */
  readonly body: CapturedBody | null;
  readonly answerFields: CapturedFields;
  readonly answerBody: CapturedBody | null;
  /** All of it is as it came; false: credentials in it are masked. */
  readonly keepsCredentials: boolean;
  /** Bodies are kept here; false: what is said to providers of AI is not. */
  readonly keepsBodies: boolean;
}

const MOST_EXCHANGES = 1000;
/** What a field takes beside its text. */
const FIELD_BYTES = 32;

export class CaptureShelf {
  /** The oldest first. */
  readonly #kept = new Map<string, { readonly exchange: CapturedExchange; readonly bytes: number }>();
  #maxBytes = 0;
  #bytes = 0;

  /** 0: nothing is kept. */
  configure(maxBytes: number): void {
    this.#maxBytes = maxBytes;
    this.#trim();
  }

  put(exchange: CapturedExchange): void {
    const bytes = bytesOf(exchange);
    if (bytes > this.#maxBytes) return;
    this.#kept.set(exchange.id, { exchange, bytes });
    this.#bytes += bytes;
    this.#trim();
  }

  find(id: string): CapturedExchange | null {
    return this.#kept.get(id)?.exchange ?? null;
  }

  #trim(): void {
    for (const [id, { bytes }] of this.#kept) {
      if (this.#bytes <= this.#maxBytes && this.#kept.size <= MOST_EXCHANGES) return;
      this.#kept.delete(id);
      this.#bytes -= bytes;
    }
  }
}

function bytesOf({ fields, body, answerFields, answerBody }: CapturedExchange): number {
  const ofFields = [...fields, ...answerFields].reduce((sum, [name, value]) => {
    return sum + name.length + value.length + FIELD_BYTES;
  }, 0);
  return ofFields + (body?.bytes.length ?? 0) + (answerBody?.bytes.length ?? 0);
}
