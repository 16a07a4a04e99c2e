// A proxy socket of a client of the generation 2.x: it carries one request after the other. Rule: it belongs to the account by whose token
// it was opened, and serves a client of that account only; with an answer that nobody waits for it has a while, and is cut then.
import { CLOSE_CODE } from '../../codec/websocket/close-codes.ts';
import type { Buffer } from 'node:buffer';
import { LegacyAnswerReader } from '../../codec/tunnel/legacy-answer-reader.ts';
import { legacyMessage, readLegacyMessage } from '../../codec/tunnel/legacy-messages.ts';
import { OPCODE_OF } from '../../codec/websocket/frame-reader.ts';
import type { Exchange } from '../../contract/exchange.ts';
import { Deadline, wheel } from '../../transport/timers.ts';
import type { LegacyClient, LegacySocket, ProxyStart } from './legacy-link.ts';
import type { LegacyStream, StreamSocket } from './legacy-stream.ts';
import { MessageCollector } from './message-collector.ts';
import type { SessionHost } from './session-host.ts';
import { WebSocketPeer } from './web-socket-peer.ts';

const REGISTER_MS = 20_000;
const ABANDONED_MS = 30_000;
const MAX_REGISTRATION_BYTES = 4096;

export class LegacyProxy implements LegacySocket, StreamSocket {
  readonly #account: string;
  readonly #host: SessionHost;
  readonly #peer: WebSocketPeer;
  readonly #registration: MessageCollector;
  readonly #answer: LegacyAnswerReader;
  readonly #deadline = new Deadline(() => this.#expired());
  #session: LegacyClient | null = null;
  #stream: LegacyStream | null = null;
  /** Of the tunnel that its request is for. */
  #name = '';
  #base = '';
  #isBusy = false;
  #isClosed = false;

  private constructor(account: string, host: SessionHost) {
    this.#account = account;
    this.#host = host;
    this.#registration = new MessageCollector(MAX_REGISTRATION_BYTES, (bytes) => this.#register(bytes));
    this.#answer = new LegacyAnswerReader({
      head: (head) => this.#stream?.head({ ...head, headers: head.headers.map((pair) => asApp(pair, this.#base)) }),
      data: (bytes) => {
        if (this.#stream?.data(bytes) === false) this.#peer.pause();
      },
      end: () => this.#finished(),
      failed: (why) => {
        this.#stream?.failed('invalid', why);
        // Where its next answer would begin nobody knows.
        this.#peer.close(CLOSE_CODE.protocolError, why);
      },
    });
    this.#peer = new WebSocketPeer({
      begin: () => this.#registration.begin(),
      part: (bytes, from, to) => this.#part(bytes, from, to),
      end: () => (this.#session === null ? this.#registration.end() : this.#ended()),
      drain: () => {},
      closed: () => this.#closed(),
    });
    wheel.arm(this.#deadline, REGISTER_MS);
  }

  /** For a request that asks for a WebSocket, of a client of that account. */
  static begin(
    exchange: Exchange,
    fields: readonly (readonly [string, string])[],
    { account, host }: { readonly account: string; readonly host: SessionHost },
  ): void {
    const proxy = new LegacyProxy(account, host);
    if (!proxy.#peer.accept(exchange, fields)) proxy.#closed();
  }

  /** Only while it is idle. */
  start(stream: LegacyStream, { url, clientAddress, requestId, base }: ProxyStart): void {
    const { message } = stream;
    if (message === null) return;
    stream.proxy = this;
    stream.message = null;
    this.#stream = stream;
    this.#name = stream.request.tunnelId;
    this.#base = base;
    this.#isBusy = true;
    this.#answer.expect(stream.request.method === 'HEAD');
    this.#send(legacyMessage('StartProxy', { Url: url, ClientAddr: clientAddress, RequestId: requestId }));
    this.#send(message);
  }

  resume(): void {
    this.#peer.unpause();
  }

  /** Nobody waits for the answer any more. */
  abandon(): void {
    if (this.#isClosed || this.#stream === null) return;
    this.#stream = null;
    this.#peer.unpause();
    wheel.arm(this.#deadline, ABANDONED_MS);
  }

  close(code: number, reason: string): void {
    this.#peer.close(code, reason);
  }

  #part(bytes: Buffer, from: number, to: number): void {
    if (this.#session === null) {
      if (!this.#registration.part(bytes, from, to))
        this.#peer.close(CLOSE_CODE.policyViolation, 'RegProxy has to come first');
      return;
    }
    this.#session.carried(this.#name, 'in', to - from);
    this.#answer.part(bytes, from, to);
  }

  #register(bytes: Buffer): void {
    let clientId: string | null = null;
    try {
      const said = readLegacyMessage(bytes);
      if (said.type === 'RegProxy') ({ clientId } = said);
    } catch {
      // As good as none.
    }
    const session = clientId === null ? null : this.#host.legacyClients.find(this.#account, clientId);
    if (session === null) {
      this.#peer.close(CLOSE_CODE.policyViolation, 'no client of this account has that ClientId');
      return;
    }
    wheel.disarm(this.#deadline);
    this.#session = session;
    session.joined(this);
  }

  #ended(): void {
    if (this.#isBusy) this.#answer.end();
    else this.#peer.close(CLOSE_CODE.protocolError, 'an answer to nothing');
  }

  #finished(): void {
    const stream = this.#stream;
    this.#stream = null;
    this.#isBusy = false;
    wheel.disarm(this.#deadline);
    this.#peer.unpause();
    stream?.ended();
    this.#session?.isFree(this);
  }

  #send(bytes: Buffer): void {
    this.#session?.carried(this.#name, 'out', bytes.length);
    this.#peer.send(OPCODE_OF.binary, true, bytes);
  }

  #expired(): void {
    if (this.#session === null) this.#peer.close(CLOSE_CODE.policyViolation, 'RegProxy has to come first');
    else this.#peer.cut();
  }

  #closed(): void {
    wheel.release(this.#deadline);
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#session?.lost(this);
    this.#stream?.failed('reset', 'the client of the tunnel has closed the connection without an answer');
    this.#stream = null;
  }
}

/** The client makes a path of its app a whole URL, of a host that the visitor may not have asked for: here it is a path again. */
function asApp([name, value]: readonly [string, string], base: string): readonly [string, string] {
  const isPath = name.toLowerCase() === 'location' && value.startsWith(`${base}/`) && value[base.length + 1] !== '/';
  return [name, isPath ? value.slice(base.length) : value];
}
