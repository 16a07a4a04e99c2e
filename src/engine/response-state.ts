// The answer of an exchange: a received head or one made here, and how its body will be framed.
// Rule: `begin` or `make` comes first; before that there is no answer and status is 0.
import { FRAMING, Head, METHOD } from '../codec/http1/head.ts';
import type { Answer, ResponseView } from '../contract/exchange.ts';
import { EditableFields, EMPTY_HEAD } from './fields.ts';

/** What an answer made here does not say of itself: the writer says it for this client. */
const LEFT_TO_WRITER = new Set(['content-length', 'transfer-encoding', 'connection', 'keep-alive', 'proxy-connection']);

export class ResponseState implements ResponseView {
  status = 0;
  isOurs = false;
  readonly fields: EditableFields = new EditableFields();
  /** Of the body that will be sent: exact, or -1 when only its end will tell. */
  bodyLength = -1;
  /** False for HEAD, 204 and 304, where the length only informs, and for what opens a tunnel. */
  hasBody = false;
  /** The head lies in memory of its own. */
  private isKept = false;

  get head(): Head {
    return this.fields.head;
  }

  reset(): void {
    this.status = 0;
    this.fields.begin(EMPTY_HEAD);
  }

  /** An answer that was received; its head stays where it is until it is kept. */
  begin(head: Head): void {
    this.status = head.status;
    this.isOurs = false;
    this.isKept = false;
    this.fields.begin(head);
    this.hasBody = head.framing !== FRAMING.NONE;
    this.bodyLength = head.framing === FRAMING.LENGTH ? head.contentLength : -1;
  }

  /** Whoever looks at the answer later sees its head, though the connection that it came on reads other things by then. */
  keepHead(): void {
    if (this.isKept || this.isOurs) return;
    this.isKept = true;
    this.fields.head = ownCopy(this.fields.head);
  }

  /** An answer made here. The length is -1 when only its end will tell. */
  make({ status, fields = [] }: Omit<Answer, 'body'>, length: number, requestMethodId: number): void {
    this.status = status;
    this.isOurs = true;
    this.fields.begin(EMPTY_HEAD);
    const opensTunnel = requestMethodId === METHOD.CONNECT && status < 300;
    this.hasBody = requestMethodId !== METHOD.HEAD && status !== 204 && status !== 304 && !opensTunnel;
    this.bodyLength = length;
    if (length >= 0 && status !== 204) this.fields.append('Content-Length', String(length));
    for (const [name, value] of fields) {
      if (!LEFT_TO_WRITER.has(name.toLowerCase())) this.fields.append(name, value);
    }
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

/** For whoever needs a received head longer than the bytes that it came in. */
export function ownCopy(head: Head): Head {
  const { bytes, start, length, count } = head;
  // Its own room is as large as it needs: that of a head which is yet to be read is many times dearer to make.
  const copy = new Head(count);
  copy.bytes = Buffer.from(bytes.subarray(start, start + length));
  copy.length = length;
  copy.status = head.status;
  copy.reasonFrom = head.reasonFrom;
  copy.reasonTo = head.reasonTo;
  copy.versionMinor = head.versionMinor;
  copy.count = count;
  for (let i = 0; i < count * 4; i++) copy.fields[i] = head.fields[i]!;
  for (let i = 0; i < count; i++) {
    copy.ids[i] = head.ids[i]!;
    copy.drop[i] = head.drop[i]!;
  }
  copy.framing = head.framing;
  copy.contentLength = head.contentLength;
  copy.keepAlive = head.keepAlive;
  copy.wantsUpgrade = head.wantsUpgrade;
  copy.hostIndex = head.hostIndex;
  copy.said = head.said;
  return copy;
}
