// Fetch handlers (Request → Response) as a target: what Hono and its like give. Rule: bodies stream both ways at the pace of
// the slower side, and a client that goes away aborts the request's signal.
import type { Exchange, Producer } from '../../contract/exchange.ts';
import type { AnswerTarget } from '../../contract/target.ts';
import { SluiceError } from '../../core/errors.ts';

export type FetchHandler = (request: Request) => Response | Promise<Response>;

/** Bytes of a request body that may wait for the handler before the client is held back. */
const BODY_HIGH_WATER_BYTES = 64 * 1024;

const LENGTH = /^\d{1,15}$/;

export function app(handler: FetchHandler): AnswerTarget {
  return {
    kind: 'answer',
    take: (exchange) => {
      if (exchange.request.method === 'TRACE') {
        exchange.fail('method_not_allowed');
        return;
      }
      const producer = createProducer(exchange);
      if (producer === null) {
        exchange.fail('request_invalid', 'The request does not name a valid URL.');
        return;
      }
      exchange.produce(producer);
      producer.run(handler);
    },
  };
}

/** Null when the request cannot be said as a Request: its host is one for HTTP, but not for a URL. */
function createProducer(exchange: Exchange): AppProducer | null {
  try {
    return new AppProducer(exchange);
  } catch {
    return null;
  }
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
    this.body.enqueue(new Uint8Array(bytes.subarray(from, to)));
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
    const path = request.path === '*' ? '/' : request.path;
    const url = `${client.secure ? 'https' : 'http'}://${request.authority || 'localhost'}${path}${request.query}`;
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
    const length = response.headers.get('content-length') ?? '';
    const fields = [...response.headers].filter(([name]) => name !== 'content-length' && name !== 'transfer-encoding');
    const isKnown = LENGTH.test(length) && (response.body !== null || this.request.method === 'HEAD');
    this.exchange.respond(
      { status: response.status, fields },
      isKnown ? Number(length) : response.body === null ? 0 : -1,
    );
    if (this.request.method === 'HEAD') await response.body?.cancel();
    else if (response.body !== null) await this.sendBody(response.body);
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
