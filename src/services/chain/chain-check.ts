// An active check of one proxy: a URL is fetched through it, and through the hops before it, as real traffic would be.
// Rule: what is found says something about the proxy under test or nothing at all. Its uses and its breaker stay untouched,
// for they are matters of real traffic; the hops before it are used and judged as ever.
import { Buffer } from 'node:buffer';
import { METHOD } from '../../codec/http1/head.ts';
import type { Head } from '../../codec/http1/head.ts';
import { DEFAULT_LIMITS } from '../../codec/http1/message-parser.ts';
import { type MessageSink, ResponseParser } from '../../codec/http1/parser.ts';
import type { ErrorCode } from '../../core/errors.ts';
import { type CloseReason, type Connection, type ConnectionHandler, NOBODY } from '../../transport/connection.ts';
import type { TlsClient } from '../../transport/tls-client.ts';
import { Group } from '../balance/group.ts';
import { MemberTable } from '../balance/member-table.ts';
import type { CheckResult, Member } from '../balance/member.ts';
import type { Check } from '../health/health-checker.ts';
import { Chain } from './chain.ts';
import type { ChainAsk, ChainFailure, ChainLink, Destination, Dialling } from './chain-link.ts';
import type { ChainOptions } from './chain-options.ts';
import type { Credentials, ProxyEndpoint } from './proxy-endpoint.ts';
import { secure, type TlsHandshake } from './tls-handshake.ts';

export interface ChainCheckOptions {
  /** Any 2xx answer will do. */
  readonly url: string;
  /** How to get to the proxies under test: its groups are the hops before them. */
  readonly way: ChainOptions;
  /** For https URLs; the server is verified. */
  readonly tls: TlsClient;
  /** How long a proxy that was reached shows that the hops before it are well. */
  readonly proofHoldsMs: number;
  /** Who to be at a proxy, where that is not as it is configured. */
  readonly credentialsFor?: (endpoint: ProxyEndpoint) => Credentials | null;
}

interface Goal extends Destination {
  readonly isSecure: boolean;
  /** The value of Host. */
  readonly authority: string;
  readonly path: string;
}

/** A proxy that asks for credentials is asked again so often: it may name another scheme, and then a nonce. */
const MAX_ROUNDS = 3;

export function chainCheck(options: ChainCheckOptions): Check<ProxyEndpoint> {
  const goal = goalOf(options.url);
  let provenAtMs = -Infinity;
  return async (member, signal) => {
    const finding = await new Promise<Finding>((resolve) => {
      new CheckRun({ options, goal, member }, resolve).start(signal);
    });
    const now = performance.now();
    if (finding.proves === 'the way') provenAtMs = now;
    const isDoubtful = finding.proves === 'nothing' && now - provenAtMs > options.proofHoldsMs;
    return isDoubtful ? null : finding.result;
  };
}

interface Finding {
  /** null: nothing can be said. */
  readonly result: CheckResult | null;
  /** Whether the hops before have done their work; `nothing`: they or the proxy have not. */
  readonly proves: 'the way' | 'nothing';
}

interface CheckRunInit {
  readonly options: ChainCheckOptions;
  readonly goal: Goal;
  readonly member: Member<ProxyEndpoint>;
}

class CheckRun implements ConnectionHandler, MessageSink {
  readonly #init: CheckRunInit;
  readonly #done: (finding: Finding) => void;
  readonly #endpoint: ProxyEndpoint;
  readonly #chain: Chain;
  readonly #parser: ResponseParser;
  /** The proxy is given the whole URL, as it is with real requests for http. */
  readonly #isAbsolute: boolean;
  #rounds = 0;
  #dialling: Dialling | null = null;
  #handshake: TlsHandshake | null = null;
  #link: ChainLink | null = null;
  #connection: Connection | null = null;
  #isOver = false;

  constructor(init: CheckRunInit, done: (finding: Finding) => void) {
    this.#init = init;
    this.#done = done;
    const { options, goal, member } = init;
    const credentials = options.credentialsFor?.(member.data) ?? null;
    this.#endpoint = credentials === null ? member.data : { ...member.data, ...credentials };
    const { protocol } = this.#endpoint;
    this.#isAbsolute = !goal.isSecure && (protocol === 'http' || protocol === 'https');
    this.#chain = new Chain({ ...options.way, groups: [...options.way.groups, alone(member.id, this.#endpoint)] });
    this.#parser = new ResponseParser(DEFAULT_LIMITS, this);
    this.#parser.expect(METHOD.GET);
  }

  start(signal: AbortSignal): void {
    // Whoever gives up wants to hear nothing; that the promise is settled all the same frees what hangs on it.
    signal.addEventListener('abort', () => this.#finish({ result: null, proves: 'the way' }), { once: true });
    this.#dial();
  }

  #dial(): void {
    const { goal, options } = this.#init;
    const ask: ChainAsk = {
      key: null,
      tags: null,
      firstRequestTo: goal,
      credentialsFor: (endpoint) => (endpoint === this.#endpoint ? null : (options.credentialsFor?.(endpoint) ?? null)),
    };
    this.#rounds += 1;
    this.#dialling = this.#chain.dial(this.#isAbsolute ? null : goal, ask, {
      onConnected: (link) => {
        this.#dialling = null;
        this.#link = link;
        if (goal.isSecure) this.#secure(link);
        else this.#ask(link.connection, link.leftover);
      },
      onFailed: (failure) => this.#finish(findingOf(failure, this.#endpoint.hop, options.way.groups.length > 0)),
    });
  }

  #secure({ connection, leftover }: ChainLink): void {
    const { goal, options } = this.#init;
    if (leftover.length > 0) {
      this.#fail('upstream_tls_failed');
      return;
    }
    this.#handshake = secure(connection, options.tls, goal, {
      onSecure: (inner) => {
        this.#handshake = null;
        this.#ask(inner, leftover);
      },
      onFailed: () => {
        this.#handshake = null;
        this.#fail('upstream_tls_failed');
      },
    });
  }

  #ask(connection: Connection, leftover: Buffer): void {
    const { authority, path } = this.#init.goal;
    const target = this.#isAbsolute ? `http://${authority}${path}` : path;
    const authorization = this.#link?.auth?.authorize('GET', target) ?? null;
    const credentials = authorization === null ? '' : `Proxy-Authorization: ${authorization}\r\n`;
    const head = `GET ${target} HTTP/1.1\r\nHost: ${authority}\r\n${credentials}`;
    const request = Buffer.from(`${head}User-Agent: Sluice\r\nAccept: */*\r\nConnection: close\r\n\r\n`, 'latin1');
    this.#connection = connection;
    this.#parser.reset();
    connection.handler = this;
    connection.write(request, 0, request.length);
    connection.resume();
    this.onData(leftover, 0, leftover.length);
  }

  // What the connection says.

  onData(bytes: Buffer, from: number, to: number): void {
    if (!this.#isOver) this.#parser.feed(bytes, from, to);
  }

  onHalfClose(): void {
    this.#fail('upstream_reset');
  }

  onDrain(): void {}

  onClose(_reason: CloseReason): void {
    this.#fail('upstream_reset');
  }

  // What the answer says.

  onHead(head: Head): void {
    if (this.#parser.interim) return;
    const { status } = head;
    if (status === 407 && this.#isAbsolute) this.#challenged(head);
    else if (status >= 200 && status < 300) this.#pass();
    else this.#fail('upstream_unavailable');
  }

  onBody(): void {}

  onEnd(): void {}

  onError(code: ErrorCode): void {
    this.#fail(code);
  }

  #challenged(head: Head): void {
    const places = Array.from({ length: head.count }, (_, index) => index);
    const values = places
      .filter((index) => head.name(index).toLowerCase() === 'proxy-authenticate')
      .map((index) => head.value(index));
    const mayHelp = this.#link?.auth?.challenge(values) === true && this.#rounds < MAX_ROUNDS;
    if (!mayHelp) {
      this.#fail('hop_auth_failed');
      return;
    }
    this.#letGo();
    this.#dial();
  }

  #pass(): void {
    const link = this.#link;
    if (link === null) return;
    link.auth?.accepted();
    const { dnsMs, connectMs, tlsMs, hopsMs } = link.timings;
    this.#finish({ result: { passed: true, latencyMs: dnsMs + connectMs + tlsMs + hopsMs }, proves: 'the way' });
  }

  /** Once the chain stands, whatever goes wrong is laid to the proxy under test. */
  #fail(reason: ErrorCode): void {
    this.#finish({ result: { passed: false, reason }, proves: 'the way' });
  }

  #finish(finding: Finding): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#dialling?.cancel();
    this.#letGo();
    this.#done(finding);
  }

  #letGo(): void {
    const [link, connection] = [this.#link, this.#connection];
    this.#link = null;
    this.#connection = null;
    this.#handshake?.cancel();
    this.#handshake = null;
    if (link === null) return;
    const { bytesWritten: bytesSent = 0, bytesRead: bytesReceived = 0 } = connection ?? {};
    this.#init.member.countBytes(bytesSent, bytesReceived);
    link.release({ bytesSent, bytesReceived, wasReset: false });
    if (connection !== null) connection.handler = NOBODY;
    (connection ?? link.connection).destroy('done');
  }
}

/** A group of its own, whose state nobody sees: checks are no uses. */
function alone(id: string, data: ProxyEndpoint): Group<ProxyEndpoint> {
  const table = new MemberTable({ capacity: 1 });
  return new Group({ name: data.hop, table, members: [{ id, data }], options: { strategy: 'round_robin' } });
}

/** A failure on the way to the hop says nothing about its proxies, and what only others say of a proxy may be their own. */
function findingOf({ error, attempts }: ChainFailure, hop: string, hasHopsBefore: boolean): Finding {
  const last = attempts.at(-1);
  if (last === undefined || last.hop !== hop) return { result: null, proves: 'nothing' };
  const isHearsay = last.blame === 'ambiguous' && hasHopsBefore;
  return { result: { passed: false, reason: error.code }, proves: isHearsay ? 'nothing' : 'the way' };
}

function goalOf(text: string): Goal {
  const url = new URL(text);
  const isSecure = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? (isSecure ? 443 : 80) : Number(url.port);
  return { host, port, isSecure, authority: url.host, path: `${url.pathname}${url.search}` };
}
