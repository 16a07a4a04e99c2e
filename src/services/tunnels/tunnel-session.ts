// One client of the tunnel server: its control connection, from the token that it shows to its end. Rule: while it is still creating
// tunnels it is told nothing but the answers to that, for it takes anything else for a fault.
import { Buffer } from 'node:buffer';
import { OPCODE_OF } from '../../codec/websocket/frame-reader.ts';
import {
  type ClientMessage,
  MAX_MESSAGE_BYTES,
  message,
  readMessage,
  streamDataHead,
  streamOpen,
  type StreamOpenFields,
} from '../../codec/tunnel/messages.ts';
import type { MsgpackValue } from '../../codec/msgpack/write-msgpack.ts';
import type { Exchange } from '../../contract/exchange.ts';
import { Deadline, wheel } from '../../transport/timers.ts';
import { MessageCollector } from './message-collector.ts';
import type { TunnelLink } from './tunnel-link.ts';
import type { TunnelRegistry } from './tunnel-registry.ts';
import { StreamPace } from './stream-pace.ts';
import { type SentPart, type StreamEvents, type StreamHost, TunnelStream } from './tunnel-stream.ts';
import { WebSocketPeer } from './web-socket-peer.ts';

/** What a session needs of the server. */
export interface SessionHost {
  readonly registry: TunnelRegistry;
  /** Whose token that is; null: nobody's. */
  accountOf(token: string, address: string): string | null;
  urlOf(name: string): string;
  note(event: SessionEvent, session: TunnelLink): void;
  counted(direction: 'in' | 'out', bytes: number): void;
}

export type SessionEvent = 'refused' | 'opened' | 'created' | 'stream' | 'closed';

const VERSION = 2;
/** Clients of 3.x keep a body in memory, and refuse one that is larger. */
const MAX_BODY_BYTES = 10 * 1024 * 1024;
const HANDSHAKE_MS = 20_000;
/** After its last tunnel a client may still be about to ask for another one. */
const SETTLED_MS = 500;
const HEARTBEAT_MS = 20_000;
/** So many beats in a row without a word: it is dead. What it said meanwhile is read first, however busy we were. */
const MOST_MISSED = 3;
const MAX_STREAMS = 256;
const MAX_STREAM_ID = 0x7fff_ffff;
const TOO_SLOW = 'the visitor reads too slowly';
const REASON_LENGTH = 200;
const POLICY_VIOLATION = 1008;
const PROTOCOL_ERROR = 1002;
const TOO_BIG = 1009;
const GOING_AWAY = 1001;

type State = 'new' | 'open' | 'closed';

export class TunnelSession implements StreamHost, TunnelLink {
  readonly names: Set<string> = new Set();
  readonly openedAtMs: number = Date.now();
  readonly maxBodyBytes: number = MAX_BODY_BYTES;
  readonly takesWebSockets: boolean = true;
  readonly remoteAddress: string;
  account = '';
  version = 1;
  bytesIn = 0;
  bytesOut = 0;
  streamsOpened = 0;
  /** From a heartbeat to its answer; null as long as there was none. */
  roundTripMs: number | null = null;
  readonly #host: SessionHost;
  readonly #peer: WebSocketPeer;
  readonly #collector: MessageCollector;
  readonly #streams = new Map<number, TunnelStream>();
  readonly #pace: StreamPace<TunnelStream>;
  readonly #deadline = new Deadline(() => this.#beat());
  readonly #settling = new Deadline(() => this.#settled());
  /** What waits until the client is settled; null: it is. */
  #held: Buffer[] | null = [];
  #state: State = 'new';
  #lastId = 0;
  #heard = true;
  #missed = 0;
  #beatAtMs = 0;
  #isFirst = true;

  private constructor(remoteAddress: string, host: SessionHost) {
    this.remoteAddress = remoteAddress;
    this.#host = host;
    this.#collector = new MessageCollector(MAX_MESSAGE_BYTES, (bytes) => this.#received(bytes));
    this.#peer = new WebSocketPeer({
      begin: () => this.#collector.begin(),
      part: (bytes, from, to) => {
        if (!this.#collector.part(bytes, from, to)) this.#peer.close(TOO_BIG, 'the message is too long');
      },
      end: () => this.#collector.end(),
      drain: () => this.#drained(),
      heard: () => {
        this.#heard = true;
      },
      closed: () => this.#closed(),
    });
    const brake = { pause: () => this.#peer.pause(), resume: () => this.#peer.unpause() };
    this.#pace = new StreamPace(brake, (slowest) => {
      this.sendReset(slowest, TOO_SLOW);
      slowest.fail('slow', TOO_SLOW);
    });
    wheel.arm(this.#deadline, HANDSHAKE_MS);
  }

  /** For a request that asks for a WebSocket. */
  static begin(exchange: Exchange, fields: readonly (readonly [string, string])[], host: SessionHost): void {
    const session = new TunnelSession(exchange.client.address, host);
    if (!session.#peer.accept(exchange, fields)) session.#closed();
  }

  get needsWholeBodies(): boolean {
    return this.version < 2;
  }

  get streamCount(): number {
    return this.#streams.size;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** null: as many run as may, or the client is gone. */
  open(request: Omit<StreamOpenFields, 'streamId'>, body: Buffer | null, events: StreamEvents): TunnelStream | null {
    if (this.#state !== 'open' || this.#streams.size >= MAX_STREAMS) return null;
    const id = this.#nextId();
    const stream = new TunnelStream(this, { id, mode: request.mode }, events);
    this.#streams.set(id, stream);
    this.streamsOpened += 1;
    this.#host.note('stream', this);
    this.#pace.opened(stream);
    this.#say(streamOpen({ ...request, streamId: id }, this.version, body));
    return stream;
  }

  /** Another session of the same account has the name now. */
  replaced(name: string): void {
    this.#dismiss(name, `another client of this account has taken ${name}`);
  }

  removed(name: string): void {
    this.#dismiss(name, `${name} was removed`);
  }

  #dismiss(name: string, why: string): void {
    this.names.delete(name);
    if (this.names.size > 0) return;
    this.#sayNow(message('Error', { code: 'SUBDOMAIN_UNAVAILABLE', message: why }));
    this.close(POLICY_VIOLATION, why);
  }

  close(code: number = GOING_AWAY, reason = 'the server is going away'): void {
    this.#peer.close(code, reason);
    this.#closed();
  }

  // -- What the client says --------------------------------------------------------------------------------------------

  #received(bytes: Buffer): void {
    this.bytesIn += bytes.length;
    this.#host.counted('in', bytes.length);
    if (this.#state === 'closed') return;
    if (this.#isFirst && bytes[0] === 0) {
      this.#peer.close(PROTOCOL_ERROR, 'clients of the generation 2.x are not served');
      return;
    }
    this.#isFirst = false;
    try {
      this.#take(readMessage(bytes));
    } catch {
      this.#peer.close(PROTOCOL_ERROR, 'not a message');
    }
  }

  #take(said: ClientMessage): void {
    if (this.#state === 'new') this.#authenticate(said);
    else if (said.type === 'StreamData') this.#streams.get(said.streamId)?.take(said);
    else if (said.type === 'StreamClose') this.#streams.get(said.streamId)?.closed(said.code, said.reason);
    else if (said.type === 'StreamReset') this.#streams.get(said.streamId)?.fail('reset', said.reason);
    else if (said.type === 'TunnelCreate') this.#create(said);
    else if (said.type === 'HeartbeatAck') this.roundTripMs = performance.now() - this.#beatAtMs;
  }

  #authenticate(said: ClientMessage): void {
    if (said.type !== 'Auth') {
      this.#refuse('AUTH_REQUIRED', 'the first message has to be Auth');
      return;
    }
    if (said.token === '') {
      this.#refuse('AUTH_REQUIRED', 'a token is needed');
      return;
    }
    const account = this.#host.accountOf(said.token, this.remoteAddress);
    if (account === null) {
      this.#refuse('UNAUTHORIZED', 'this token is not valid here');
      return;
    }
    this.account = account;
    this.version = Math.max(1, Math.min(VERSION, said.version));
    this.#state = 'open';
    this.#host.note('opened', this);
    wheel.arm(this.#deadline, HEARTBEAT_MS);
    wheel.arm(this.#settling, SETTLED_MS);
    this.#sayNow(message('HeartbeatAck', this.version === 1 ? {} : { version: this.version }));
  }

  #create({ protocol, subdomain, path, hostname }: Extract<ClientMessage, { type: 'TunnelCreate' }>): void {
    this.#held ??= [];
    wheel.arm(this.#settling, SETTLED_MS);
    if (protocol === 'tcp') this.#sayError('TCP_DISABLED', 'this server has no TCP tunnels');
    else if (protocol !== 'http') this.#sayError('UNSUPPORTED_PROTOCOL', 'this server knows http');
    else if (hostname !== null) this.#sayError('HOSTNAME_NOT_REGISTERED', `${hostname} is not registered here`);
    else if (path !== null) this.#sayError('INVALID_PATH', 'this server gives names, not paths');
    else this.#claim(subdomain === '' ? null : subdomain);
  }

  #claim(wanted: string | null): void {
    const claimed = this.#host.registry.claim(wanted, this.account, this);
    if ('refused' in claimed) {
      this.#sayError(claimed.refused, claimed.why);
      return;
    }
    this.#host.note('created', this);
    this.#sayNow(message('TunnelCreated', { url: this.#host.urlOf(claimed.name), subdomain: claimed.name }));
  }

  #refuse(code: string, why: string): void {
    this.#host.note('refused', this);
    this.#sayError(code, why);
    this.#peer.close(POLICY_VIOLATION, why);
  }

  // -- What it is told -------------------------------------------------------------------------------------------------

  sendData({ id }: TunnelStream, bytes: Buffer, { from, to, wsType, fin }: SentPart): boolean {
    const head = streamDataHead({ streamId: id, wsType, fin: this.version === 1 ? null : fin }, to - from);
    if (this.#held !== null) {
      this.#say(Buffer.concat([head, bytes.subarray(from, to)]));
      return false;
    }
    this.#count(head.length + to - from);
    return this.#peer.send(OPCODE_OF.binary, true, head, { bytes, from, to });
  }

  sendClose({ id }: TunnelStream, code: number | null, reason: string): void {
    const why: Record<string, MsgpackValue> = { code: code ?? undefined, reason: reason === '' ? undefined : reason };
    this.#say(message('StreamClose', { stream_id: id, ...why }));
  }

  sendReset({ id }: TunnelStream, reason: string): void {
    this.#say(message('StreamReset', { stream_id: id, reason: reason.slice(0, REASON_LENGTH) }));
  }

  paced(stream: TunnelStream, change: number): void {
    this.#pace.changed(stream, change);
  }

  left(stream: TunnelStream): void {
    this.#streams.delete(stream.id);
    this.#pace.left(stream);
  }

  /** An Error in answer to what was asked. */
  #sayError(code: string, why: string): void {
    this.#sayNow(message('Error', { code, message: why }));
  }

  #say(bytes: Buffer): void {
    if (this.#held === null) this.#sayNow(bytes);
    else this.#held.push(bytes);
  }

  #sayNow(bytes: Buffer): void {
    this.#count(bytes.length);
    this.#peer.send(OPCODE_OF.binary, true, bytes);
  }

  #count(bytes: number): void {
    this.bytesOut += bytes;
    this.#host.counted('out', bytes);
  }

  #settled(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const bytes of held) this.#sayNow(bytes);
    if (!this.#peer.congested) this.#drained();
  }

  #drained(): void {
    for (const stream of this.#streams.values()) stream.drained();
  }

  #beat(): void {
    if (this.#state === 'new') {
      this.#refuse('AUTH_REQUIRED', 'no token came in time');
      return;
    }
    // While we hold it back it cannot be heard.
    if (this.#heard || this.#peer.isPaused) this.#missed = 0;
    else this.#missed += 1;
    this.#heard = false;
    if (this.#missed >= MOST_MISSED) {
      this.#peer.cut();
      return;
    }
    this.#beatAtMs = performance.now();
    if (this.#held === null) this.#sayNow(message('Heartbeat'));
    wheel.arm(this.#deadline, HEARTBEAT_MS);
  }

  #nextId(): number {
    do this.#lastId = this.#lastId >= MAX_STREAM_ID ? 1 : this.#lastId + 1;
    while (this.#streams.has(this.#lastId));
    return this.#lastId;
  }

  #closed(): void {
    wheel.release(this.#deadline);
    wheel.release(this.#settling);
    if (this.#state === 'closed') return;
    const wasOpen = this.#state === 'open';
    this.#state = 'closed';
    this.#held = null;
    if (wasOpen) this.#host.registry.release(this);
    this.#pace.close();
    for (const stream of this.#streams.values()) stream.fail('gone', 'the client of the tunnel has gone');
    if (wasOpen) this.#host.note('closed', this);
  }
}
