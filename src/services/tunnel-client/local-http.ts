// One request of a visitor at the local server. Rule: bodies flow both ways as they come, and whoever is slower holds the other one back;
// a request goes out a second time only when nothing of an answer has come and nothing of a body has been sent.
import { Buffer } from 'node:buffer';
import type { Head } from '../../codec/http1/head.ts';
import { METHOD } from '../../codec/http1/head.ts';
import { LAST_CHUNK, OutBuffer } from '../../codec/http1/writer.ts';
import { writeMsgpack } from '../../codec/msgpack/write-msgpack.ts';
import type { StreamDataMessage } from '../../codec/tunnel/messages.ts';
import type { StreamOpenMessage } from '../../codec/tunnel/server-messages.ts';
import type { ExposedTunnel, FieldPair } from './exposed-tunnel.ts';
import type { HttpLine, LineEvents } from './http-line.ts';
import { headOf, type LocalAnswer, nobodyListens, textAnswer } from './local-answer.ts';
import type { Dialling, LocalLines } from './local-lines.ts';
import { answerFields, trailerFields, writeLocalRequest, writeLocalTrailers } from './local-request.ts';
import type { LocalEnd, StreamPort } from './stream-port.ts';
import { refuseVisit } from './visitor-gate.ts';

/** Requests of which it does no harm to come twice. */
const REPEATABLE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** What goes out, for as long as it takes to hand it on. */
const out = new OutBuffer(96 * 1024);
const CRLF = Buffer.from('\r\n');

interface KeptPart {
  readonly bytes: Buffer;
  readonly isLast: boolean;
  readonly trailers: readonly FieldPair[];
}

const NOTHING = Buffer.alloc(0);
const NO_TRAILERS: readonly FieldPair[] = [];
const WITH_TRAILERS = 3;

export interface LocalPlace {
  readonly open: StreamOpenMessage;
  readonly tunnel: ExposedTunnel;
  readonly lines: LocalLines;
  /** It fails its checks, and is not asked. */
  readonly isUnhealthy?: boolean;
  /** Nobody listens there. */
  onUnreachable?(): void;
}

export class LocalHttp implements LocalEnd, LineEvents {
  readonly #place: LocalPlace;
  readonly #port: StreamPort;
  #line: HttpLine | null = null;
  #dial: Dialling | null = null;
  #isUsedLine = false;
  /** -1: the body goes in chunks; 0 and up: so much of it is due; null: there is none. */
  #dueBytes: number | null = null;
  /** Of the body what the local server could not take yet. */
  #kept: KeptPart[] = [];
  #keptBytes = 0;
  #answered = false;
  #over = false;

  constructor(place: LocalPlace, port: StreamPort) {
    this.#place = place;
    this.#port = port;
  }

  start(): void {
    const { open, lines } = this.#place;
    const refusal = refuseVisit(this.#place);
    if (refusal !== null) {
      this.#answer(refusal);
      return;
    }
    const used = !open.hasBody && REPEATABLE.has(open.method) ? lines.takeUsed() : null;
    this.#isUsedLine = used !== null;
    if (used === null) this.#open();
    else this.#ask(used);
  }

  #open(): void {
    this.#isUsedLine = false;
    this.#dial = this.#place.lines.open({
      ready: (line) => {
        this.#dial = null;
        this.#ask(line);
      },
      failed: () => {
        this.#dial = null;
        const { open, tunnel } = this.#place;
        this.#place.onUnreachable?.();
        this.#answer(nobodyListens(open.headers, tunnel.localPort));
      },
    });
  }

  #ask(line: HttpLine): void {
    const { open, tunnel } = this.#place;
    this.#line = line;
    line.begin(open.method === 'HEAD' ? METHOD.HEAD : METHOD.OTHER, this);
    out.reset();
    try {
      this.#dueBytes = writeLocalRequest(out, { open, tunnel, own: [] });
    } catch {
      out.reset();
      this.#refuse('a request that cannot be written', 400);
      return;
    }
    line.flush(out);
    if (this.#dueBytes === null) line.requestEnded();
    else this.drain();
  }

  // -- The body of the request -----------------------------------------------------------------------------------------

  take({ data, fin }: StreamDataMessage): void {
    this.#take({ bytes: data, isLast: fin === true, trailers: NO_TRAILERS });
  }

  halfEnded(trailers: readonly FieldPair[]): void {
    this.#take({ bytes: NOTHING, isLast: true, trailers });
  }

  #take(part: KeptPart): void {
    if (this.#over || !this.#place.open.hasBody) return;
    if (this.#line !== null && this.#kept.length === 0 && !this.#line.connection.congested)
      this.#give(this.#line, part);
    else this.#keep(part);
  }

  #keep({ bytes, isLast, trailers }: KeptPart): void {
    this.#kept.push({ bytes: Buffer.from(bytes), isLast, trailers });
    this.#keptBytes += bytes.length;
    this.#port.kept(bytes.length);
  }

  #give(line: HttpLine, part: KeptPart): void {
    this.#write(line, part);
    if (line.connection.congested) this.#port.held(part.bytes.length);
    else this.#port.taken(part.bytes.length);
  }

  #write(line: HttpLine, { bytes, isLast, trailers }: KeptPart): void {
    const isChunked = this.#dueBytes === -1;
    if (!isChunked) {
      this.#dueBytes = (this.#dueBytes ?? 0) - bytes.length;
      if (this.#dueBytes < 0 || (isLast && this.#dueBytes > 0)) {
        this.#refuse('the body has another length than it announced', 400);
        return;
      }
    }
    if (isChunked) writeChunk(bytes, isLast, trailers);
    else out.copy(bytes, 0, bytes.length);
    // Before the last byte: the answer may be complete as soon as it is gone.
    if (isLast) line.requestEnded();
    line.flush(out);
  }

  /** The local server takes bytes again. */
  drain(): void {
    this.#port.freed();
    while (this.#line !== null && !this.#over && !this.#line.connection.congested) {
      const part = this.#kept.shift();
      if (part === undefined) break;
      this.#keptBytes -= part.bytes.length;
      this.#port.kept(-part.bytes.length);
      this.#give(this.#line, part);
    }
  }

  // -- The answer ------------------------------------------------------------------------------------------------------

  interim(head: Head): void {
    const { open, tunnel } = this.#place;
    if (this.#port.version < WITH_TRAILERS) return;
    this.#port.sendHead(writeMsgpack({ status: head.status, headers: answerFields(head, open, tunnel) }));
  }

  head(head: Head): void {
    const { open, tunnel } = this.#place;
    this.#answered = true;
    this.#port.answered(head.status);
    this.#port.sendHead(writeMsgpack({ status: head.status, headers: answerFields(head, open, tunnel) }));
  }

  body(bytes: Buffer, from: number, to: number): void {
    if (!this.#port.sendData(bytes, { from, to, wsType: null, fin: null })) this.#line?.connection.pause();
  }

  end(trailers: Head | null): void {
    this.#line = null;
    this.#finish();
    if (trailers !== null && this.#port.version >= WITH_TRAILERS) this.#port.endHalf(trailerFields(trailers));
    this.#port.close(null, '');
  }

  /** Nobody has asked for it. */
  switched(connection: { destroy(reason: 'done'): void }): void {
    connection.destroy('done');
    this.#finish();
    this.#port.reset('the local server switched to another protocol');
  }

  failed(why: string, isSilent: boolean): void {
    this.#line = null;
    if (this.#over) return;
    if (this.#isUsedLine && isSilent) {
      this.#open();
      return;
    }
    if (this.#answered) {
      this.#finish();
      this.#port.reset(`the local server: ${why}`);
      return;
    }
    const { open } = this.#place;
    const message = 'The server behind the tunnel did not answer.';
    this.#answer(
      textAnswer(open.headers, { status: 502, code: 'upstream_incomplete', message, hint: `Asked, ${why}.` }),
    );
  }

  // -- The visitor and the server --------------------------------------------------------------------------------------

  drained(): void {
    this.#line?.connection.resume();
  }

  closed(): void {
    this.lost();
    this.#port.close(null, '');
  }

  lost(): void {
    if (this.#over) return;
    this.#finish();
    this.#dropLine();
  }

  #refuse(why: string, status: number): void {
    this.#dropLine();
    if (this.#answered) {
      this.#finish();
      this.#port.reset(why);
    } else
      this.#answer(
        textAnswer(this.#place.open.headers, {
          status,
          code: 'request_invalid',
          message: 'This is not a valid request.',
        }),
      );
  }

  #answer(answer: LocalAnswer): void {
    const { status, body } = answer;
    this.#finish();
    this.#port.answered(status);
    this.#port.sendHead(headOf(answer));
    if (this.#place.open.method !== 'HEAD')
      this.#port.sendData(body, { from: 0, to: body.length, wsType: null, fin: null });
    this.#port.close(null, '');
  }

  #dropLine(): void {
    this.#dial?.cancel();
    this.#dial = null;
    this.#line?.abandon();
    this.#line = null;
  }

  #finish(): void {
    this.#over = true;
    const kept = this.#keptBytes;
    this.#kept = [];
    this.#keptBytes = 0;
    if (kept > 0) this.#port.kept(-kept);
  }
}

function writeChunk(bytes: Buffer, isLast: boolean, trailers: readonly FieldPair[]): void {
  if (bytes.length > 0) {
    out.chunkHead(bytes.length);
    out.copy(bytes, 0, bytes.length);
    out.copy(CRLF, 0, CRLF.length);
  }
  if (isLast && trailers.length > 0) writeLocalTrailers(out, trailers);
  else if (isLast) out.copy(LAST_CHUNK, 0, LAST_CHUNK.length);
}
