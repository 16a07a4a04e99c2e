// Keeps tunnels open: connects, and connects again whenever the server is lost, with the same names. Rule: what no new try can cure ends
// it, everything else is tried again with a pause that grows and differs from client to client.
import type { StatsFields } from '../../codec/tunnel/flow-messages.ts';
import type { StreamOpenMessage } from '../../codec/tunnel/server-messages.ts';
import type { DnsCache } from '../../transport/dns-cache.ts';
import { proveRawIo } from '../../transport/raw-io.ts';
import type { ExposedTunnel, LocalCheck } from './exposed-tunnel.ts';
import type { LinkStream, RequestRecord } from './link-stream.ts';
import { LocalHealth, type LocalVerdict } from './local-health.ts';
import { LocalHttp } from './local-http.ts';
import { LocalLines, type RefusalOf } from './local-lines.ts';
import { LocalTcp } from './local-tcp.ts';
import { LocalWebSocket } from './local-web-socket.ts';
import { openControl } from './open-control.ts';
import type { ServerWay } from './reach-server.ts';
import { replay } from './replay.ts';
import type { BookEntry, RequestBook } from './request-book.ts';
import type { LocalEnd } from './stream-port.ts';
import { type LinkFault, type OpenedTunnel, TunnelLink } from './tunnel-link.ts';

/** Why it has ended by itself: `refused` for good, `usage` by what was asked for, `unreachable` after many tries. */
export interface ClientEnd {
  readonly kind: 'refused' | 'usage' | 'unreachable';
  readonly code: string | null;
  readonly why: string;
}

export interface TunnelClientEvents {
  connecting(attempt: number): void;
  opened(tunnels: readonly OpenedTunnel[]): void;
  /** The next try comes after so many milliseconds. */
  lost(why: string, retryMs: number): void;
  request(record: RequestRecord): void;
  ended(end: ClientEnd): void;
  /** A local server is fit for visitors no more, or again. */
  healthChanged?(tunnel: ExposedTunnel, verdict: LocalVerdict): void;
}

export interface TunnelClientOptions {
  readonly way: ServerWay;
  readonly token: string;
  readonly tunnels: readonly ExposedTunnel[];
  /** How names of local servers are resolved. */
  readonly dns: DnsCache;
  /** Where no visitor may get to. */
  readonly refusalOf?: RefusalOf | undefined;
  /** Tries without a first success go on for ever as well. */
  readonly isPatient: boolean;
  /** How often it is tried before the first success. */
  readonly tries?: number;
  /** How long a server may say nothing before it is asked whether it is there. */
  readonly silentMs?: number;
  /** Where requests are kept for whoever wants to look into them. */
  readonly book?: RequestBook;
  readonly random?: () => number;
}

const TERMINAL: ReadonlySet<string> = new Set([
  'UNAUTHORIZED',
  'AUTH_REQUIRED',
  'SUBDOMAIN_UNAVAILABLE',
  'PATH_TAKEN',
  'PATH_LIMIT',
  'TCP_DISABLED',
  'HOSTNAME_NOT_REGISTERED',
  'HOSTNAME_NOT_VERIFIED',
  'HOSTNAME_TAKEN',
]);
const OF_USAGE: ReadonlySet<string> = new Set(['INVALID_PATH', 'INVALID_HOSTNAME', 'UNSUPPORTED_PROTOCOL']);
const PASSING: ReadonlySet<string> = new Set([
  'SERVICE_UNAVAILABLE',
  'POOL_EXHAUSTED',
  'TUNNEL_CREATE_FAILED',
  'HOSTNAME_NO_CERTIFICATE',
]);
const MOST_TRIES = 6;
/** Asked four times until it counts as lost, which is to take less than 20 seconds. */
const SILENT_MS = 4_500;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
/** A proxy in front of a server that starts again says so, and will not for long. */
const LONGEST_WHILE_STARTING_MS = 10_000;
const STARTING: ReadonlySet<number> = new Set([502, 503, 504]);
const MOST_DRAIN_PAUSE_MS = 1_000;
const WATCH: LocalCheck = { path: null, intervalMs: 1_000, timeoutMs: 2_000, unhealthyAfter: 1, healthyAfter: 1 };
/** Open for less than that, it has not really been open. */
const STEADY_MS = 5_000;

export class TunnelClient {
  readonly #options: TunnelClientOptions;
  readonly #events: TunnelClientEvents;
  readonly #random: () => number;
  readonly #health = new Map<string, LocalHealth>();
  /** Of tunnels that share their name and have no checks: while nobody listens behind them. */
  readonly #watched = new Map<ExposedTunnel, LocalHealth>();
  readonly #lines = new Map<ExposedTunnel, LocalLines>();
  /** What each was called when it was open last. */
  readonly #names = new Map<ExposedTunnel, string>();
  readonly #ports = new Map<ExposedTunnel, number>();
  #link: TunnelLink | null = null;
  /** Links to servers that are going, which carry what runs to its end. */
  readonly #leaving = new Set<TunnelLink>();
  #cancelOpening: (() => void) | null = null;
  #timer: NodeJS.Timeout | null = null;
  #tries = 0;
  #openedAtMs: number | null = null;
  #wasOpen = false;
  #over = false;
  #bytesRead = 0;
  #bytesWritten = 0;

  constructor(options: TunnelClientOptions, events: TunnelClientEvents) {
    this.#options = options;
    this.#events = events;
    this.#random = options.random ?? Math.random;
    for (const tunnel of options.tunnels) {
      const { health: check } = tunnel;
      if (check === undefined) continue;
      const onChange = (verdict: LocalVerdict): void => {
        this.#sayHealth(tunnel, verdict);
        events.healthChanged?.(tunnel, verdict);
      };
      this.#health.set(
        tunnel.name,
        new LocalHealth({ tunnel, check, dns: options.dns, refusalOf: options.refusalOf, onChange }),
      );
    }
  }

  get streamCount(): number {
    return this.#links().reduce((sum, { streamCount }) => sum + streamCount, 0);
  }

  /** What the server counts of the connection; null: it has said nothing of it. */
  get stats(): StatsFields | null {
    return this.#link?.stats ?? null;
  }

  /** Of the tunnel of this name, what the checks of its local server have found; null: there are none. */
  healthOf(name: string): LocalVerdict | null {
    return this.#health.get(name)?.verdict ?? null;
  }

  #links(): readonly TunnelLink[] {
    return this.#link === null ? [...this.#leaving] : [...this.#leaving, this.#link];
  }

  /** From and to the server, since the start. */
  get bytes(): { readonly read: number; readonly written: number } {
    const links = this.#links();
    return {
      read: links.reduce((sum, { bytesRead }) => sum + bytesRead, this.#bytesRead),
      written: links.reduce((sum, { bytesWritten }) => sum + bytesWritten, this.#bytesWritten),
    };
  }

  /** Asks a request of the book again. */
  replay(entry: BookEntry, book: RequestBook): Promise<BookEntry> {
    return replay(entry, { book, lines: this.#linesOf(entry.tunnel) });
  }

  start(): void {
    for (const health of this.#health.values()) health.start();
    this.#connect();
  }

  /** At once; nothing is told any more. */
  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelOpening?.();
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const link of this.#links()) link.close();
    for (const lines of this.#lines.values()) lines.close();
    for (const health of this.#health.values()) health.stop();
    for (const watched of this.#watched.values()) watched.stop();
  }

  #connect(): void {
    this.#timer = null;
    this.#events.connecting(this.#tries + 1);
    // Known before the first connection is made: all of them are written to in the same way.
    void proveRawIo().then(() => {
      if (!this.#over) this.#open();
    });
  }

  #open(): void {
    const { book } = this.#options;
    this.#cancelOpening = openControl(this.#options.way, {
      opened: (connection, first) => {
        this.#cancelOpening = null;
        const seat: { link: TunnelLink | null } = { link: null };
        const link = new TunnelLink(connection, first, {
          token: this.#options.token,
          tunnels: this.#options.tunnels,
          silentMs: this.#options.silentMs ?? SILENT_MS,
          nameOf: (tunnel) => this.#names.get(tunnel) ?? tunnel.subdomain,
          portOf: (tunnel) => this.#ports.get(tunnel) ?? tunnel.remotePort,
          localEnd: (open, tunnel, stream) => this.#localEnd(open, tunnel, stream),
          ...(book !== undefined && { capture: (open, tunnel) => book.begin(open, tunnel) }),
          onOpened: (opened) => this.#opened(opened),
          onRequest: (record) => this.#events.request(record),
          onDrain: (reason) => this.#drained(seat.link, reason),
          onEnd: (fault) => this.#ended(seat.link, fault),
        });
        seat.link = link;
        this.#link = link;
      },
      failed: (why, status) => {
        this.#cancelOpening = null;
        this.#retry({ code: null, why }, STARTING.has(status) ? LONGEST_WHILE_STARTING_MS : LONGEST_PAUSE_MS);
      },
    });
  }

  #localEnd(open: StreamOpenMessage, tunnel: ExposedTunnel, stream: LinkStream): LocalEnd & { start(): void } {
    const isUnhealthy = this.healthOf(tunnel.name)?.state === 'unhealthy';
    const onUnreachable = (): void => this.#watch(tunnel);
    const place = { open, tunnel, lines: this.#linesOf(tunnel), isUnhealthy, onUnreachable };
    if (open.mode === 'tcp') return new LocalTcp(place, stream);
    return open.mode === 'ws' ? new LocalWebSocket(place, stream) : new LocalHttp(place, stream);
  }

  /** Others may have the name as well, and get its visitors. */
  #sayHealth(tunnel: ExposedTunnel, { state }: LocalVerdict): void {
    for (const link of this.#links()) link.sayHealth(tunnel, state !== 'unhealthy');
  }

  /** Nobody is told to check it, but somebody else may serve its visitors until it is back. */
  #watch(tunnel: ExposedTunnel): void {
    if (tunnel.group !== true || this.#health.has(tunnel.name)) return;
    if (this.#watched.get(tunnel)?.verdict.state === 'unhealthy') return;
    const onChange = (verdict: LocalVerdict): void => {
      this.#watched.get(tunnel)?.stop();
      this.#watched.delete(tunnel);
      this.#sayHealth(tunnel, verdict);
    };
    const watched = new LocalHealth({ tunnel, check: WATCH, dns: this.#options.dns, onChange });
    watched.verdict = { state: 'unhealthy', why: 'nothing listens' };
    this.#watched.set(tunnel, watched);
    this.#sayHealth(tunnel, watched.verdict);
    watched.start();
  }

  /** After a break the server knows nothing of it. */
  #sayAllHealth(): void {
    for (const tunnel of this.#options.tunnels) {
      const verdict = this.#watched.get(tunnel)?.verdict ?? this.healthOf(tunnel.name);
      if (verdict?.state === 'unhealthy') this.#sayHealth(tunnel, verdict);
    }
  }

  #linesOf(tunnel: ExposedTunnel): LocalLines {
    const known = this.#lines.get(tunnel);
    if (known !== undefined) return known;
    const { dns, refusalOf } = this.#options;
    const lines = new LocalLines({ host: tunnel.localHost, port: tunnel.localPort }, dns, refusalOf);
    this.#lines.set(tunnel, lines);
    return lines;
  }

  #opened(opened: readonly OpenedTunnel[]): void {
    for (const { tunnel, id, url, remotePort } of opened) {
      if (remotePort !== null) this.#ports.set(tunnel, remotePort);
      if (tunnel.protocol !== 'tcp') this.#names.set(tunnel, id);
      if (tunnel.hostname !== null && !namesHost(url, tunnel.hostname)) {
        this.#finish({
          kind: 'refused',
          code: 'HOSTNAME_IGNORED',
          why: `the server gave ${url} instead of ${tunnel.hostname}`,
        });
        return;
      }
    }
    this.#openedAtMs = performance.now();
    this.#wasOpen = true;
    this.#sayAllHealth();
    for (const link of this.#leaving) link.retire();
    this.#events.opened(opened);
  }

  /** The server is going: another one, or the next of its kind, takes over while what runs comes to its end. */
  #drained(link: TunnelLink | null, reason: string): void {
    if (this.#over || link === null || link !== this.#link) return;
    this.#leaving.add(link);
    this.#link = null;
    this.#openedAtMs = null;
    // Not all at the same moment.
    const retryMs = Math.round(MOST_DRAIN_PAUSE_MS * this.#random());
    this.#events.lost(reason, retryMs);
    this.#timer = setTimeout(() => this.#connect(), retryMs);
  }

  #ended(link: TunnelLink | null, fault: LinkFault): void {
    this.#bytesRead += link?.bytesRead ?? 0;
    this.#bytesWritten += link?.bytesWritten ?? 0;
    if (link !== null && this.#leaving.delete(link)) return;
    this.#link = null;
    if (this.#over) return;
    const openMs = this.#openedAtMs === null ? 0 : performance.now() - this.#openedAtMs;
    this.#openedAtMs = null;
    if (openMs > STEADY_MS) this.#tries = 0;
    const { code, why } = fault;
    if (code !== null && TERMINAL.has(code)) this.#finish({ kind: 'refused', code, why });
    else if (code !== null && OF_USAGE.has(code)) this.#finish({ kind: 'usage', code, why });
    else this.#retry(fault, LONGEST_PAUSE_MS);
  }

  #retry({ code, why }: LinkFault, longestMs: number): void {
    if (this.#over) return;
    const goesOn = this.#options.isPatient || (code === null ? this.#wasOpen : PASSING.has(code));
    if (!goesOn && this.#tries >= (this.#options.tries ?? MOST_TRIES)) {
      this.#finish({ kind: 'unreachable', code, why });
      return;
    }
    const pauseMs = Math.min(longestMs, FIRST_PAUSE_MS * 2 ** Math.min(this.#tries, 10));
    const retryMs = Math.min(longestMs, Math.round(pauseMs * (0.5 + this.#random())));
    this.#tries += 1;
    this.#events.lost(why, retryMs);
    this.#timer = setTimeout(() => this.#connect(), retryMs);
  }

  #finish(end: ClientEnd): void {
    this.close();
    this.#events.ended(end);
  }
}

function namesHost(url: string, hostname: string): boolean {
  return URL.canParse(url) && new URL(url).hostname.toLowerCase() === hostname.toLowerCase();
}
