// Writes down what an HTTP/1.1 parser says, one line per event, in the words that the vector files use.
// Rule: the log is the same however the bytes were cut: neighbouring body slices become one line.
import { FRAMING } from '../../src/codec/http1/head.ts';
import type { Head } from '../../src/codec/http1/head.ts';
import type { MessageParser } from '../../src/codec/http1/message-parser.ts';
import type { MessageSink } from '../../src/codec/http1/parser.ts';

const FRAMING_NAMES = new Map<number, string>([
  [FRAMING.NONE, 'none'],
  [FRAMING.CHUNKED, 'chunked'],
  [FRAMING.UNTIL_CLOSE, 'until close'],
]);

/** Controls and whatever is not ASCII as escapes, so that a log is text. */
export function escapeOctets(text: string): string {
  return text.replaceAll(/[^\x20-\x5b\x5d-\x7e]/g, (character) => {
    if (character === '\r') return String.raw`\r`;
    if (character === '\n') return String.raw`\n`;
    if (character === '\t') return String.raw`\t`;
    if (character === '\\') return '\\\\';
    return String.raw`\x` + character.charCodeAt(0).toString(16).padStart(2, '0');
  });
}

export class EventLog implements MessageSink {
  readonly lines: string[] = [];
  failed = false;
  ended = false;
  /** Called after every event with the parser; a test may pause it there. */
  afterEvent: () => void = () => {};
  parser: MessageParser | undefined;
  private body = '';

  onHead(head: Head): void {
    const startLine =
      head.status === 0
        ? `${head.method()} ${escapeOctets(head.target())}`
        : `${head.status} ${escapeOctets(head.reason())}`.trimEnd();
    const facts = [`head ${startLine} HTTP/1.${head.versionMinor}`];
    facts.push(FRAMING_NAMES.get(head.framing) ?? `length ${head.contentLength}`);
    facts.push(head.keepAlive ? 'keep-alive' : 'close');
    if (head.framing !== FRAMING.LENGTH && head.contentLength >= 0) facts.push(`says length ${head.contentLength}`);
    if (head.expectContinue) facts.push('expects 100-continue');
    if (head.expectOther) facts.push('expects something else');
    if (head.wantsUpgrade) facts.push('upgrade');
    if (head.teTrailers) facts.push('takes trailers');
    this.lines.push(facts.join(' | '));
    this.fields('', head);
    this.afterEvent();
  }

  onBody(bytes: Buffer, from: number, to: number): void {
    this.body += bytes.toString('latin1', from, to);
    this.afterEvent();
  }

  onEnd(): void {
    this.closeBody();
    const trailers = this.parser?.trailers ?? null;
    if (trailers !== null) this.fields('trailer ', trailers);
    this.lines.push('end');
    this.ended = true;
    this.afterEvent();
  }

  onError(code: string, detail: string): void {
    this.closeBody();
    this.lines.push(`error ${code}: ${detail}`);
    this.failed = true;
    this.afterEvent();
  }

  /** Body octets that no end has followed yet. */
  closeBody(): void {
    if (this.body !== '') this.lines.push(`body ${escapeOctets(this.body)}`);
    this.body = '';
  }

  private fields(prefix: string, head: Head): void {
    for (let index = 0; index < head.count; index++) {
      const sign = head.drop[index] === 0 ? '+' : '-';
      this.lines.push(`${prefix}${sign} ${head.name(index)}: ${escapeOctets(head.value(index))}`.trimEnd());
    }
  }
}
