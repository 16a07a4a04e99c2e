// What one account of the tunnel server may have and what it has used. Rule: what runs goes on to its end; what is over is only more.
import type { ErrorCode } from '../../core/errors.ts';

export interface TunnelLimits {
  /** Names at once. */
  readonly tunnels: number;
  /** Connections that have names. */
  readonly clients: number;
  /** Requests at once, of all its tunnels; null: as many as its clients take. */
  readonly streams: number | null;
  readonly requestsPerMinute: number | null;
  /** Both ways, from midnight to midnight, UTC. */
  readonly bytesPerDay: number | null;
}

export interface MeterRefusal {
  readonly code: ErrorCode;
  readonly retryAfterMs: number;
}

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** Something of its own ends at any time. */
const BUSY: MeterRefusal = { code: 'tunnel_busy', retryAfterMs: 1_000 };

export class AccountMeter {
  readonly account: string;
  limits: TunnelLimits;
  /** Those that run now. */
  streams = 0;
  /** Clients that are connected now. */
  sessions = 0;
  /** When they are to go, for their token is worth nothing any more; null: that does not happen. */
  expiresAtMs: number | null = null;
  day: number;
  bytes: number;
  requests: number;
  /** It has used something since it was written down. */
  isChanged = false;
  /** Until when the requests that were taken are not given back. */
  #owedUntilMs = 0;

  constructor(account: string, limits: TunnelLimits, used: UsedToday) {
    this.account = account;
    this.limits = limits;
    this.day = used.day;
    this.bytes = used.bytes;
    this.requests = used.requests;
  }

  add(bytes: number): void {
    this.bytes += bytes;
    this.isChanged = true;
  }

  opened(): void {
    this.streams += 1;
    this.requests += 1;
    this.isChanged = true;
  }

  left(): void {
    this.streams -= 1;
  }

  /** Takes one request if it may be; null: it may. */
  refusal(nowMs: number): MeterRefusal | null {
    this.turn(nowMs);
    const { streams, bytesPerDay, requestsPerMinute } = this.limits;
    if (bytesPerDay !== null && this.bytes >= bytesPerDay) {
      return { code: 'tunnel_quota_spent', retryAfterMs: (this.day + 1) * DAY_MS - nowMs };
    }
    if (streams !== null && this.streams >= streams) return BUSY;
    return requestsPerMinute === null ? null : this.#take(nowMs, requestsPerMinute);
  }

  /** A new day begins with nothing. */
  turn(nowMs: number): void {
    const day = dayOf(nowMs);
    if (day === this.day) return;
    this.day = day;
    this.bytes = 0;
    this.requests = 0;
  }

  /** A minute's worth at once; each of them comes back in its turn. */
  #take(nowMs: number, perMinute: number): MeterRefusal | null {
    const eachMs = MINUTE_MS / perMinute;
    const owed = Math.max(this.#owedUntilMs, nowMs);
    const waitMs = owed + eachMs - nowMs - MINUTE_MS;
    // A sum of fractions is never exact.
    if (waitMs > 1e-6) return { code: 'tunnel_rate_limited', retryAfterMs: waitMs };
    this.#owedUntilMs = owed + eachMs;
    return null;
  }
}

export interface UsedToday {
  readonly day: number;
  readonly bytes: number;
  readonly requests: number;
}

export function dayOf(nowMs: number): number {
  return Math.floor(nowMs / DAY_MS);
}
