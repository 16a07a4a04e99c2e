// The body of an answer that can only be translated as a whole. Rule: its head waits for it, so that what cannot be translated becomes
// an error; more than a bound is not gathered.
import { Buffer } from 'node:buffer';
import type { Fields } from '../../contract/exchange.ts';
import type { BodySink, BodyTransform } from '../../contract/policy.ts';
import { SluiceError } from '../../core/errors.ts';

const MAX_BYTES = 32 * 1024 * 1024;

/** A body is compressed, though nobody has asked for that. */
export function isEncoded(fields: Fields): boolean {
  return !/^(?:identity)?$/i.test(fields.get('content-encoding')?.trim() ?? '');
}

export class WholeBody implements BodyTransform {
  readonly holdsHead = true;
  private readonly sink: BodySink;
  private readonly translate: (text: string) => object;
  private readonly isReadable: boolean;
  private parts: Buffer[] = [];
  private size = 0;

  /** `fields` are those of its head. */
  constructor(sink: BodySink, fields: Fields, translate: (text: string) => object) {
    this.sink = sink;
    this.translate = translate;
    this.isReadable = !isEncoded(fields);
  }

  write(bytes: Uint8Array, from: number, to: number): void {
    this.size += to - from;
    if (this.size > MAX_BYTES) this.fail('The answer of the provider is larger than can be translated.');
    else this.parts.push(Buffer.from(bytes.subarray(from, to)));
  }

  end(): void {
    const translated = this.translated();
    if (translated === null) {
      this.fail('The answer of the provider cannot be translated.');
      return;
    }
    this.sink.write(translated, 0, translated.length);
    this.sink.end();
  }

  abort(): void {
    this.parts = [];
  }

  private translated(): Buffer | null {
    if (!this.isReadable) return null;
    try {
      return Buffer.from(JSON.stringify(this.translate(Buffer.concat(this.parts).toString())));
    } catch {
      return null;
    }
  }

  private fail(message: string): void {
    this.parts = [];
    this.sink.fail(new SluiceError('upstream_invalid', { message }));
  }
}
