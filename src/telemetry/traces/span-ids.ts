// Names for traces and spans. Rule: they are random throughout, so that every program that samples by them samples the same traces;
// the system is asked for a page of randomness at a time.

const PAGE_BYTES = 4096;
const TRACE_DIGITS = 32;
const SPAN_DIGITS = 16;
const ALL_ZERO = /^0+$/;

export class SpanIds {
  private page = '';
  private at = 0;

  trace(): string {
    return this.take(TRACE_DIGITS);
  }

  span(): string {
    return this.take(SPAN_DIGITS);
  }

  /** Zero names nothing. */
  private take(digits: number): string {
    if (this.at + digits > this.page.length) {
      this.page = Buffer.from(crypto.getRandomValues(new Uint8Array(PAGE_BYTES))).toString('hex');
      this.at = 0;
    }
    const id = this.page.slice(this.at, this.at + digits);
    this.at += digits;
    return ALL_ZERO.test(id) ? this.take(digits) : id;
  }
}
