// Names for exchanges: a random prefix of this thread and a counter, so that a name costs a few stores and no randomness.
// Rule: the counter is the name; its text is made only for whoever reads it.
import { randomBytes } from 'node:crypto';

const HEX = Buffer.from('0123456789abcdef', 'latin1');
const COUNTER_DIGITS = 8;
/** The last two digits of every counter; the others change once in 256. */
const LAST_DIGITS: readonly string[] = Array.from({ length: 256 }, (_, value) => value.toString(16).padStart(2, '0'));

/** The lines that carry the name upstream, ready to be copied; the counter is written into them in place. */
export class ExchangeIds {
  private readonly prefix: string = randomBytes(4).toString('hex');
  private readonly tracePrefix: string = randomBytes(12).toString('hex');
  private counter = 0;
  /** The digits that many counters share, behind either prefix. */
  private block = -1;
  private blockText = '';
  private blockTrace = '';
  private readonly requestIdLine: Buffer = Buffer.from(`X-Request-Id: ${this.prefix}00000000\r\n`, 'latin1');
  private readonly traceLine: Buffer = Buffer.from(
    `traceparent: 00-${this.tracePrefix}00000000-${this.prefix}00000000-00\r\n`,
    'latin1',
  );

  next(): number {
    this.counter = (this.counter + 1) >>> 0;
    return this.counter;
  }

  text(counter: number): string {
    this.enterBlock(counter >>> 8);
    return this.blockText + LAST_DIGITS[counter & 255]!;
  }

  traceId(counter: number): string {
    this.enterBlock(counter >>> 8);
    return this.blockTrace + LAST_DIGITS[counter & 255]!;
  }

  private enterBlock(block: number): void {
    if (block === this.block) return;
    this.block = block;
    const digits = block.toString(16).padStart(COUNTER_DIGITS - 2, '0');
    this.blockText = this.prefix + digits;
    this.blockTrace = this.tracePrefix + digits;
  }

  /** `X-Request-Id: …` for this exchange; valid until the next call. */
  requestIdField(counter: number): Buffer {
    writeHex(this.requestIdLine, this.requestIdLine.length - 2, counter);
    return this.requestIdLine;
  }

  /** `traceparent: …` for an exchange whose client sent none (W3C Trace Context, not sampled); valid until the next call. */
  traceField(counter: number): Buffer {
    const end = this.traceLine.length - 2 - '-00'.length;
    writeHex(this.traceLine, end, counter);
    writeHex(this.traceLine, end - (1 + this.prefix.length + COUNTER_DIGITS), counter);
    return this.traceLine;
  }
}

function writeHex(target: Buffer, end: number, value: number): void {
  let rest = value;
  for (let at = end - 1; at >= end - COUNTER_DIGITS; at--) {
    target[at] = HEX[rest & 15]!;
    rest >>>= 4;
  }
}
