// One request with spans to a collector, by OTLP/HTTP. Rule: it goes straight there: by connections of its own, by no proxy whatever the
// environment says, so that what we tell of our traffic never becomes traffic of ours; and it says that it is not to be traced.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

export interface CollectorSettings {
  /** The whole URL. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly compression: 'gzip' | 'none';
  /** A file with certificates of authorities to trust beside those of the system; null: only those. */
  readonly ca: string | null;
}

export type ExportOutcome =
  | { readonly kind: 'taken'; readonly rejected: number; readonly message: string }
  /** `retryAfterMs`: the collector wants to be left alone for so long; -1: it does not say. */
  | { readonly kind: 'later'; readonly reason: string; readonly retryAfterMs: number }
  | { readonly kind: 'refused'; readonly reason: string };

/** By this name whoever traces knows that there is nothing to trace. */
const EXPORTER_NAME = 'sluice-otlp';

/** OTLP: the same request may fare better later. */
const LATER = new Set([429, 502, 503, 504]);
const MAX_ANSWER_BYTES = 64 * 1024;
const MAX_REASON = 300;

const compress = promisify(gzip);

export class CollectorClient {
  readonly #settings: CollectorSettings;
  readonly #url: URL;
  readonly #agent: http.Agent;

  /** Throws when the file with authorities cannot be read. */
  constructor(settings: CollectorSettings) {
    this.#settings = settings;
    this.#url = new URL(settings.endpoint);
    const options = { keepAlive: true, maxSockets: 1 };
    const ca = settings.ca === null ? {} : { ca: readFileSync(settings.ca) };
    this.#agent = this.#url.protocol === 'https:' ? new https.Agent({ ...options, ...ca }) : new http.Agent(options);
  }

  async send(body: string): Promise<ExportOutcome> {
    const bytes = this.#settings.compression === 'gzip' ? await compress(body) : Buffer.from(body);
    return new Promise((resolve) => this.#request(bytes, resolve));
  }

  close(): void {
    this.#agent.destroy();
  }

  #request(body: Buffer, resolve: (outcome: ExportOutcome) => void): void {
    const { headers, timeoutMs, compression } = this.#settings;
    const { request } = this.#url.protocol === 'https:' ? https : http;
    const failed = (cause: Error): void =>
      resolve({ kind: 'later', reason: reasonOf(cause, timeoutMs), retryAfterMs: -1 });
    const outgoing = request(this.#url, {
      method: 'POST',
      agent: this.#agent,
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        ...headers,
        'Content-Type': 'application/json',
        'Content-Length': body.length,
        ...(compression === 'gzip' ? { 'Content-Encoding': 'gzip' } : {}),
        'User-Agent': EXPORTER_NAME,
        traceparent: untraced(),
      },
    });
    outgoing.on('error', failed);
    outgoing.on('response', (answer) => {
      const parts: Buffer[] = [];
      let length = 0;
      answer.on('data', (part: Buffer) => {
        length += part.length;
        if (length <= MAX_ANSWER_BYTES) parts.push(part);
      });
      answer.on('error', failed);
      answer.on('end', () => resolve(outcomeOf(answer, Buffer.concat(parts).toString())));
    });
    outgoing.end(body);
  }
}

/** A trace of its own that nobody records. */
function untraced(): string {
  return `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-00`;
}

function outcomeOf({ statusCode: status = 0, headers }: http.IncomingMessage, text: string): ExportOutcome {
  if (status >= 200 && status < 300) return { kind: 'taken', ...partialSuccess(text) };
  const reason = `the collector answered ${status}${detailOf(text)}`;
  if (!LATER.has(status)) return { kind: 'refused', reason };
  return { kind: 'later', reason, retryAfterMs: retryAfter(headers['retry-after']) };
}

/** RFC 9110, 10.2.3: seconds, or a date. */
function retryAfter(value: string | undefined): number {
  if (value === undefined) return -1;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? -1 : Math.max(0, at - Date.now());
}

/** Some of the spans may have been thrown away. */
function partialSuccess(text: string): { readonly rejected: number; readonly message: string } {
  const said = readJson(text)?.['partialSuccess'] as Record<string, unknown> | undefined;
  const rejected = Number(said?.['rejectedSpans'] ?? 0);
  const message = said?.['errorMessage'];
  return {
    rejected: Number.isSafeInteger(rejected) && rejected > 0 ? rejected : 0,
    message: typeof message === 'string' ? message.slice(0, MAX_REASON) : '',
  };
}

function detailOf(text: string): string {
  const message = readJson(text)?.['message'];
  return typeof message === 'string' && message !== '' ? `: ${message.slice(0, MAX_REASON)}` : '';
}

function readJson(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function reasonOf(cause: Error, timeoutMs: number): string {
  if (cause.name === 'TimeoutError' || cause.name === 'AbortError')
    return `the collector did not answer within ${timeoutMs / 1000} s`;
  return `the collector could not be reached: ${cause.message || ('code' in cause ? String(cause.code) : cause.name)}`;
}
