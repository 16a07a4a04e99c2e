// One client of the tunnel server: its control connection, from the token that it shows to its end. Rule: while it is still creating
// tunnels it is told nothing but the answers to that, for it takes anything else for a fault.
import { CLOSE_CODE } from '../../codec/websocket/close-codes.ts';
import { Buffer } from 'node:buffer';
import { OPCODE_OF } from '../../codec/websocket/frame-reader.ts';
import { drain, flowMessageOf, stats } from '../../codec/tunnel/flow-messages.ts';
import {
  type ClientMessage,
  MAX_MESSAGE_BYTES,
  message,
  readMessage,
  streamDataHead,
  streamClose,
  streamOpen,
  streamReset,
  type StreamOpenFields,
  type UnknownMessage,
} from '../../codec/tunnel/messages.ts';
import type { Exchange } from '../../contract/exchange.ts';
import { Deadline, wheel } from '../../transport/timers.ts';
import { bearerToken } from './bearer-token.ts';
import { LegacySession } from './legacy-session.ts';
import { MessageCollector } from './message-collector.ts';
import type { Admission, SessionHost, SessionStart } from './session-host.ts';
import type { TcpWishParts } from './tcp-tunnels.ts';
import { type OpenerSeat, TunnelOpener } from './tunnel-opener.ts';
import type { AccountMeter } from './account-meter.ts';
import { StreamIds } from './stream-ids.ts';
import { StreamPace } from './stream-pace.ts';
import { StreamWindow, WindowBudget } from './stream-window.ts';
import { type SentPart, type StreamEvents, type StreamHost, TunnelStream } from './tunnel-stream.ts';
import { WebSocketPeer } from './web-socket-peer.ts';

/** Before it is known whose token it was. */
const MOST_WAITING = 64;
const VERSION = 3;
/** Clients of 3.x keep a body in memory, and refuse one that is larger. */
const MAX_BODY_BYTES = 10 * 1024 * 1024;
const HANDSHAKE_MS = 20_000;
/** After its last tunnel a client may still be about to ask for another one. */
const SETTLED_MS = 500;
const HEARTBEAT_MS = 20_000;
/** So many beats in a row without a word: it is dead. What it said meanwhile is read first, however busy we were. */
const MOST_MISSED = 3;
const MAX_STREAMS = 256;
/** From here on streams have credits of their own, and clients say when they have none. */
const WITH_CREDITS = 3;
const MAX_STREAMS_WITH_CREDITS = 512;
/** What all streams of a client may have under way, beside the little that each begins with. */
const BUDGET_BYTES = 24 * 1024 * 1024;
/** What a stream begins with as long as few run, and then. */
const MANY_STREAMS = 32;
const WINDOW_BESIDE_MANY_BYTES = 64 * 1024;
const TOO_SLOW = 'the visitor reads too slowly';

export class TunnelSession implements StreamHost, OpenerSeat {
  readonly names: Set<string> = new Set();
  readonly tlsTunnels: Map<string, TcpWishParts> = new Map();
  readonly openedAtMs: number = Date.now();
  readonly takesWebSockets: boolean = true;
  readonly remoteAddress: string;
  account = '';
  /** Of its account; null until that is known. */
  meter: AccountMeter | null = null;
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
  readonly #budget = new WindowBudget(BUDGET_BYTES);
  readonly #deadline = new Deadline(() => this.#beat());
  readonly #settling = new Deadline(() => this.#settled());
  /** What waits until the client is settled; null: it is. */
  #held: Buffer[] | null = [];
  #state: 'new' | 'open' | 'closed' = 'new';
  /** What has come while its token is being asked for; null: it is not. */
  #waiting: ClientMessage[] | null = null;
  readonly #ids = new StreamIds();
  readonly #opener: TunnelOpener;
  #heard = true;
  #missed = 0;
  #beatAtMs = 0;
  #isFirst = true;
  #drains = false;
  /** Of the request, until the first message has told the dialect. */
  #bearer: string | null;
  /** It is one of the generation 2.x. */
  #legacy: LegacySession | null = null;

  private constructor({ remoteAddress, bearer }: SessionStart, host: SessionHost) {
    this.remoteAddress = remoteAddress;
    this.#bearer = bearer;
    this.#host = host;
    this.#opener = new TunnelOpener(host, this);
    this.#collector = new MessageCollector(MAX_MESSAGE_BYTES, (bytes) => this.#received(bytes));
    this.#peer = new WebSocketPeer({
      begin: () => this.#collector.begin(),
      part: (bytes, from, to) => {
        if (!this.#collector.part(bytes, from, to)) this.#peer.close(CLOSE_CODE.tooBig, 'the message is too long');
      },
      end: () => this.#collector.end(),
      drain: () => this.#drained(),
      heard: () => {
        this.#heard = true;
        this.#legacy?.heard();
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
    const bearer = bearerToken(exchange.request.fields.get('authorization'));
    const session = new TunnelSession({ remoteAddress: host.addressOf(exchange), bearer }, host);
    if (!session.#peer.accept(exchange, fields)) session.#closed();
  }

  get maxBodyBytes(): number {
    return this.version >= WITH_CREDITS ? Number.MAX_SAFE_INTEGER : MAX_BODY_BYTES;
  }

  /** The app itself says whether it wants a body that asks first, and what comes before its answer. */
  get passesExpectations(): boolean {
    return this.version >= WITH_CREDITS;
  }

  get needsWholeBodies(): boolean {
    return this.version < 2;
  }

  basicAuthOf(): null {
    return null;
  }

  get streamCount(): number {
    return this.#streams.size;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** null: as many run as may, or the client is gone. */
  open(request: Omit<StreamOpenFields, 'streamId'>, body: Buffer | null, events: StreamEvents): TunnelStream | null {
    const most = this.version >= WITH_CREDITS ? MAX_STREAMS_WITH_CREDITS : MAX_STREAMS;
    if (this.#state !== 'open' || this.#streams.size >= most) return null;
    const id = this.#ids.next(this.#streams);
    const use = this.#host.registry.useOf(request.tunnelId);
    const stream = new TunnelStream(this, { id, mode: request.mode, use, meter: this.meter }, events);
    this.#streams.set(id, stream);
    this.streamsOpened += 1;
    this.meter?.opened();
    this.#host.note('stream', this);
    if (this.version < WITH_CREDITS) this.#pace.opened(stream);
    this.#say(streamOpen({ ...request, streamId: id, ...this.#windowOf() }, this.version, body));
    return stream;
  }

  /** How much may come before a credit, where it is less than usual. */
  #windowOf(): { readonly windowBytes?: number } {
    return this.#streams.size > MANY_STREAMS ? { windowBytes: WINDOW_BESIDE_MANY_BYTES } : {};
  }

  openWindow(): StreamWindow {
    // The stream that asks is not among them yet.
    return this.#streams.size >= MANY_STREAMS
      ? new StreamWindow(this.#budget, WINDOW_BESIDE_MANY_BYTES)
      : new StreamWindow(this.#budget);
  }

  /** The server is going: the client connects anew, here or elsewhere, while what runs may end within the grace. */
  drain(reason: string, graceMs: number): void {
    if (this.#state !== 'open' || this.#drains) return;
    this.#drains = true;
    if (this.version >= WITH_CREDITS) this.tell(drain(reason));
    wheel.arm(this.#deadline, Math.max(1, graceMs));
    this.#leaveIfDone();
  }

  /** One that cannot be told comes back only when it is closed. */
  #leaveIfDone(): void {
    if (!this.#drains || this.#streams.size > 0) return;
    if (this.version < WITH_CREDITS || this.names.size === 0) this.close(CLOSE_CODE.serviceRestart, 'drained');
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
    this.tlsTunnels.delete(name);
    if (this.names.size > 0) return;
    if (this.#drains) {
      this.#leaveIfDone();
      return;
    }
    this.tell(message('Error', { code: 'SUBDOMAIN_UNAVAILABLE', message: why }));
    this.close(CLOSE_CODE.policyViolation, why);
  }

  close(code: number = CLOSE_CODE.goingAway, reason = 'the server is going away'): void {
    this.#peer.close(code, reason);
    this.#closed();
  }

  // -- What the client says --------------------------------------------------------------------------------------------

  #received(bytes: Buffer): void {
    if (this.#isFirst && bytes[0] === 0) this.#becomeLegacy();
    this.#isFirst = false;
    this.#bearer = null;
    if (this.#legacy !== null) {
      this.#legacy.received(bytes);
      return;
    }
    this.bytesIn += bytes.length;
    this.#host.counted('in', bytes.length);
    if (this.#state === 'closed') return;
    try {
      this.#take(readMessage(bytes));
    } catch {
      this.#peer.close(CLOSE_CODE.protocolError, 'not a message');
    }
  }

  /** From here on the connection is that of the other session. */
  #becomeLegacy(): void {
    wheel.release(this.#deadline);
    this.#state = 'closed';
    const { remoteAddress } = this;
    this.#legacy = new LegacySession({ peer: this.#peer, host: this.#host, remoteAddress, bearer: this.#bearer });
  }

  #take(said: ClientMessage): void {
    if (this.#waiting !== null) this.#wait(said);
    else if (this.#state === 'new') this.#authenticate(said);
    else if (said.type === 'StreamData') this.#streams.get(said.streamId)?.take(said);
    else if (said.type === 'StreamClose') this.#streams.get(said.streamId)?.closed(said.code, said.reason);
    else if (said.type === 'StreamReset') this.#streams.get(said.streamId)?.fail('reset', said.reason);
    else if (said.type === 'TunnelCreate') this.#opener.create(said);
    else if (said.type === 'HeartbeatAck') this.#beatAnswered();
    else if (said.type === 'unknown' && this.version >= WITH_CREDITS) this.#takeFlow(said);
  }

  #takeFlow(said: UnknownMessage): void {
    const flow = flowMessageOf(said);
    if (flow?.type === 'StreamCredit') this.#streams.get(flow.streamId)?.credited(flow.bytes);
    else if (flow?.type === 'StreamEnd') this.#streams.get(flow.streamId)?.halfEnded(flow.trailers);
    else if (flow?.type === 'StreamBlocked') this.#streams.get(flow.streamId)?.blocked();
    else if (flow?.type === 'TunnelHealth') this.#host.registry.setHealth(flow.tunnelId, this, flow.isHealthy);
  }

  #beatAnswered(): void {
    this.roundTripMs = performance.now() - this.#beatAtMs;
    this.#budget.knowRoundTrip(this.roundTripMs);
    if (this.version < WITH_CREDITS) return;
    const { streamCount: streams, streamsOpened: streamsTotal, bytesIn, bytesOut, roundTripMs } = this;
    this.tell(stats({ streams, streamsTotal, bytesReceived: bytesIn, bytesSent: bytesOut, roundTripMs }));
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
    this.#waiting = [];
    this.#host.admit(said.token, this.remoteAddress, (admitted) => this.#admitted(said.version, admitted));
  }

  /** Whose token that is has yet to be found out. */
  #wait(said: ClientMessage): void {
    if ((this.#waiting?.push(said) ?? 0) > MOST_WAITING)
      this.#peer.close(CLOSE_CODE.policyViolation, 'wait for an answer');
  }

  #admitted(version: number, admitted: Admission): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    if (this.#state === 'closed') return;
    if ('refused' in admitted) {
      this.#refuse(admitted.refused, admitted.why);
      return;
    }
    this.meter = admitted.meter;
    this.account = admitted.meter.account;
    this.version = Math.max(1, Math.min(VERSION, version));
    this.#state = 'open';
    this.#host.note('opened', this);
    wheel.arm(this.#deadline, HEARTBEAT_MS);
    this.#beatAtMs = performance.now();
    if (this.version >= WITH_CREDITS) {
      // It takes everything as it comes.
      this.#held = null;
      this.#peer.gathers = true;
    } else wheel.arm(this.#settling, SETTLED_MS);
    this.tell(message('HeartbeatAck', this.version === 1 ? {} : { version: this.version }));
    for (const said of waiting) if (this.isOpen) this.#take(said);
  }

  /** Before version 3 a client that creates tunnels is told of nothing else. */
  settleLater(): void {
    if (this.version >= WITH_CREDITS) {
      if (this.names.size === 0) this.#budget.knowRoundTrip(performance.now() - this.#beatAtMs);
      return;
    }
    this.#held ??= [];
    wheel.arm(this.#settling, SETTLED_MS);
  }

  holdStreams(): void {
    this.#held ??= [];
  }

  /** Before version 3 the time does that. */
  letStreamsGo(): void {
    if (this.version >= WITH_CREDITS) this.#settled();
  }

  #refuse(code: string, why: string): void {
    this.#host.note('refused', this);
    this.tell(message('Error', { code, message: why }));
    this.#peer.close(CLOSE_CODE.policyViolation, why);
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
    this.#say(streamClose(id, code, reason));
  }

  sendReset({ id }: TunnelStream, reason: string): void {
    this.#say(streamReset(id, reason));
  }

  sendFlow(bytes: Buffer): void {
    this.tell(bytes);
  }

  paced(stream: TunnelStream, change: number): void {
    if (this.version < WITH_CREDITS) this.#pace.changed(stream, change);
  }

  left(stream: TunnelStream): void {
    if (this.#streams.delete(stream.id)) this.meter?.left();
    if (this.version < WITH_CREDITS) this.#pace.left(stream);
    this.#leaveIfDone();
  }

  #say(bytes: Buffer): void {
    if (this.#held === null) this.tell(bytes);
    else this.#held.push(bytes);
  }

  /** At once, whatever else waits. */
  tell(bytes: Buffer): void {
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
    for (const bytes of held) this.tell(bytes);
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
    if (this.#drains) {
      this.close(CLOSE_CODE.serviceRestart, 'the server is going away');
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
    if (this.#held === null) this.tell(message('Heartbeat'));
    wheel.arm(this.#deadline, HEARTBEAT_MS);
  }

  #closed(): void {
    wheel.release(this.#deadline);
    wheel.release(this.#settling);
    this.#legacy?.closed();
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
