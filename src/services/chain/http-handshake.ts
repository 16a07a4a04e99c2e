// CONNECT to a proxy that speaks HTTP, with as many rounds of authentication as it takes; and, before a request in
// absolute-form that could lose its body, the rounds alone. Rule: the bytes behind the empty line of a 2xx are the
// tunnel's; any other answer ends the handshake or leads to another round on a connection whose last answer was read to
// its end.
import { Buffer } from 'node:buffer';
import { FIELD, type Head, METHOD } from '../../codec/http1/head.ts';
import { DEFAULT_LIMITS, type MessageSink } from '../../codec/http1/message-parser.ts';
import { ResponseParser } from '../../codec/http1/parser.ts';
import { formatHostPort } from '../../core/address.ts';
import type { Connection } from '../../transport/connection.ts';
import { wheel } from '../../transport/timers.ts';
import { parseChallenges } from './auth/challenges.ts';
import type { HopAuth } from './auth/hop-auth.ts';
import type { Destination } from './chain-link.ts';
import { faultOfStatus, readRetryAfter } from './connect-answer.ts';
import { Handshake, type HandshakeEvents, memberFault } from './handshake.ts';
import type { HopFault } from './hop-fault.ts';

/** A refusal may have a long body; it is only read where a round follows on the connection. */
const LIMITS = { ...DEFAULT_LIMITS, maxBodyBytes: Number.MAX_SAFE_INTEGER };
/** A new connection is cheaper than reading more than this. */
const MAX_DRAINED_BYTES = 64 * 1024;
/** Offer, challenge and answer, and one challenge that was stale. */
const MAX_ROUNDS = 4;

export interface HttpHandshakeInit {
  readonly connection: Connection;
  readonly events: HandshakeEvents;
  /** What to be connected to, or, for the rounds alone, whom the first request will be for. */
  readonly target: Destination;
  readonly auth: HopAuth | null;
  /** Only get as far as an answer to the proxy's challenge: a HEAD that the proxy challenges stands in for the CONNECT. */
  readonly isRehearsal: boolean;
}

export class HttpHandshake extends Handshake implements MessageSink {
  readonly waitsForNext = true;
  readonly #auth: HopAuth | null;
  readonly #method: 'CONNECT' | 'HEAD';
  readonly #authority: string;
  readonly #parser = new ResponseParser(LIMITS, this);
  #rounds = 0;
  #drained = 0;
  /** Set from a challenge until its message has ended. */
  #isDraining = false;

  constructor(init: HttpHandshakeInit) {
    super(init.connection, init.events);
    this.#auth = init.auth;
    this.#method = init.isRehearsal ? 'HEAD' : 'CONNECT';
    this.#authority = formatHostPort(init.target.host, init.target.port);
  }

  protected override begin(): void {
    this.#rounds += 1;
    this.#isDraining = false;
    this.#parser.reset();
    this.#parser.expect(METHOD[this.#method]);
    const target = this.#method === 'CONNECT' ? this.#authority : `http://${this.#authority}/`;
    const credentials = this.#auth?.authorize(this.#method, target) ?? null;
    this.send(Buffer.from(requestHead(this.#method, target, this.#authority, credentials), 'latin1'));
  }

  protected override receive(bytes: Buffer, from: number, to: number): void {
    const at = this.#parser.feed(bytes, from, to);
    if (this.#parser.upgraded && !this.isOver) this.#open(bytes, at, to);
    else if (at < to && !this.isOver) this.refuse(memberFault('sent more than one answer'));
  }

  /** 2xx to CONNECT; 101 is no answer to anything that we say. */
  #open(bytes: Buffer, from: number, to: number): void {
    if (this.#parser.head.status === 101) {
      this.refuse(faultOfStatus(101, null));
      return;
    }
    this.#auth?.accepted();
    this.through(bytes, from, to);
  }

  onHead(head: Head): void {
    if (this.#parser.interim || this.#parser.upgraded) return;
    if (head.status === 407) this.#takeChallenge(head);
    else if (this.#method === 'CONNECT') this.refuse(faultOfStatus(head.status, retryAfterOf(head)));
    // Whatever it says, it says it without asking who we are; there was no need for a rehearsal.
    else if (staysOpen(head)) this.#auth?.accepted();
    else this.redial(faultOfStatus(head.status, null));
  }

  #takeChallenge(head: Head): void {
    const offers = valuesOf(head, FIELD.PROXY_AUTHENTICATE);
    const fault = challengeFault(offers, this.#auth !== null);
    const isHopeful = this.#auth?.challenge(offers) === true && this.#rounds < MAX_ROUNDS;
    if (!isHopeful) this.refuse(fault);
    else if (staysOpen(head)) this.#isDraining = true;
    else this.#askAnew(fault);
  }

  #askAnew(fault: HopFault): void {
    if (this.#auth?.isBound === true) {
      this.refuse({ ...fault, detail: 'closed the connection between the steps of NTLM' });
    } else this.redial(fault);
  }

  onBody(_bytes: Buffer, from: number, to: number): void {
    this.#drained += to - from;
    if (this.#isDraining && this.#drained > MAX_DRAINED_BYTES) this.#askAnew(challengeFault([], true));
  }

  onEnd(): void {
    if (this.isOver) return;
    // The answer to the proxy's challenge goes with the first request of whoever takes over.
    const isRehearsed = this.#method === 'HEAD' && (!this.#isDraining || this.#isPrepared);
    if (isRehearsed) this.through(Buffer.alloc(0), 0, 0);
    else if (this.#isDraining) this.begin();
  }

  get #isPrepared(): boolean {
    return this.#auth !== null && (this.#auth.isBound || !this.#auth.wantsRehearsal);
  }

  onError(_code: string, detail: string): void {
    this.refuse(memberFault(`sent what is not an answer: ${detail}`));
  }

  protected override ended(detail?: string): void {
    // It said that it would stay open, and did not: as if it had said so.
    if (this.#isDraining) this.#askAnew(challengeFault([], true));
    else super.ended(detail);
  }
}

function requestHead(method: string, target: string, authority: string, credentials: string | null): string {
  const authorization = credentials === null ? '' : `Proxy-Authorization: ${credentials}\r\n`;
  // For the rounds with a proxy that speaks HTTP/1.0.
  const persistence = 'Proxy-Connection: Keep-Alive\r\n';
  return `${method} ${target} HTTP/1.1\r\nHost: ${authority}\r\n${authorization}${persistence}\r\n`;
}

function challengeFault(offers: readonly string[], hasCredentials: boolean): HopFault {
  const schemes = [...new Set(parseChallenges(offers).map(({ scheme }) => scheme))];
  const offered = schemes.length === 0 ? '' : `, and offers ${schemes.join(', ')}`;
  const why = hasCredentials ? 'did not accept our credentials' : 'asks for credentials, and none are configured';
  return { ...faultOfStatus(407, null), detail: `answered 407: it ${why}${offered}` };
}

function staysOpen(head: Head): boolean {
  const isEnded = head.contentLength >= 0 || head.versionMinor === 1;
  const says = valuesOf(head, FIELD.PROXY_CONNECTION).join(',').toLowerCase();
  if (says.includes('close')) return false;
  return head.keepAlive || (isEnded && head.versionMinor === 0 && says.includes('keep-alive'));
}

function retryAfterOf(head: Head): number | null {
  const [value] = valuesOf(head, FIELD.RETRY_AFTER);
  return value === undefined ? null : readRetryAfter(value, Date.parse(wheel.httpDate()));
}

function valuesOf(head: Head, field: number): string[] {
  const values: string[] = [];
  for (let at = head.find(field); at >= 0; at = head.find(field, at + 1)) values.push(head.value(at));
  return values;
}
