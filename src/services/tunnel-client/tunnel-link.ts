// The control connection of a client to its tunnel server, from the token to its end: tunnels asked for one at a time, streams carried
// side by side. Rule: its end is told once; a server is dead when it has been silent for long while we could hear it.
import type { Buffer } from 'node:buffer';
import { flowMessageOf, type StatsFields, tunnelHealth } from '../../codec/tunnel/flow-messages.ts';
import type { MsgpackValue } from '../../codec/msgpack/write-msgpack.ts';
import { MAX_MESSAGE_BYTES, message, type UnknownMessage } from '../../codec/tunnel/messages.ts';
import { readServerMessage, type ServerMessage, type StreamOpenMessage } from '../../codec/tunnel/server-messages.ts';
import { OPCODE_OF } from '../../codec/websocket/frame-reader.ts';
import type { Connection } from '../../transport/connection.ts';
import { Deadline, wheel } from '../../transport/timers.ts';
import { MessageCollector } from '../tunnels/message-collector.ts';
import { StreamPace } from '../tunnels/stream-pace.ts';
import { StreamWindow, WindowBudget } from '../tunnels/stream-window.ts';
import { ClientWebSocket } from './client-web-socket.ts';
import type { ExposedTunnel } from './exposed-tunnel.ts';
import { LinkStream, type RequestRecord, type StreamLink } from './link-stream.ts';
import type { Capture } from './request-book.ts';
import type { LocalEnd } from './stream-port.ts';

export interface OpenedTunnel {
  readonly tunnel: ExposedTunnel;
  readonly url: string;
  /** Names it towards the server. */
  readonly id: string;
  /** Of TCP. */
  readonly remotePort: number | null;
}

export interface LinkFault {
  /** As the server names it; null: it is the connection. */
  readonly code: string | null;
  readonly why: string;
}

export interface LinkOptions {
  readonly token: string;
  readonly tunnels: readonly ExposedTunnel[];
  /** Silent for so long, the server is asked whether it is there; three times in a row, it is not. */
  readonly silentMs: number;
  /** The name that a tunnel had before; null: none. */
  nameOf(tunnel: ExposedTunnel): string | null;
  /** Missing: nobody wants to look into it. */
  capture?(open: StreamOpenMessage, tunnel: ExposedTunnel): Capture;
  /** The port that a tunnel had before; null: none. */
  portOf(tunnel: ExposedTunnel): number | null;
  localEnd(open: StreamOpenMessage, tunnel: ExposedTunnel, stream: LinkStream): LocalEnd & { start(): void };
  onOpened(opened: readonly OpenedTunnel[]): void;
  onRequest(record: RequestRecord): void;
  /** The server is going: it is time to connect anew, while what runs may end. */
  onDrain(reason: string): void;
  onEnd(fault: LinkFault): void;
}

const VERSION = 3;
/** From here on streams have credits of their own. */
const WITH_CREDITS = 3;
const MAX_STREAMS = 512;
/** What all streams may have under way, beside the little that each begins with. */
const BUDGET_BYTES = 24 * 1024 * 1024;
const STEP_MS = 20_000;
const MOST_MISSED = 3;
/** A server that is going, and has not ended a connection by then that another one has taken the place of, leaves that to us. */
const RETIRE_MS = 3_000;
const NORMAL = 1000;
const TOO_SLOW = 'the local server reads too slowly';

export class TunnelLink implements StreamLink {
  readonly #options: LinkOptions;
  readonly #socket: ClientWebSocket;
  readonly #collector: MessageCollector;
  readonly #streams = new Map<number, LinkStream>();
  readonly #pace: StreamPace<LinkStream>;
  readonly #deadline = new Deadline(() => this.#expired());
  readonly #opened: OpenedTunnel[] = [];
  #step: 'auth' | 'create' | 'open' | 'over' = 'auth';
  /** What was agreed on. */
  version: number = VERSION;
  /** As the server counts them; null: it has said none. */
  stats: StatsFields | null = null;
  readonly #budget = new WindowBudget(BUDGET_BYTES);
  readonly #saidAtMs: number = performance.now();
  #isRetired = false;
  readonly #retiring = new Deadline(() => {
    this.#isRetired = true;
    this.#leaveIfDone();
  });
  #heard = true;
  #missed = 0;

  constructor(connection: Connection, first: Buffer, options: LinkOptions) {
    this.#options = options;
    this.#collector = new MessageCollector(MAX_MESSAGE_BYTES, (bytes) => this.#received(bytes));
    this.#socket = new ClientWebSocket(connection, {
      begin: () => this.#collector.begin(),
      part: (bytes, from, to) => {
        if (!this.#collector.part(bytes, from, to)) this.#fail(null, 'the server sent a message that is too long');
      },
      end: () => this.#collector.end(),
      drain: () => this.#drained(),
      heard: () => {
        this.#heard = true;
      },
      closed: (code, reason) => this.#end(null, reason === '' ? `the connection was lost (${code})` : reason),
    });
    this.#pace = new StreamPace(this.#socket, (slowest) => slowest.giveUp(TOO_SLOW));
    wheel.arm(this.#deadline, STEP_MS);
    this.say(message('Auth', { token: options.token, version: VERSION }));
    this.#socket.start(first);
  }

  get bytesRead(): number {
    return this.#socket.bytesRead;
  }

  get bytesWritten(): number {
    return this.#socket.bytesWritten;
  }

  get streamCount(): number {
    return this.#streams.size;
  }

  /** We are going. */
  close(): void {
    this.#socket.close(NORMAL, 'the client is going');
    this.#end(null, 'closed');
  }

  /** Another one has taken its place. As long as the server has not heard of that, requests may still be on their way. */
  retire(): void {
    wheel.arm(this.#retiring, RETIRE_MS);
  }

  #leaveIfDone(): void {
    if (this.#isRetired && this.#streams.size === 0) this.close();
  }

  /** A local server is fit for visitors no more, or again; servers of other versions do not ask. */
  sayHealth(tunnel: ExposedTunnel, isHealthy: boolean): void {
    const id = this.#step === 'open' ? this.#opened.find((each) => each.tunnel === tunnel)?.id : undefined;
    if (id !== undefined && this.version >= WITH_CREDITS) this.say(tunnelHealth(id, isHealthy));
  }

  // -- What streams say ----------------------------------------------------------------------------------------------------

  say(bytes: Buffer): void {
    this.#socket.send(OPCODE_OF.binary, true, bytes);
  }

  sayData(head: Buffer, bytes: Buffer, from: number, to: number): boolean {
    this.#socket.send(OPCODE_OF.binary, true, head, { bytes, from, to });
    return !this.#socket.congested;
  }

  openWindow(): StreamWindow {
    return new StreamWindow(this.#budget);
  }

  paced(stream: LinkStream, change: number): void {
    if (this.version < WITH_CREDITS) this.#pace.changed(stream, change);
  }

  left(stream: LinkStream, record: RequestRecord): void {
    if (!this.#streams.delete(stream.id)) return;
    if (this.version < WITH_CREDITS) this.#pace.left(stream);
    this.#options.onRequest(record);
    this.#leaveIfDone();
  }

  // -- What the server says ------------------------------------------------------------------------------------------------

  #received(bytes: Buffer): void {
    if (this.#step === 'over') return;
    let said: ServerMessage;
    try {
      said = readServerMessage(bytes);
    } catch {
      this.#fail(null, 'the server said what is no message');
      return;
    }
    if (this.#step === 'open' || !this.#takeStep(said)) this.#take(said);
  }

  /** The answers that are waited for one after the other. */
  #takeStep(said: ServerMessage): boolean {
    if (said.type === 'Error') this.#fail(said.code, said.message);
    else if (said.type === 'HeartbeatAck' && this.#step === 'auth') {
      this.version = Math.max(1, Math.min(VERSION, said.version));
      this.#budget.knowRoundTrip(performance.now() - this.#saidAtMs);
      this.#socket.gather();
      this.#createNext();
    } else if (said.type === 'TunnelCreated' && this.#step === 'create') {
      const tunnel = this.#options.tunnels[this.#opened.length];
      if (tunnel !== undefined)
        this.#opened.push({ tunnel, url: said.url, id: said.subdomain, remotePort: said.remotePort });
      this.#createNext();
    } else return false;
    return true;
  }

  #createNext(): void {
    const tunnel = this.#options.tunnels[this.#opened.length];
    wheel.arm(this.#deadline, tunnel === undefined ? this.#options.silentMs : STEP_MS);
    this.#step = tunnel === undefined ? 'open' : 'create';
    if (tunnel === undefined) {
      this.#options.onOpened(this.#opened);
      return;
    }
    this.say(message('TunnelCreate', tunnel.protocol === 'http' ? this.#httpWish(tunnel) : this.#rawWish(tunnel)));
  }

  #httpWish(tunnel: ExposedTunnel): Record<string, MsgpackValue> {
    const { protocol, hostname, group } = tunnel;
    const subdomain = this.#options.nameOf(tunnel) ?? undefined;
    return { protocol, subdomain, hostname: hostname ?? undefined, group: group === true ? true : undefined };
  }

  /** The server keeps away who may not come, and tells the local server who has. */
  #rawWish(tunnel: ExposedTunnel): Record<string, MsgpackValue> {
    const { protocol, proxyProtocol, allowed } = tunnel;
    return {
      protocol,
      ...(protocol === 'tls'
        ? { subdomain: this.#options.nameOf(tunnel) ?? undefined }
        : { remote_port: this.#options.portOf(tunnel) ?? undefined }),
      proxy_protocol: proxyProtocol ?? undefined,
      allow: allowed.length === 0 ? undefined : allowed,
    };
  }

  #take(said: ServerMessage): void {
    if (said.type === 'StreamData') this.#streams.get(said.streamId)?.take(said);
    else if (said.type === 'StreamOpen') this.#open(said);
    else if (said.type === 'StreamClose') this.#streams.get(said.streamId)?.closedByServer(said.code, said.reason);
    else if (said.type === 'StreamReset') this.#streams.get(said.streamId)?.closedByServer(null, said.reason);
    else if (said.type === 'Heartbeat') this.say(message('HeartbeatAck'));
    else if (said.type === 'Error') this.#fail(said.code, said.message);
    else if (said.type === 'unknown' && this.version >= WITH_CREDITS) this.#takeFlow(said);
  }

  #takeFlow(said: UnknownMessage): void {
    const flow = flowMessageOf(said);
    if (flow?.type === 'StreamCredit') this.#streams.get(flow.streamId)?.credited(flow.bytes);
    else if (flow?.type === 'StreamEnd') this.#streams.get(flow.streamId)?.halfEnded(flow.trailers);
    else if (flow?.type === 'StreamBlocked') this.#streams.get(flow.streamId)?.blocked();
    else if (flow?.type === 'Drain') this.#options.onDrain(flow.reason);
    else if (flow?.type === 'Stats') this.stats = flow;
  }

  #open(open: StreamOpenMessage): void {
    const reset = (reason: string): void => this.say(message('StreamReset', { stream_id: open.streamId, reason }));
    const tunnel = this.#opened.find(({ id }) => id === open.tunnelId)?.tunnel;
    if (tunnel === undefined) return reset('there is no such tunnel here');
    if (this.#streams.size >= MAX_STREAMS || this.#streams.has(open.streamId)) return reset('too many streams');
    if ((open.mode === 'tcp') !== (tunnel.protocol !== 'http')) return reset('this tunnel carries something else');
    // Of TCP there is nothing that could be asked again.
    const capture = open.mode === 'tcp' ? undefined : this.#options.capture?.(open, tunnel);
    const stream = new LinkStream(this, open, tunnel, capture);
    this.#streams.set(open.streamId, stream);
    if (this.version < WITH_CREDITS) this.#pace.opened(stream);
    const end = this.#options.localEnd(open, tunnel, stream);
    stream.end = end;
    end.start();
    return undefined;
  }

  #drained(): void {
    for (const stream of this.#streams.values()) stream.drained();
  }

  #expired(): void {
    if (this.#step !== 'open') {
      this.#fail(null, 'the server did not answer in time');
      return;
    }
    // While we hold it back it cannot be heard.
    if (this.#heard || this.#socket.isPaused) this.#missed = 0;
    else this.#missed += 1;
    this.#heard = false;
    if (this.#missed >= MOST_MISSED) {
      this.#fail(null, 'the server is silent');
      return;
    }
    this.#socket.ping();
    wheel.arm(this.#deadline, this.#options.silentMs);
  }

  #fail(code: string | null, why: string): void {
    this.#end(code, why);
    this.#socket.cut();
  }

  #end(code: string | null, why: string): void {
    if (this.#step === 'over') return;
    this.#step = 'over';
    wheel.release(this.#deadline);
    wheel.release(this.#retiring);
    this.#pace.close();
    for (const stream of this.#streams.values()) stream.lost();
    this.#options.onEnd({ code, why });
  }
}
