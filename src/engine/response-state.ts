// The answer of an exchange: a received head, one made here or one that was kept, and how its body will be framed.
// Rule: `begin` or `make` comes first; before that there is no answer and status is 0.
import { FRAMING, type Head, METHOD } from '../codec/http1/head.ts';
import type { Answer, ResponseView } from '../contract/exchange.ts';
import type { ReadyAnswer } from '../contract/kept-answer.ts';
import { EditableFields, EMPTY_HEAD } from './fields.ts';
import { keptHead } from './kept-head.ts';
import { HeadCopy } from './own-copy.ts';

/** What an answer made here does not say of itself: the writer says it for this client. */
const LEFT_TO_WRITER = new Set(['content-length', 'transfer-encoding', 'connection', 'keep-alive', 'proxy-connection']);

export class ResponseState implements ResponseView {
  status = 0;
  isOurs = false;
  /** One that was kept, as long as nobody has asked for its fields: then it is sent as it is. */
  ready: ReadyAnswer | null = null;
  /** Field lines that it has for this client alone, each with its CRLF. */
  passing = '';
  /** Of the body that will be sent: exact, or -1 when only its end will tell. */
  bodyLength = -1;
  /** False for HEAD, 204 and 304, where the length only informs, and for what opens a tunnel. */
  hasBody = false;
  /** What follows the body of an answer that passes through transforms. */
  trailerHead: Head | null = null;
  /** The head lies in memory of its own. */
  private isKept = false;
  private copy: HeadCopy | null = null;
  private readonly own = new EditableFields();

  get isNegotiated(): boolean {
    return this.ready?.isNegotiated === true;
  }

  get fields(): EditableFields {
    if (this.ready !== null) this.read(this.ready);
    return this.own;
  }

  get head(): Head {
    return this.fields.head;
  }

  reset(): void {
    this.status = 0;
    this.ready = null;
    this.trailerHead = null;
    this.own.begin(EMPTY_HEAD);
  }

  get trailers(): [name: string, value: string][] {
    const { trailerHead: head } = this;
    if (head === null) return [];
    return Array.from({ length: head.count }, (_, index) => [head.name(index), head.value(index)]);
  }

  /** An answer that was received; its head stays where it is until it is kept. */
  begin(head: Head): void {
    this.status = head.status;
    this.isOurs = false;
    this.isKept = false;
    this.ready = null;
    this.own.begin(head);
    this.hasBody = head.framing !== FRAMING.NONE;
    this.bodyLength = head.framing === FRAMING.LENGTH ? head.contentLength : -1;
  }

  /** Whoever looks at the answer later sees its head, though the connection that it came on reads other things by then. */
  keepHead(): void {
    if (this.isKept) return;
    this.isKept = true;
    this.own.head = (this.copy ??= new HeadCopy()).of(this.own.head);
  }

  /** An answer made here. The length is -1 when only its end will tell. */
  make({ status, fields = [] }: Omit<Answer, 'body'>, length: number, requestMethodId: number): void {
    this.status = status;
    this.isOurs = true;
    this.isKept = true;
    this.ready = null;
    this.own.begin(EMPTY_HEAD);
    this.takeBody(length, requestMethodId);
    if (length >= 0 && status !== 204) this.own.append('Content-Length', String(length));
    for (const [name, value] of fields) {
      if (!LEFT_TO_WRITER.has(name.toLowerCase())) this.own.append(name, value);
    }
  }

  /** An answer that was kept as it goes out. */
  makeReady(ready: ReadyAnswer, passing: string, requestMethodId: number): void {
    this.status = ready.status;
    this.isOurs = false;
    this.isKept = true;
    this.ready = ready;
    this.passing = passing;
    this.takeBody(ready.bodyTo - ready.bodyFrom, requestMethodId);
  }

  private read(ready: ReadyAnswer): void {
    this.ready = null;
    this.own.begin(keptHead(ready, this.passing));
  }

  private takeBody(length: number, requestMethodId: number): void {
    const { status } = this;
    const opensTunnel = requestMethodId === METHOD.CONNECT && status < 300;
    this.hasBody = requestMethodId !== METHOD.HEAD && status !== 204 && status !== 304 && !opensTunnel;
    this.bodyLength = length;
  }

  /** So many bytes are all that the head has announced, if it announced any. */
  isWhole(bytes: number): boolean {
    return !this.hasBody || this.bodyLength < 0 || this.bodyLength === bytes;
  }

  /** So many bytes are more than the head has announced. */
  isExceeded(bytes: number): boolean {
    return this.bodyLength >= 0 && bytes > this.bodyLength;
  }

  /** The body will not be what was announced: a policy changes it. */
  forgetLength(): void {
    this.bodyLength = -1;
    this.fields.remove('content-length');
  }
}
