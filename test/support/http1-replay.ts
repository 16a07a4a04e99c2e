// Feeds bytes to an HTTP/1.1 parser in chosen portions, message after message, and returns the log of what it said.
// Rule: the parser sees every portion in a buffer that is overwritten as soon as feed() returns, as a socket's would be.
import { METHOD } from '../../src/codec/http1/head.ts';
import { DEFAULT_LIMITS } from '../../src/codec/http1/message-parser.ts';
import type { ParserLimits } from '../../src/codec/http1/parser.ts';
import { RequestParser, ResponseParser } from '../../src/codec/http1/parser.ts';
import { EventLog, escapeOctets } from './http1-event-log.ts';

export interface Replay {
  readonly kind: 'request' | 'response';
  readonly bytes: Buffer;
  /** The methods of the requests that the responses answer, the last one for all further ones. */
  readonly answered?: readonly string[];
  /** The input ends after the bytes. */
  readonly isEnded?: boolean;
  readonly limits?: Partial<ParserLimits>;
}

export interface Cut {
  /** Positions at which the bytes are cut, ascending. */
  readonly at: readonly number[];
  /** Pause after every event. */
  readonly pauses?: boolean;
  /** What lies behind the portion in its buffer. */
  readonly slack?: Buffer;
}

export const WHOLE: Cut = { at: [] };

class Player {
  private readonly log = new EventLog();
  private readonly parser: RequestParser | ResponseParser;
  private readonly replay: Replay;
  private readonly cut: Cut;
  private messages = 0;
  private rest = '';

  constructor(replay: Replay, cut: Cut) {
    const limits = { ...DEFAULT_LIMITS, ...replay.limits };
    this.replay = replay;
    this.cut = cut;
    this.parser =
      replay.kind === 'request' ? new RequestParser(limits, this.log) : new ResponseParser(limits, this.log);
    this.log.parser = this.parser;
    if (cut.pauses === true) this.log.afterEvent = () => this.parser.pause();
    this.expect();
  }

  play(): string[] {
    const { bytes, isEnded } = this.replay;
    let from = 0;
    for (const to of [...this.cut.at, bytes.length]) {
      this.portion(bytes.subarray(from, to));
      from = to;
    }
    if (isEnded === true && !this.parser.upgraded) this.parser.finish();
    this.log.closeBody();
    if (this.rest !== '') this.log.lines.push(`rest ${escapeOctets(this.rest)}`);
    else if (!this.parser.idle && !this.log.failed && !this.log.ended && !this.parser.upgraded)
      this.log.lines.push('more');
    return this.log.lines;
  }

  private portion(portion: Buffer): void {
    const slack = this.cut.slack ?? Buffer.alloc(0);
    const buffer = Buffer.concat([portion, slack]);
    let at = 0;
    let idleFeeds = 0;
    // A feed may bring an event without taking a byte, but two in a row mean that nothing more comes.
    while (idleFeeds < 2 && !this.log.failed) {
      const next = this.parser.feed(buffer, at, portion.length);
      idleFeeds = next === at ? idleFeeds + 1 : 0;
      at = next;
      if (this.log.ended && at < portion.length) {
        if (this.isTunnel) break;
        this.nextMessage();
      }
    }
    if (at < portion.length && !this.log.failed) this.rest += buffer.toString('latin1', at, portion.length);
    buffer.fill(0xee);
  }

  /** What follows a CONNECT request is not for a request parser. */
  private get isTunnel(): boolean {
    return this.replay.kind === 'request' && this.parser.head.methodId === METHOD.CONNECT;
  }

  private nextMessage(): void {
    this.messages++;
    this.log.ended = false;
    this.parser.reset();
    this.expect();
  }

  private expect(): void {
    if (!(this.parser instanceof ResponseParser)) return;
    const answered = this.replay.answered ?? ['GET'];
    const method = answered[Math.min(this.messages, answered.length - 1)]!;
    this.parser.expect(METHOD[method as keyof typeof METHOD] ?? METHOD.OTHER);
  }
}

export function replay(what: Replay, cut: Cut): string[] {
  return new Player(what, cut).play();
}
