// Fetch handlers (Request → Response) as a target: what Hono and its like give. Rule: bodies stream both ways at the pace of
// the slower side, and a client that goes away aborts the request's signal.
import type { Exchange, Producer } from '../../contract/exchange.ts';
import type { AnswerTarget } from '../../contract/target.ts';
import { SluiceError } from '../../core/errors.ts';

export type FetchHandler = (request: Request) => Response | Promise<Response>;

/** Bytes of a request body that may wait for the handler before the client is held back. */
const BODY_HIGH_WATER_BYTES = 64 * 1024;

export function app(handler: FetchHandler): AnswerTarget {
  return {
    kind: 'answer',
    take: (exchange) => {
      const producer = new AppProducer(exchange);
      exchange.produce(producer);
      producer.run(handler);
    },
  };
}

class AppProducer implements Producer {
  private readonly exchange: Exchange;
  private readonly aborter = new AbortController();
  private body: ReadableStreamDefaultController<Uint8Array> | null = null;
  private readonly request: Request;
  private resumed: PromiseWithResolvers<void> | null = null;
  private cancelled = false;

  constructor(exchange: Exchange) {
    this.exchange = exchange;
    this.request = this.createRequest();
  }

  run(handler: FetchHandler): void {
    const answer = async (): Promise<void> => this.send(await handler(this.request));
    answer().catch((cause: unknown) => {
      if (!this.cancelled) this.exchange.abort(new SluiceError('internal', { cause }));
    });
  }

  takeBody(bytes: Uint8Array, from: number, to: number): void {
    if (this.body === null) return;
    // The bytes are borrowed; the handler may look at them whenever it likes.
    this.body.enqueue(bytes.slice(from, to));
    if ((this.body.desiredSize ?? 0) <= 0) this.exchange.pauseRequest();
  }

  takeEnd(): void {
    this.body?.close();
    this.body = null;
  }

  resume(): void {
    this.resumed?.resolve();
    this.resumed = null;
  }

  cancel(error: SluiceError): void {
    this.cancelled = true;
    this.body?.error(error);
    this.body = null;
    this.aborter.abort(error);
    this.resume();
  }

  private createRequest(): Request {
    const { request, client } = this.exchange;
    const url = `${client.secure ? 'https' : 'http'}://${request.authority || 'localhost'}${request.path}${request.query}`;
    const headers = new Headers();
    for (const [name, value] of request.fields.entries()) headers.append(name, value);
    const hasBody = request.hasBody && request.method !== 'GET' && request.method !== 'HEAD';
    return new Request(url, {
      method: request.method,
      headers,
      signal: this.aborter.signal,
      ...(hasBody ? { body: this.createBody(), duplex: 'half' } : {}),
    });
  }

  private createBody(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.body = controller;
        },
        pull: () => {
          if (!this.cancelled) this.exchange.resumeRequest();
        },
        cancel: () => {
          this.body = null;
        },
      },
      { highWaterMark: BODY_HIGH_WATER_BYTES, size: (chunk) => chunk.length },
    );
  }

  private async send(response: Response): Promise<void> {
    if (this.cancelled) {
      await response.body?.cancel();
      return;
    }
    const length = response.headers.get('content-length');
    const fields = [...response.headers].filter(([name]) => name !== 'content-length' && name !== 'transfer-encoding');
    const knownLength = response.body === null ? 0 : length === null ? -1 : Number(length);
    this.exchange.respond({ status: response.status, fields }, knownLength);
    if (response.body !== null) await this.sendBody(response.body);
    if (!this.cancelled) this.exchange.end();
  }

  private async sendBody(body: ReadableStream<Uint8Array>): Promise<void> {
    const reader = body.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      if (this.cancelled) {
        await reader.cancel();
        return;
      }
      if (!this.exchange.write(part.value, 0, part.value.length)) await this.clientTakesMore();
    }
  }

  private clientTakesMore(): Promise<void> {
    this.resumed ??= Promise.withResolvers();
    return this.resumed.promise;
  }
}
