// Turns what the configuration says of scanning into policies. Rule: places that name the same clamd in the same way share what is
// known of it, and its connections.
import type { ScanPolicy } from '../../config/schema/policies-scan.ts';
import type { Policy } from '../../contract/policy.ts';
import { Clamd } from '../../services/clamd/clamd.ts';
import type { MetricsRecorder } from '../../telemetry/metrics-recorder.ts';
import { ThrottledLog } from '../../telemetry/throttled-log.ts';
import { scan } from '../registry.ts';
import { scanEars } from './scan-telemetry.ts';
import type { ThreadLog } from '../threads/thread-log.ts';

export interface ScanParts {
  readonly recorder: MetricsRecorder;
  readonly log: ThreadLog;
  /** How many share the connections. */
  readonly threads: number;
}

export class ConfiguredScans {
  readonly #parts: ScanParts;
  readonly #connectTimeoutMs: number;
  readonly #notes: ThrottledLog;
  readonly #clamds = new Map<string, Clamd>();

  constructor(parts: ScanParts, connectTimeoutMs: number) {
    this.#parts = parts;
    this.#connectTimeoutMs = connectTimeoutMs;
    const { log } = parts;
    this.#notes = new ThrottledLog({
      info: (fields, message) => log('info', fields, message),
      warn: (fields, message) => log('warn', fields, message),
      error: (fields, message) => log('error', fields, message),
    });
  }

  policy(settings: ScanPolicy): Policy {
    const { requests, responses, max_size: maxBytes, hold: holdBytes, on_error: onError } = settings;
    const policy = scan({
      clamd: this.#clamd(settings),
      rules: { maxBytes, holdBytes, passesErrors: onError === 'allow' },
      requests,
      responses,
      ears: scanEars(this.#parts.recorder, this.#notes),
    });
    return { ...policy, dispose: () => this.#notes.close() };
  }

  #clamd({ clamd: address, timeout: timeoutMs, connections: all }: ScanPolicy): Clamd {
    const key = `${address} ${timeoutMs} ${all}`;
    const connections = Math.ceil(all / this.#parts.threads);
    const connectTimeoutMs = Math.min(this.#connectTimeoutMs, timeoutMs);
    const made = this.#clamds.get(key) ?? new Clamd({ address, connectTimeoutMs, timeoutMs, connections });
    this.#clamds.set(key, made);
    return made;
  }
}
