// The metric families of the data path, by name, and the slots in which a part of the program records them.
// Rule: labels come from the configuration or from fixed lists, never from traffic, but for a bounded number of models; a direct
// destination is one upstream, `direct`.

import type { ErrorCode } from '../core/errors.ts';
import { redactTarget } from '../core/redact.ts';
import type { MetricsRecorder } from './metrics-recorder.ts';

/** The boundaries that OpenTelemetry recommends for the duration of HTTP requests. */
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const CONNECT_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const STREAM_BUCKETS = [1, 5, 15, 60, 300, 900, 1800, 3600];
const STATUS_CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx'];

/** Slots by status class, `slots[requests[(status / 100) | 0]]`; a status outside of them goes to the slot that nobody reads. */
export type SlotsByStatusClass = Int32Array;
/** The slot for an error; series appear with the first one. */
export type SlotByReason = (reason: ErrorCode) => number;

export interface HttpFamilies {
  readonly requests: SlotsByStatusClass;
  readonly errors: SlotByReason;
  /** Histograms, in seconds. */
  readonly duration: number;
  readonly timeToFirstByte: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly inFlight: number;
}

/** One route behind one door. */
export function httpFamilies(
  recorder: MetricsRecorder,
  labels: { readonly door: string; readonly route: string },
): HttpFamilies {
  const { door, route } = labels;
  const own = { door, route };
  return {
    requests: statusSlots((code) =>
      recorder.counter('sluice_http_requests_total', 'Requests answered, by class of status.', { ...own, code }),
    ),
    errors: reasonSlots((reason) =>
      recorder.counter('sluice_http_request_errors_total', 'Requests that failed, by error code.', { ...own, reason }),
    ),
    duration: recorder.histogram(
      'sluice_http_request_duration_seconds',
      'Time from the first byte of a request to the last byte of its answer.',
      DURATION_BUCKETS,
      own,
    ),
    timeToFirstByte: recorder.histogram(
      'sluice_http_time_to_first_byte_seconds',
      'Time from the first byte of a request to the first byte of its answer.',
      DURATION_BUCKETS,
      own,
    ),
    requestBytes: recorder.counter('sluice_http_request_bytes_total', 'Bytes of request bodies received.', own),
    responseBytes: recorder.counter('sluice_http_response_bytes_total', 'Bytes of response bodies sent.', own),
    inFlight: recorder.gauge('sluice_http_requests_in_flight', 'Requests that are running now.', own),
  };
}

export interface ConnectionFamilies {
  readonly opened: number;
  readonly open: number;
  readonly refused: number;
  /** WebSockets and other upgraded connections: a histogram, in seconds. */
  readonly streamDuration: number;
  readonly tlsHandshakes: number;
  readonly tlsHandshakeErrors: number;
}

/** What clients open at one door. */
export function connectionFamilies(recorder: MetricsRecorder, labels: { readonly door: string }): ConnectionFamilies {
  const { door } = labels;
  const own = { door };
  return {
    opened: recorder.counter('sluice_connections_total', 'Client connections accepted.', own),
    open: recorder.gauge('sluice_connections_open', 'Client connections that are open now.', own),
    refused: recorder.counter('sluice_connections_refused_total', 'Client connections refused at the limit.', own),
    streamDuration: recorder.histogram(
      'sluice_http_stream_duration_seconds',
      'How long upgraded connections (WebSockets and others) lasted.',
      STREAM_BUCKETS,
      own,
    ),
    tlsHandshakes: recorder.histogram(
      'sluice_tls_handshake_duration_seconds',
      'Time that TLS handshakes with clients took.',
      CONNECT_BUCKETS,
      own,
    ),
    tlsHandshakeErrors: recorder.counter(
      'sluice_tls_handshake_errors_total',
      'TLS handshakes with clients that failed.',
      own,
    ),
  };
}

export interface UpstreamFamilies {
  readonly requests: SlotsByStatusClass;
  readonly errors: SlotByReason;
  readonly retries: SlotByReason;
  readonly connectDuration: number;
  readonly connectionsOpened: number;
  readonly connectionsOpen: number;
}

/** One upstream by its configured name or address. */
export function upstreamFamilies(recorder: MetricsRecorder, labels: { readonly upstream: string }): UpstreamFamilies {
  const own = { upstream: redactTarget(labels.upstream) };
  return {
    requests: statusSlots((code) =>
      recorder.counter('sluice_upstream_requests_total', 'Requests an upstream answered, by class of status.', {
        ...own,
        code,
      }),
    ),
    errors: reasonSlots((reason) =>
      recorder.counter('sluice_upstream_errors_total', 'Attempts at an upstream that failed, by error code.', {
        ...own,
        reason,
      }),
    ),
    retries: reasonSlots((reason) =>
      recorder.counter('sluice_upstream_retries_total', 'Attempts that were made again, by the error before.', {
        ...own,
        reason,
      }),
    ),
    connectDuration: recorder.histogram(
      'sluice_upstream_connect_duration_seconds',
      'Time to a usable connection: name lookup, connect and TLS handshake.',
      CONNECT_BUCKETS,
      own,
    ),
    connectionsOpened: recorder.counter('sluice_upstream_connections_total', 'Connections opened to an upstream.', own),
    connectionsOpen: recorder.gauge(
      'sluice_upstream_connections_open',
      'Connections to an upstream that are open now.',
      own,
    ),
  };
}

/** How many members may have series of their own; the failures of those beyond are told under the name of their pool. */
const MAX_FAILING_MEMBERS = 2000;

export interface PoolFamilies {
  /** Another member has been picked than the time before. */
  readonly rotations: number;
  readonly failures: (member: string, reason: ErrorCode) => number;
  readonly ejections: (reason: string) => number;
}

/** What happens to the members of a pool in one thread; what they are is read from their state. `nameOf`: as in `upstream`. */
export function poolFamilies(
  recorder: MetricsRecorder,
  { pool, policy }: { readonly pool: string; readonly policy: string },
  nameOf: (member: string) => string,
): PoolFamilies {
  const failing = new Map<string, SlotByReason>();
  const slotsOf = (upstream: string): SlotByReason => {
    const known = failing.get(upstream);
    if (known !== undefined) return known;
    const slots = reasonSlots((reason) =>
      recorder.counter('sluice_upstream_failures_total', 'Failures held against a member of a pool, by error code.', {
        pool,
        upstream,
        reason,
      }),
    );
    failing.set(upstream, slots);
    return slots;
  };
  return {
    rotations: recorder.counter(
      'sluice_rotation_total',
      'Times that a pool went over to another member than the time before, by its strategy.',
      { pool, policy },
    ),
    failures: (member, reason) => slotsOf(failing.size < MAX_FAILING_MEMBERS ? nameOf(member) : pool)(reason),
    ejections: (reason) =>
      recorder.counter('sluice_upstream_ejections_total', 'Times that a member was left alone, by cause.', {
        pool,
        reason,
      }),
  };
}

export interface CompressFamilies {
  readonly input: Readonly<Record<'zstd' | 'br' | 'gzip', number>>;
  readonly output: Readonly<Record<'zstd' | 'br' | 'gzip', number>>;
}

/** What compression makes of the bodies of answers, by encoding. */
export function compressFamilies(recorder: MetricsRecorder): CompressFamilies {
  const input = (encoding: string): number =>
    recorder.counter('sluice_compress_input_bytes_total', 'Bytes of answers before compression.', { encoding });
  const output = (encoding: string): number =>
    recorder.counter('sluice_compress_output_bytes_total', 'Bytes of answers after compression.', { encoding });
  return {
    input: { zstd: input('zstd'), br: input('br'), gzip: input('gzip') },
    output: { zstd: output('zstd'), br: output('br'), gzip: output('gzip') },
  };
}

/** What has become of the requests of a route that caches. */
export function cacheFamilies(recorder: MetricsRecorder): (route: string, result: string) => number {
  return (route, result) =>
    recorder.counter('sluice_cache_requests_total', 'Requests of routes that cache, by what became of them.', {
      route,
      result,
    });
}

/** What has become of the copies of one mirror. */
export function mirrorFamilies(
  recorder: MetricsRecorder,
  { mirror }: { readonly mirror: string },
): (outcome: string) => number {
  return (outcome) =>
    recorder.counter('sluice_mirrored_requests_total', 'Requests that were to be copied, by what came of the copy.', {
      mirror,
      outcome,
    });
}

export interface ScanFamilies {
  /** Of bodies whose scan has ended with a verdict, or was to begin and could not. */
  readonly verdicts: (direction: string, verdict: string) => number;
  readonly errors: (direction: string, reason: string) => number;
  /** A histogram, in seconds. */
  readonly wait: (direction: string) => number;
}

/** What was scanned at one door; labels come from fixed lists. */
export function scanFamilies(recorder: MetricsRecorder, { door }: { readonly door: string }): ScanFamilies {
  return {
    verdicts: (direction, verdict) =>
      recorder.counter('sluice_scans_total', 'Bodies that were to be scanned, by what came of it.', {
        door,
        direction,
        verdict,
      }),
    errors: (direction, reason) =>
      recorder.counter('sluice_scan_errors_total', 'Bodies that were not scanned, by reason.', {
        door,
        direction,
        reason,
      }),
    wait: (direction) =>
      recorder.histogram(
        'sluice_scan_wait_seconds',
        'Time from the last byte of a body to the verdict on it.',
        DURATION_BUCKETS,
        { door, direction },
      ),
  };
}

/** How many models of a provider may have series of their own; the tokens of those beyond are told under `other`. */
const MAX_MODELS = 100;

export interface AiUsageFamilies {
  readonly requests: (usage: 'known' | 'unknown' | 'cached') => number;
  readonly tokens: (model: string, type: 'input' | 'output' | 'cache_read' | 'cache_write') => number;
}

/** What was used of one provider of AI. */
export function aiUsageFamilies(
  recorder: MetricsRecorder,
  { provider }: { readonly provider: string },
): AiUsageFamilies {
  const models = new Set<string>();
  const labelOf = (model: string): string => {
    if (models.size < MAX_MODELS) models.add(model);
    return models.has(model) ? model : 'other';
  };
  return {
    requests: (usage) =>
      recorder.counter('sluice_ai_requests_total', 'Answers of models, by whether it is known what they have used.', {
        provider,
        usage,
      }),
    tokens: (model, type) =>
      recorder.counter('sluice_ai_tokens_total', 'Tokens that were used, none of them counted twice.', {
        provider,
        model: labelOf(model),
        type,
      }),
  };
}

export interface AiCacheFamilies {
  readonly results: (result: 'hit' | 'miss' | 'refresh' | 'bypass') => number;
  readonly saved: (type: 'input' | 'output') => number;
}

/** What the cache of answers does for one provider of AI. */
export function aiCacheFamilies(
  recorder: MetricsRecorder,
  { provider }: { readonly provider: string },
): AiCacheFamilies {
  return {
    results: (result) =>
      recorder.counter(
        'sluice_ai_cache_requests_total',
        'Requests that the cache could answer, by what came of them.',
        {
          provider,
          result,
        },
      ),
    saved: (type) =>
      recorder.counter('sluice_ai_cache_saved_tokens_total', 'Tokens that hits would have used at the provider.', {
        provider,
        type,
      }),
  };
}

/** What the caches of answers of one thread hold now. */
export function aiCacheGauges(recorder: MetricsRecorder): { readonly bytes: number; readonly answers: number } {
  return {
    bytes: recorder.gauge('sluice_ai_cache_bytes', 'Memory that answers of AI providers take in the cache.'),
    answers: recorder.gauge('sluice_ai_cache_answers', 'Answers of AI providers that are in the cache.'),
  };
}

/** Requests to providers of AI that a limit of their user has refused. */
export function aiRefusals(recorder: MetricsRecorder): (user: string, limit: string) => number {
  return (user, limit) =>
    recorder.counter('sluice_ai_refusals_total', 'Requests to providers of AI refused by a limit of their user.', {
      user,
      limit,
    });
}

export interface AgentFamilies {
  readonly ended: (outcome: string) => number;
  readonly tokens: (type: 'input' | 'output' | 'cache_read' | 'cache_write') => number;
}

/** The runs of one kind of agent. */
export function agentFamilies(recorder: MetricsRecorder, { kind }: { readonly kind: string }): AgentFamilies {
  return {
    ended: (outcome) =>
      recorder.counter('sluice_agent_runs_total', 'Runs of agents that have ended, by how.', { kind, outcome }),
    tokens: (type) =>
      recorder.counter('sluice_agent_tokens_total', 'Tokens that agents say they have used.', { kind, type }),
  };
}

/** Questions about agents that this node has asked others, by whether they could be reached. */
export function agentNodeFamilies(recorder: MetricsRecorder): Readonly<Record<'reached' | 'unreachable', number>> {
  const slotOf = (result: string): number =>
    recorder.counter(
      'sluice_agent_to_nodes_total',
      'Requests for agents that were brought to another node, by whether it could be reached.',
      { result },
    );
  return { reached: slotOf('reached'), unreachable: slotOf('unreachable') };
}

/** How the waits for a backend with room have ended, by what became of the request. */
export function waitFamilies(
  recorder: MetricsRecorder,
  pool: string,
): Readonly<Record<'served' | 'late' | 'left' | 'refused', number>> {
  const slotOf = (result: string): number =>
    recorder.counter(
      'sluice_pool_waits_total',
      'Requests that found every member of a pool with as many as it may have, by what became of them.',
      { pool, result },
    );
  return { served: slotOf('served'), late: slotOf('late'), left: slotOf('left'), refused: slotOf('refused') };
}

export interface ProgramFamilies {
  readonly reloadsSucceeded: number;
  readonly reloadsFailed: number;
  /** Seconds since 1970. */
  readonly lastReloadSuccess: number;
  readonly uncaughtErrors: number;
  readonly workerRestarts: number;
  readonly droppedLogLines: number;
}

/** The program as a whole; recorded on the main thread. */
export function programFamilies(recorder: MetricsRecorder): ProgramFamilies {
  const reloads = (result: string): number =>
    recorder.counter('sluice_config_reloads_total', 'Times the configuration was loaded again, by result.', { result });
  return {
    reloadsSucceeded: reloads('success'),
    reloadsFailed: reloads('failure'),
    lastReloadSuccess: recorder.gauge(
      'sluice_config_last_reload_success_timestamp_seconds',
      'When the configuration was last loaded with success.',
    ),
    uncaughtErrors: recorder.counter('sluice_uncaught_errors_total', 'Errors that nothing handled.'),
    workerRestarts: recorder.counter('sluice_worker_restarts_total', 'Workers that crashed and were started again.'),
    droppedLogLines: recorder.counter(
      'sluice_log_dropped_lines_total',
      'Lines of the logs lost because writing was too slow.',
    ),
  };
}

export interface TraceFamilies {
  readonly exported: number;
  readonly waiting: number;
  readonly dropped: (reason: string) => number;
}

/** Once something is traced. */
export function traceFamilies(recorder: MetricsRecorder): TraceFamilies {
  const dropped = (reason: string): number =>
    recorder.counter('sluice_trace_spans_dropped_total', 'Spans that were lost, by reason.', { reason });
  // They are there from the beginning, so that a rise from nothing is seen.
  for (const reason of ['queue_full', 'unreachable', 'refused']) dropped(reason);
  return {
    exported: recorder.counter('sluice_trace_spans_exported_total', 'Spans that a collector has taken.'),
    waiting: recorder.gauge('sluice_trace_spans_waiting', 'Spans that wait to be sent.'),
    dropped,
  };
}

function statusSlots(slotOf: (code: string) => number): SlotsByStatusClass {
  const slots = new Int32Array(10);
  slots.set(STATUS_CLASSES.map(slotOf), 1);
  return slots;
}

function reasonSlots(slotOf: (reason: string) => number): SlotByReason {
  const known = new Map<string, number>();
  return (reason) => {
    const slot = known.get(reason) ?? slotOf(reason);
    known.set(reason, slot);
    return slot;
  };
}
