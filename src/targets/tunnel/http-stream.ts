// One HTTP exchange through a tunnel. Rule: the answer goes on as it comes, and so does the body of the request, unless its client keeps
// only so many parts: then they are the largest that a message may have.
import { Buffer } from 'node:buffer';
import { type AnswerHead, MAX_CHUNK_BYTES } from '../../codec/tunnel/messages.ts';
import type { Head } from '../../codec/http1/head.ts';
import type { Exchange, Producer } from '../../contract/exchange.ts';
import { SluiceError } from '../../core/errors.ts';
import { Deadline, wheel } from '../../transport/timers.ts';
import type { LinkStream, VisitLink } from '../../services/tunnels/tunnel-link.ts';
import type { StreamEvents, StreamFailure, StreamTrailers } from '../../services/tunnels/tunnel-stream.ts';
import { REPEATABLE } from '../../services/tunnels/tunnel-group.ts';
import { type RefusalDetail, refuseTunnel } from './no-tunnel.ts';
import { CONTINUE, interimHead, PROGRESS, trailersOf } from './made-heads.ts';
import { answerFields, answerLength, bodyFields, requestFields } from './tunnel-fields.ts';

/** So often it is said that an answer is being gathered, and for so long. */
const PROGRESS_MS = 20_000;
const MOST_PROGRESS_MS = 300_000;

export class HttpStream implements Producer, StreamEvents {
  readonly #exchange: Exchange;
  readonly #session: VisitLink;
  readonly #missed: RefusalDetail | null;
  #name = '';
  #stream: LinkStream | null = null;
  /** Of the body what makes no whole part yet. */
  #part: Buffer | null = null;
  #partBytes = 0;
  #bodyBytes = 0;
  /** In the first version of the dialect it goes along with the request. */
  #whole: Buffer[] | null = null;
  #answered = false;
  /** Of the answer what has been announced and has not come; -1: its end will tell. */
  #dueBytes = -1;
  #over = false;
  /** While a client gathers the whole answer. */
  #gathering: Deadline | null = null;
  #gatheringMs = 0;

  /** `missed`: how another node is told that it may ask elsewhere; null: nobody else may be asked. */
  constructor(exchange: Exchange, session: VisitLink, missed: RefusalDetail | null = null) {
    this.#exchange = exchange;
    this.#session = session;
    this.#missed = missed;
  }

  open(name: string): void {
    this.#name = name;
    const { hasBody } = this.#exchange.request;
    if (hasBody && this.#session.passesExpectations !== true) this.#askForBody();
    if (hasBody && this.#session.needsWholeBodies) this.#whole = [];
    else if (!this.#begin(null)) return;
    this.#exchange.produce(this);
  }

  #askForBody(): void {
    if (this.#exchange.request.fields.has('expect')) this.#exchange.inform(CONTINUE);
  }

  #begin(body: Buffer | null): boolean {
    const { request } = this.#exchange;
    const { method, target, hasBody, fields } = request;
    const headers = requestFields(fields, false);
    if (this.#session.passesExpectations === true) headers.push(...bodyFields(request));
    const open = { tunnelId: this.#name, mode: 'http', path: target, method, headers, hasBody } as const;
    this.#stream = this.#session.open(open, body, this);
    if (this.#stream !== null) {
      if (this.#session.gathersAnswers === true && !this.#over) this.#tellProgress();
      return true;
    }
    this.#over = true;
    refuseTunnel(this.#exchange, this.#session.isOpen ? 'tunnel_busy' : 'tunnel_offline');
    return false;
  }

  #tellProgress(): void {
    if (this.#gathering === null) this.#gathering = new Deadline(() => this.#tellProgress());
    else this.#exchange.inform(PROGRESS);
    this.#gatheringMs += PROGRESS_MS;
    if (this.#gatheringMs <= MOST_PROGRESS_MS) wheel.arm(this.#gathering, PROGRESS_MS);
  }

  #gathered(): void {
    if (this.#gathering !== null) wheel.release(this.#gathering);
  }

  // -- The request -----------------------------------------------------------------------------------------------------

  takeBody(bytes: Uint8Array, from: number, to: number): void {
    if (this.#over) return;
    this.#bodyBytes += to - from;
    if (this.#bodyBytes > this.#session.maxBodyBytes) this.#tooLarge();
    else if (this.#whole !== null) this.#whole.push(Buffer.from(bytes.subarray(from, to)));
    else if (this.#session.passesExpectations === true) this.#pass(asBuffer(bytes), from, to);
    else this.#gather(bytes, from, to);
  }

  #pass(bytes: Buffer, from: number, to: number): void {
    const goesOn = this.#stream?.send(bytes, { from, to, wsType: null, fin: false });
    if (goesOn === false) this.#exchange.pauseRequest();
  }

  #gather(bytes: Uint8Array, start: number, to: number): void {
    this.#part ??= Buffer.allocUnsafe(MAX_CHUNK_BYTES);
    let from = start;
    while (from < to) {
      const end = Math.min(to, from + MAX_CHUNK_BYTES - this.#partBytes);
      this.#part.set(bytes.subarray(from, end), this.#partBytes);
      this.#partBytes += end - from;
      from = end;
      if (this.#partBytes === MAX_CHUNK_BYTES) this.#sendPart(false);
    }
  }

  takeEnd(): void {
    if (this.#over || !this.#exchange.request.hasBody) return;
    if (this.#whole !== null) this.#begin(Buffer.concat(this.#whole));
    else if (this.#hasTrailers()) this.#stream?.endHalf?.(trailerPairs(this.#exchange.requestTrailers));
    else this.#sendPart(true);
    this.#whole = null;
  }

  #hasTrailers(): boolean {
    return this.#session.passesExpectations === true && this.#exchange.requestTrailers !== null;
  }

  #sendPart(fin: boolean): void {
    const length = this.#partBytes;
    this.#partBytes = 0;
    const goesOn = this.#stream?.send(this.#part ?? NOTHING, { from: 0, to: length, wsType: null, fin });
    if (goesOn === false && !fin) this.#exchange.pauseRequest();
  }

  #tooLarge(): void {
    this.#over = true;
    this.#gathered();
    this.#stream?.reset('the body is too large');
    if (this.#answered) this.#exchange.abort(new SluiceError('request_body_too_large'));
    else refuseTunnel(this.#exchange, 'request_body_too_large');
  }

  drain(): void {
    if (!this.#over) this.#exchange.resumeRequest();
  }

  resume(): void {
    this.#stream?.resume();
  }

  cancel(): void {
    this.#over = true;
    this.#gathered();
    this.#stream?.close();
  }

  // -- The answer ------------------------------------------------------------------------------------------------------

  interim({ status, headers }: AnswerHead): void {
    const fields = answerFields({ status, headers, subprotocol: null });
    if (!this.#over && !this.#answered && fields !== null) this.#exchange.inform(interimHead(status, fields));
  }

  halfEnded(trailers: StreamTrailers): void {
    this.#end(trailers);
  }

  head(head: AnswerHead): void {
    this.#gathered();
    const fields = answerFields(head);
    const { status } = head;
    if (fields === null || status < 200 || status > 599) {
      this.#stream?.reset('an answer that is not valid HTTP');
      this.failed('invalid', 'the answer is not valid HTTP');
      return;
    }
    this.#answered = true;
    const length = answerLength(head);
    const hasBody = this.#exchange.request.method !== 'HEAD' && status !== 204 && status !== 304;
    this.#dueBytes = hasBody ? length : -1;
    this.#exchange.respond({ status, fields }, length);
  }

  data(bytes: Buffer): boolean {
    if (this.#over) return true;
    if (this.#dueBytes >= 0) {
      this.#dueBytes -= bytes.length;
      if (this.#dueBytes < 0) {
        this.#stream?.reset('the answer is longer than it announced');
        this.failed('invalid', 'the answer is longer than it announced');
        return true;
      }
    }
    return this.#exchange.write(bytes, 0, bytes.length);
  }

  ended(): void {
    this.#end([]);
  }

  #end(trailers: StreamTrailers): void {
    if (this.#over) return;
    if (!this.#answered) {
      this.failed('reset', 'the client of the tunnel ended the stream without an answer');
      return;
    }
    if (this.#dueBytes > 0) {
      this.failed('reset', 'the answer ended before it was complete');
      return;
    }
    this.#over = true;
    this.#exchange.end(trailers.length === 0 ? null : trailersOf(trailers));
  }

  /** Of another client of the name, on another node. */
  #mayBeAsked(): boolean {
    const { hasBody, method } = this.#exchange.request;
    return !hasBody && REPEATABLE.has(method);
  }

  failed(how: StreamFailure, why: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#gathered();
    if (this.#answered) this.#exchange.abort(new SluiceError('upstream_incomplete', { message: why }));
    else if (how === 'gone') refuseTunnel(this.#exchange, 'tunnel_offline', this.#mayBeAsked() ? this.#missed : null);
    else if (how === 'busy') refuseTunnel(this.#exchange, 'tunnel_busy');
    else if (how === 'large' || /larger than 10 MiB/.test(why)) refuseTunnel(this.#exchange, 'request_body_too_large');
    else refuseTunnel(this.#exchange, 'tunnel_failed');
  }
}

const NOTHING = Buffer.alloc(0);

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function trailerPairs(trailers: Head | null): StreamTrailers {
  if (trailers === null) return [];
  return Array.from({ length: trailers.count }, (_, at) => [trailers.name(at), trailers.value(at)] as const);
}
