// One WebSocket of a visitor through a tunnel. Rule: the visitor is accepted when the app has accepted, and is refused as the app has
// refused; messages keep their bounds, and the code of a Close goes through both ways.
import { Buffer } from 'node:buffer';
import type { AnswerHead, WsType } from '../../codec/tunnel/messages.ts';
import { OPCODE_OF } from '../../codec/websocket/frame-reader.ts';
import type { Exchange, Producer } from '../../contract/exchange.ts';
import type { LinkStream, VisitLink } from '../../services/tunnels/tunnel-link.ts';
import type { StreamEvents, StreamFailure } from '../../services/tunnels/tunnel-stream.ts';
import { NO_CODE, webSocketAccept, WebSocketPeer } from '../../services/tunnels/web-socket-peer.ts';
import { MessageParts } from '../../services/websocket/message-parts.ts';
import { refuseTunnel } from './no-tunnel.ts';
import { answerFields, requestFields } from './tunnel-fields.ts';

const INTERNAL_ERROR = 1011;
const TRY_AGAIN_LATER = 1013;
/** Codes that only stand for the lack of one: the visitor has said none, or is simply gone. */
const SAYABLE: ReadonlyMap<number, number> = new Map([
  [NO_CODE, 1000],
  [1006, 1001],
]);
const NOTHING = Buffer.alloc(0);

export class WebSocketStream implements Producer, StreamEvents {
  readonly #exchange: Exchange;
  readonly #session: VisitLink;
  readonly #accept: string | null;
  #stream: LinkStream | null = null;
  #visitor: WebSocketPeer | null = null;
  #over = false;
  /** Of what the visitor says. */
  readonly #parts = new MessageParts((bytes, part) => {
    if (!this.#over && this.#stream?.send(bytes, part) === false) this.#visitor?.pause();
  });
  /** A message for the visitor has begun. */
  #isWithin = false;

  constructor(exchange: Exchange, session: VisitLink) {
    this.#exchange = exchange;
    this.#session = session;
    this.#accept = webSocketAccept(exchange);
  }

  open(name: string): void {
    const { target: path, method, fields } = this.#exchange.request;
    if (this.#accept === null) {
      refuseTunnel(this.#exchange, 'request_invalid', { message: 'This is no handshake of a WebSocket.' });
      return;
    }
    const headers = requestFields(fields, true);
    this.#stream = this.#session.open(
      { tunnelId: name, mode: 'ws', path, method, headers, hasBody: false },
      null,
      this,
    );
    if (this.#stream === null) {
      refuseTunnel(this.#exchange, this.#session.isOpen ? 'tunnel_busy' : 'tunnel_offline');
      return;
    }
    this.#exchange.produce(this);
    // In the first version nobody says whether the app has accepted.
    if (this.#session.version < 2) this.#acceptVisitor(this.#accept, null);
  }

  // -- The exchange, until the visitor is accepted -----------------------------------------------------------------------

  takeBody(): void {}

  takeEnd(): void {}

  resume(): void {}

  cancel(): void {
    this.#over = true;
    this.#stream?.close();
  }

  // -- What the client of the tunnel says --------------------------------------------------------------------------------

  head(head: AnswerHead): void {
    const fields = answerFields(head);
    const { status, subprotocol } = head;
    if (status === 101 && this.#accept !== null) this.#acceptVisitor(this.#accept, subprotocol);
    else if (fields === null || status < 300 || status > 599) this.#refuse('tunnel_failed');
    else {
      this.#over = true;
      this.#exchange.answer({ status, fields: fields.filter(([name]) => !/^content-(?:encoding|type)$/i.test(name)) });
      this.#stream?.close();
    }
  }

  #acceptVisitor(accept: string, subprotocol: string | null): void {
    const offered = this.#exchange.request.fields.getAll('sec-websocket-protocol').join(',').split(',');
    const agreed = offered.map((each) => each.trim()).find((each) => each !== '' && each === subprotocol);
    const fields: [string, string][] = [['Sec-WebSocket-Accept', accept]];
    if (agreed !== undefined) fields.push(['Sec-WebSocket-Protocol', agreed]);
    this.#visitor = new WebSocketPeer({
      begin: (isText) => this.#parts.begin(isText),
      part: (bytes, from, to) => this.#parts.add(bytes, from, to),
      end: () => this.#parts.end(),
      drain: () => this.#stream?.resume(),
      closed: (code, reason) => this.#left(code, reason),
    });
    if (!this.#visitor.accept(this.#exchange, fields)) this.cancel();
  }

  data(bytes: Buffer, wsType: WsType | null, isLast: boolean): boolean {
    if (this.#visitor === null) return true;
    const first = wsType === 'text' ? OPCODE_OF.text : OPCODE_OF.binary;
    const opcode = this.#isWithin ? OPCODE_OF.continuation : first;
    this.#isWithin = !isLast;
    return this.#visitor.send(opcode, isLast, NOTHING, { bytes, from: 0, to: bytes.length });
  }

  ended(code: number | null, reason: string): void {
    if (this.#visitor === null) this.#refuse('tunnel_failed');
    else this.#closeVisitor(code ?? 1000, reason);
  }

  failed(how: StreamFailure, why: string): void {
    if (this.#visitor === null) this.#refuse(how === 'gone' ? 'tunnel_offline' : 'tunnel_failed');
    else this.#closeVisitor(how === 'gone' ? TRY_AGAIN_LATER : INTERNAL_ERROR, why);
  }

  drain(): void {
    this.#visitor?.unpause();
  }

  #refuse(code: 'tunnel_failed' | 'tunnel_offline'): void {
    if (this.#over) return;
    this.#over = true;
    this.#stream?.close();
    refuseTunnel(this.#exchange, code);
  }

  #closeVisitor(code: number, reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#visitor?.close(code, reason);
  }

  // -- What the visitor says ---------------------------------------------------------------------------------------------

  #left(code: number, reason: string): void {
    if (this.#over) return;
    this.#over = true;
    const stream = this.#stream;
    if (stream?.finish === undefined) stream?.close(SAYABLE.get(code) ?? code, reason);
    else stream.finish(SAYABLE.get(code) ?? code, reason);
  }
}
