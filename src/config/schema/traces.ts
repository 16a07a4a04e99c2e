// Section traces: what went through, told to a collector of OpenTelemetry.

import { z } from 'zod';
import { count, duration, filePath, headerName, nonEmptyText, share, url } from './fields.ts';

export interface TracesConfig {
  /** The whole URL; null = nothing is traced. */
  readonly endpoint: string | null;
  readonly protocol: 'http/json';
  readonly headers: Readonly<Record<string, string>>;
  /** From 0 to 1. */
  readonly sample: number;
  readonly follow_parent: boolean;
  readonly service_name: string;
  readonly resource: Readonly<Record<string, string>>;
  readonly compression: 'gzip' | 'none';
  /** Milliseconds. */
  readonly timeout: number;
  /** Milliseconds. */
  readonly every: number;
  readonly batch: number;
  readonly queue: number;
  readonly ca: string | null;
}

const DEFAULT_PATH = '/v1/traces';

/** Collectors have one path for traces. */
function withPath(text: string): string {
  const parsed = new URL(text);
  return parsed.pathname === '/' ? parsed.origin + DEFAULT_PATH : text;
}

export const tracesSchema: z.ZodType<TracesConfig> = z
  .strictObject({
    endpoint: url({ schemes: ['http', 'https'], example: 'http://127.0.0.1:4318', path: true, query: true })
      .transform(withPath)
      .nullable()
      .prefault(null)
      .describe(
        'Where spans are sent, by OTLP over HTTP: a collector of OpenTelemetry, Jaeger, Tempo and others. Without a path it is `/v1/traces`. `null`: nothing is traced, and nothing is spent on it.',
      )
      .meta({ samples: ['http://127.0.0.1:4318'] }),
    protocol: z
      .literal('http/json', {
        error: 'expected http/json: spans are sent by HTTP, as JSON, which collectors take at port 4318',
      })
      .prefault('http/json')
      .describe('How spans are sent.'),
    headers: z
      .record(headerName(), nonEmptyText())
      .prefault({})
      .describe('Fields of the requests to the collector, such as a key.')
      .meta({ samples: [{ 'X-Api-Key': '${TRACES_KEY}' }], writeOnly: true }),
    sample: share()
      .prefault(1)
      .describe(
        'The share of the traces that begin here that is recorded, as `10%` or 0.1; judged by the id of the trace.',
      )
      .meta({ samples: ['10%'] }),
    follow_parent: z
      .boolean()
      .prefault(true)
      .describe(
        'Whoever has begun a trace has decided whether it is recorded; `sample` is for those that begin here. `false`: `sample` is for all.',
      ),
    service_name: nonEmptyText().prefault('sluice').describe('`service.name` of the spans.'),
    resource: z
      .record(z.string().min(1), z.union([z.string(), z.number(), z.boolean()]).transform(String))
      .prefault({})
      .describe('What else is said of this Sluice with every span.')
      .meta({ samples: [{ 'deployment.environment.name': 'production' }] }),
    compression: z.enum(['gzip', 'none']).prefault('gzip').describe('How requests to the collector are packed.'),
    timeout: duration().prefault('10s').describe('How long the collector may take to answer.'),
    every: duration()
      .prefault('5s')
      .describe('How long spans are gathered before they are sent, unless a batch is full earlier.'),
    batch: count(100_000).prefault(512).describe('The most spans in one request.'),
    queue: count(1_000_000)
      .prefault(2048)
      .describe(
        'How many spans may wait. What finds no room is dropped and counted in `sluice_trace_spans_dropped_total`.',
      ),
    ca: filePath()
      .nullable()
      .prefault(null)
      .describe(
        'A file with the certificates of the authorities that the collector is believed by, in place of those of the system.',
      ),
  })
  .prefault({})
  .describe(
    'Traces: a span for every request and for every attempt on a server, sent to a collector of OpenTelemetry. The variables `OTEL_*` count as well.',
  );
