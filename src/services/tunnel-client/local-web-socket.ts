// One WebSocket of a visitor at the local server. Rule: the visitor hears of a 101 only after the local server has said it, and of a
// refusal as it was made; messages keep their bounds, and the code of a Close goes through both ways.
import type { Dialling } from './local-lines.ts';
import { Buffer } from 'node:buffer';
import { hash, randomBytes } from 'node:crypto';
import type { Head } from '../../codec/http1/head.ts';
import { METHOD } from '../../codec/http1/head.ts';
import { OutBuffer } from '../../codec/http1/writer.ts';
import { writeMsgpack } from '../../codec/msgpack/write-msgpack.ts';
import type { StreamDataMessage } from '../../codec/tunnel/messages.ts';
import { OPCODE_OF } from '../../codec/websocket/frame-reader.ts';
import type { Connection } from '../../transport/connection.ts';
import { MessageParts } from '../websocket/message-parts.ts';
import { BROKEN_OFF, ClientWebSocket } from './client-web-socket.ts';
import type { FieldPair } from './exposed-tunnel.ts';
import type { HttpLine, LineEvents } from './http-line.ts';
import { headOf, type LocalAnswer, nobodyListens, textAnswer } from './local-answer.ts';
import type { LocalPlace } from './local-http.ts';
import { answerFields, writeLocalRequest } from './local-request.ts';
import type { LocalEnd, StreamPort } from './stream-port.ts';
import { refuseVisit } from './visitor-gate.ts';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const SWITCHING = 101;
const GOING_AWAY = 1001;
const INTERNAL_ERROR = 1011;

const out = new OutBuffer();

interface KeptFrame {
  readonly bytes: Buffer;
  readonly opcode: number;
  readonly isLast: boolean;
}

export class LocalWebSocket implements LocalEnd, LineEvents {
  readonly #place: LocalPlace;
  readonly #port: StreamPort;
  readonly #key = randomBytes(16).toString('base64');
  #dial: Dialling | null = null;
  #line: HttpLine | null = null;
  #socket: ClientWebSocket | null = null;
  /** Of a refusal. */
  #refusal = false;
  #subprotocol: string | null = null;
  #over = false;
  /** Of what the local server says. */
  readonly #parts = new MessageParts((bytes, part) => {
    if (!this.#over && !this.#port.sendData(bytes, part)) this.#socket?.pause();
  });
  /** A message for the local server has begun. */
  #isWithin = false;
  #kept: KeptFrame[] = [];
  #keptBytes = 0;
  /** The visitor's Close, behind what is kept. */
  #end: { readonly code: number; readonly reason: string } | null = null;

  constructor(place: LocalPlace, port: StreamPort) {
    this.#place = place;
    this.#port = port;
  }

  start(): void {
    const { open, tunnel, lines } = this.#place;
    const refusal = refuseVisit(this.#place);
    if (refusal !== null) {
      this.#refuse(refusal);
      return;
    }
    this.#dial = lines.open({
      ready: (line) => this.#ask(line),
      failed: () => {
        this.#dial = null;
        this.#place.onUnreachable?.();
        this.#refuse(nobodyListens(open.headers, tunnel.localPort));
      },
    });
  }

  #ask(line: HttpLine): void {
    const { open, tunnel } = this.#place;
    this.#dial = null;
    this.#line = line;
    line.begin(METHOD.OTHER, this);
    const own: FieldPair[] = [
      ['Connection', 'Upgrade'],
      ['Upgrade', 'websocket'],
      ['Sec-WebSocket-Version', '13'],
      ['Sec-WebSocket-Key', this.#key],
    ];
    out.reset();
    try {
      writeLocalRequest(out, { open, tunnel, own });
    } catch {
      out.reset();
      this.#refuse(
        textAnswer(open.headers, { status: 400, code: 'request_invalid', message: 'This is not a valid request.' }),
      );
      return;
    }
    line.flush(out);
    line.requestEnded();
  }

  // -- What the local server says -----------------------------------------------------------------------------------------

  head(head: Head): void {
    const { open, tunnel } = this.#place;
    const { status } = head;
    this.#port.answered(status);
    if (status === SWITCHING) {
      const at = head.findName('sec-websocket-accept');
      const isRight = at !== -1 && head.value(at) === hash('sha1', `${this.#key}${GUID}`, 'base64');
      const chosen = head.findName('sec-websocket-protocol');
      this.#subprotocol = chosen === -1 ? null : head.value(chosen);
      if (!isRight) this.#line?.abandon();
      if (!isRight) this.failed('its handshake is not that of a WebSocket');
      return;
    }
    this.#refusal = true;
    this.#port.sendHead(writeMsgpack({ status, reason: head.reason(), headers: answerFields(head, open, tunnel) }));
  }

  body(bytes: Buffer, from: number, to: number): void {
    if (!this.#port.sendData(bytes, { from, to, wsType: null, fin: null })) this.#line?.connection.pause();
  }

  /** Of a refusal. */
  end(): void {
    this.#line = null;
    this.#finish();
    this.#port.close(null, '');
  }

  switched(connection: Connection, first: Buffer): void {
    this.#line = null;
    this.#socket = new ClientWebSocket(connection, {
      begin: (isText) => this.#parts.begin(isText),
      part: (bytes, from, to) => this.#parts.add(bytes, from, to),
      end: () => this.#parts.end(),
      drain: () => this.#flushKept(),
      closed: (code, reason) => this.#left(code, reason),
    });
    const accepted = { status: SWITCHING, ...(this.#subprotocol === null ? {} : { subprotocol: this.#subprotocol }) };
    this.#port.sendHead(writeMsgpack(accepted));
    this.#socket.start(first);
    this.#flushKept();
  }

  failed(why: string): void {
    this.#line = null;
    if (this.#over) return;
    if (this.#refusal) {
      this.#finish();
      this.#port.reset(`the local server: ${why}`);
      return;
    }
    const message = 'The server behind the tunnel did not answer.';
    const { headers } = this.#place.open;
    this.#refuse(textAnswer(headers, { status: 502, code: 'upstream_incomplete', message, hint: `Asked, ${why}.` }));
  }

  drain(): void {}

  #left(code: number, reason: string): void {
    if (this.#over) return;
    this.#finish();
    this.#port.close(code === BROKEN_OFF ? GOING_AWAY : code, reason);
  }

  // -- What the visitor says -----------------------------------------------------------------------------------------------

  take({ data, wsType, fin }: StreamDataMessage): void {
    if (this.#over || this.#end !== null) return;
    const isLast = fin !== false;
    const first = wsType === 'text' ? OPCODE_OF.text : OPCODE_OF.binary;
    const opcode = this.#isWithin ? OPCODE_OF.continuation : first;
    this.#isWithin = !isLast;
    if (this.#socket !== null && this.#kept.length === 0 && !this.#socket.congested) {
      this.#give(this.#socket, { bytes: data, opcode, isLast });
      return;
    }
    this.#kept.push({ bytes: Buffer.from(data), opcode, isLast });
    this.#keptBytes += data.length;
    this.#port.kept(data.length);
  }

  #give(socket: ClientWebSocket, { bytes, opcode, isLast }: KeptFrame): void {
    socket.send(opcode, isLast, bytes);
    if (socket.congested) this.#port.held(bytes.length);
    else this.#port.taken(bytes.length);
  }

  #flushKept(): void {
    this.#port.freed();
    while (this.#socket !== null && !this.#socket.congested) {
      const part = this.#kept.shift();
      if (part === undefined) break;
      this.#keptBytes -= part.bytes.length;
      this.#port.kept(-part.bytes.length);
      this.#give(this.#socket, part);
    }
    if (this.#end !== null && this.#kept.length === 0) this.#closeSocket(this.#end.code, this.#end.reason);
  }

  closed(code: number | null, reason: string): void {
    if (this.#over) return;
    if (this.#socket === null) {
      this.lost();
      this.#port.close(null, '');
    } else if (this.#kept.length > 0) this.#end = { code: code ?? 1000, reason };
    else this.#closeSocket(code ?? 1000, reason);
  }

  #closeSocket(code: number, reason: string): void {
    this.#finish();
    this.#socket?.close(code, reason);
    this.#port.close(null, '');
  }

  lost(): void {
    if (this.#over) return;
    this.#finish();
    this.#dial?.cancel();
    this.#line?.abandon();
    this.#socket?.close(INTERNAL_ERROR, 'the tunnel was lost');
  }

  drained(): void {
    this.#socket?.resume();
    this.#line?.connection.resume();
  }

  #refuse(answer: LocalAnswer): void {
    const { status, body } = answer;
    this.#finish();
    this.#line?.abandon();
    this.#port.answered(status);
    this.#port.sendHead(headOf(answer));
    this.#port.sendData(body, { from: 0, to: body.length, wsType: null, fin: null });
    this.#port.close(null, '');
  }

  #finish(): void {
    this.#over = true;
    const kept = this.#keptBytes;
    this.#kept = [];
    this.#keptBytes = 0;
    if (kept > 0) this.#port.kept(-kept);
  }
}
