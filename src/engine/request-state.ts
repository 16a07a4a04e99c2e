// The request of an exchange: the received head and the views that policies ask for. Rule: what nobody asks for is never made.
import { FIELD, FRAMING, type Head, METHOD } from '../codec/http1/head.ts';
import type { RequestView } from '../contract/exchange.ts';
import { EditableFields } from './fields.ts';

const DOT = 46;
/** By their METHOD number; others are read from the head. */
const METHOD_NAMES: readonly (string | undefined)[] = Object.entries(METHOD)
  .filter(([, id]) => id !== METHOD.OTHER)
  .reduce<string[]>((names, [name, id]) => {
    names[id] = name;
    return names;
  }, []);

const COLON = 58;
const CLOSING_BRACKET = 93;

export class RequestState implements RequestView {
  readonly head: Head;
  readonly fields: EditableFields = new EditableFields();
  readonly isHttp2: boolean;
  /** Where the host lies in the head, without and with its port; equal offsets when the request names none. */
  hostFrom = 0;
  hostTo = 0;
  authorityTo = 0;
  upstreamTarget = '';
  /** The phase of the route that runs or has run last; -1: none of them has answered. */
  phase = -1;
  private cachedTarget: string | null = null;

  constructor(head: Head, isHttp2: boolean) {
    this.head = head;
    this.isHttp2 = isHttp2;
  }

  /** Called when the head is complete and lies where it will stay. */
  begin(): void {
    const { head } = this;
    this.fields.begin(head);
    this.cachedTarget = null;
    this.upstreamTarget = '';
    this.phase = -1;
    if (head.authorityTo > head.authorityFrom) {
      this.hostFrom = head.authorityFrom;
      this.authorityTo = head.authorityTo;
    } else if (head.hostIndex >= 0) {
      this.hostFrom = head.fields[head.hostIndex * 4 + 2]!;
      this.authorityTo = head.fields[head.hostIndex * 4 + 3]!;
    } else {
      this.hostFrom = 0;
      this.authorityTo = 0;
    }
    this.hostTo = withoutDot(head, this.hostFrom, withoutPort(head, this.hostFrom, this.authorityTo));
  }

  /** The body will not be what was announced: a policy changes it. */
  forgetLength(): void {
    this.fields.remove('content-length');
    this.head.framing = FRAMING.CHUNKED;
    this.head.contentLength = -1;
  }

  get method(): string {
    return METHOD_NAMES[this.head.methodId] ?? this.head.method();
  }

  get target(): string {
    return (this.cachedTarget ??= this.head.target());
  }

  get path(): string {
    const rest = this.head.text(this.head.pathFrom, this.head.targetTo);
    const mark = rest.indexOf('?');
    return mark < 0 ? rest : rest.slice(0, mark);
  }

  get query(): string {
    const mark = this.target.indexOf('?');
    return mark < 0 ? '' : this.target.slice(mark);
  }

  get host(): string {
    return this.head.text(this.hostFrom, this.hostTo).toLowerCase();
  }

  get authority(): string {
    return this.head.text(this.hostFrom, this.authorityTo);
  }

  get protocol(): 'HTTP/1.0' | 'HTTP/1.1' | 'HTTP/2.0' {
    if (this.isHttp2) return 'HTTP/2.0';
    return this.head.versionMinor === 0 ? 'HTTP/1.0' : 'HTTP/1.1';
  }

  get targetBytes(): number {
    return this.head.targetTo - this.head.targetFrom;
  }

  get headBytes(): number {
    return this.head.length;
  }

  get fieldCount(): number {
    return this.head.count;
  }

  get hasBody(): boolean {
    return this.head.framing !== FRAMING.NONE;
  }

  /** The value of a known field without going through names. */
  known(id: number): string | undefined {
    const index = this.head.find(id);
    return index < 0 ? undefined : this.head.value(index);
  }

  /**
   * The client asks to switch protocols. `Upgrade: h2c` is not passed on: it would carry requests past everything that looks
   * at them, and HTTP/2 has given it up (RFC 9113, 3.1).
   */
  get wantsUpgrade(): boolean {
    return this.head.wantsUpgrade && !/(?:^|[\s,])h2c(?:$|[\s,])/i.test(this.known(FIELD.UPGRADE) ?? '');
  }

  get takesTrailers(): boolean {
    return this.head.teTrailers;
  }

  get upgradeProtocol(): string {
    return this.wantsUpgrade ? (this.known(FIELD.UPGRADE) ?? '').trim().toLowerCase() : '';
  }

  /** RFC 9110, 9.2.2: sending it twice means the same as once. */
  get isIdempotent(): boolean {
    const { methodId } = this.head;
    return (
      methodId === METHOD.GET ||
      methodId === METHOD.HEAD ||
      methodId === METHOD.OPTIONS ||
      methodId === METHOD.PUT ||
      methodId === METHOD.DELETE ||
      methodId === METHOD.TRACE
    );
  }

  /** What Max-Forwards says, -1 without it (RFC 9110, 7.6.2: only TRACE and OPTIONS obey it). */
  get maxForwards(): number {
    const { methodId } = this.head;
    if (methodId !== METHOD.OPTIONS && methodId !== METHOD.TRACE) return -1;
    const value = this.known(FIELD.MAX_FORWARDS);
    return value !== undefined && /^\d{1,9}$/.test(value) ? Number(value) : -1;
  }
}

function withoutPort(head: Head, from: number, to: number): number {
  for (let i = to - 1; i >= from; i--) {
    const octet = head.bytes[head.start + i]!;
    if (octet === COLON) return i;
    if (octet === CLOSING_BRACKET) return to;
    if (octet < 48 || octet > 57) return to;
  }
  return to;
}

/** `a.test.` is `a.test`: the dot only says that nothing is to be appended (RFC 3986, 3.2.2). */
function withoutDot(head: Head, from: number, to: number): number {
  return to > from + 1 && head.bytes[head.start + to - 1] === DOT ? to - 1 : to;
}
