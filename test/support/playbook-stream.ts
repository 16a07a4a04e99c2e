// A stream of HTTP/2 that exists only in memory, for either side of an exchange: what the program does with it is kept, and
// what its peer does is said by the test. Rule: like a real one it closes once, and takes nothing after that.
import assert from 'node:assert/strict';
import type { Http2ClientStream, Http2RequestHandler } from '../../src/transport/http2-client.ts';
import type { Http2ServerStream } from '../../src/transport/http2-server-stream.ts';
import type { FlatFields, Http2Body, Http2StreamHandler } from '../../src/transport/http2-stream.ts';

export class PlaybookStream {
  handler: Http2StreamHandler = { onData() {}, onEnd() {}, onDrain() {}, onClose() {} };
  readonly fields: FlatFields;
  readonly hasBody: boolean;
  congested = false;
  unprocessed = false;
  /** What the program has sent. */
  head: FlatFields | null = null;
  announced: Http2Body | null = null;
  readonly interim: FlatFields[] = [];
  body = '';
  /** Undefined until the program has ended its side. */
  trailers: FlatFields | null | undefined;
  resetCode: number | null = null;
  isPaused = false;
  /** Heads cannot be sent: they are not what HTTP/2 can say. */
  refusesHeads = false;
  private isClosed = false;

  constructor(fields: FlatFields = [], hasBody = false) {
    this.fields = fields;
    this.hasBody = hasBody;
  }

  /** As the program knows it. */
  get ofServer(): Http2ServerStream {
    return this as unknown as Http2ServerStream;
  }

  get ofClient(): Http2ClientStream {
    return this as unknown as Http2ClientStream;
  }

  /** The same, for the side that answers. */
  get requestHandler(): Http2RequestHandler {
    return this.handler as Http2RequestHandler;
  }

  // -- What the program calls ----------------------------------------------------------------------------------------

  respond(fields: FlatFields, body: Http2Body): boolean {
    assert.equal(this.head, null, 'the program answered twice');
    if (this.refusesHeads) return false;
    this.head = fields;
    this.announced = body;
    if (body === 'none') this.trailers = null;
    return true;
  }

  inform(fields: FlatFields): void {
    this.interim.push(fields);
  }

  write(bytes: Buffer, from: number, to: number): boolean {
    assert.equal(this.trailers, undefined, 'the program wrote after its end');
    this.body += bytes.toString('latin1', from, to);
    return !this.congested;
  }

  lend(bytes: Buffer, from: number, to: number): boolean {
    return this.write(bytes, from, to);
  }

  end(trailers: FlatFields | null = null): void {
    assert.equal(this.trailers, undefined, 'the program ended twice');
    this.trailers = trailers;
  }

  reset(code: number): void {
    if (!this.isClosed) this.resetCode ??= code;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  // -- What the test calls -------------------------------------------------------------------------------------------

  /** The peer sends a part of its body, in a buffer that is used for other things afterwards. */
  sends(text: string): this {
    const lent = Buffer.from(`<${text}>`, 'latin1');
    this.handler.onData(lent, 1, lent.length - 1);
    lent.fill('!');
    return this;
  }

  /** The peer has sent all of its message. */
  ends(trailers: FlatFields | null = null): this {
    this.handler.onEnd(trailers);
    return this;
  }

  closes(code = 0): this {
    assert.ok(!this.isClosed, 'a stream closes once');
    this.isClosed = true;
    this.handler.onClose(code);
    return this;
  }
}
