// Sections process, log, admin, metrics, limits and timeouts: the program itself and the bounds of everything it carries.

import { z } from 'zod';
import { parseStateUrl } from '../../core/state-url.ts';
import { count, duration, filePath, listenAddress, secret, size } from './fields.ts';
import { type NodeConfig, nodeSchema } from './node.ts';

export interface ProcessConfig {
  readonly workers: number | 'auto';
  /** `embedded`, or the URL of a Redis server. */
  readonly state: string;
  /** null: other nodes have no way in. */
  readonly node: NodeConfig | null;
  readonly data_dir: string;
  /** Milliseconds. */
  readonly shutdown_grace: number;
  /** Milliseconds. */
  readonly shutdown_delay: number;
}

export const processSchema: z.ZodType<ProcessConfig> = z
  .strictObject({
    workers: z
      .union([z.literal('auto'), z.int().min(1).max(256)], { error: 'expected a number from 1 to 256, or auto' })
      .prefault(1)
      .describe('Threads that carry traffic. `auto` starts one per core; with 1 everything runs on the main thread.'),
    state: z
      .union([z.literal('embedded'), z.string().refine((text) => parseStateUrl(text) !== undefined)], {
        error:
          'expected embedded, or a URL such as redis://host:6379/0, redis+sentinel://host,host/master or redis+cluster://host,host',
      })
      .prefault('embedded')
      .describe(
        'Where it is kept what nodes can share: `embedded` keeps it on this machine; the URL of a Redis server (with TLS: `rediss:`), with user, password and the number of a database, shares it with every node. Behind Sentinels it is `redis+sentinel://one,two/MASTER/0`, as a cluster `redis+cluster://one,two`. See the guide on several nodes.',
      )
      .meta({ samples: ['redis://host:6379/0', 'redis+sentinel://one,two,three/master/0', 'redis+cluster://one,two'] }),
    node: nodeSchema
      .nullable()
      .prefault(null)
      .describe(
        'With `process.state` of Redis: visitors of tunnels reach their client from every node, and agents are asked for and stopped by every node. `null`: only by the node that has them.',
      )
      .meta({ samples: [{ listen: '10.0.0.5:7946', secret: '${SLUICE_NODE_SECRET}' }] }),
    data_dir: filePath()
      .prefault('~/.sluice')
      .describe('Folder for the database, the certificate authority and tokens. Created readable by its owner only.'),
    shutdown_grace: duration({ min: '0s' })
      .prefault('30s')
      .describe('How long requests that run may take to finish after a stop was asked for; then connections are cut.'),
    shutdown_delay: duration({ min: '0s' })
      .prefault('0s')
      .describe(
        'How long to go on as before after a stop was asked for, with `/health/readiness` at 503, so that a load balancer looks elsewhere first. The grace begins after it.',
      )
      .meta({ samples: ['10s'] }),
  })
  .prefault({})
  .describe('The program itself: threads, state, shutting down.');

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
const ACCESS_FORMATS = ['json', 'common', 'combined'] as const;

export interface LogConfig {
  readonly level: (typeof LOG_LEVELS)[number];
  readonly format: 'auto' | 'json' | 'pretty';
  readonly file: string | null;
  /** false = no access log. */
  readonly access: false | (typeof ACCESS_FORMATS)[number];
  readonly ai_bodies: boolean;
}

export const logSchema: z.ZodType<LogConfig> = z
  .strictObject({
    level: z.enum(LOG_LEVELS).prefault('info').describe('The least important message that is still written.'),
    format: z
      .enum(['auto', 'json', 'pretty'])
      .prefault('auto')
      .describe(
        '`json` is one object per line, `pretty` is for eyes, `auto` is pretty on a terminal and json elsewhere.',
      ),
    file: filePath()
      .nullable()
      .prefault(null)
      .describe('A file that the log goes to instead of the terminal. It is opened again on SIGHUP, for rotation.')
      .meta({ samples: ['/var/log/sluice/sluice.log'] }),
    access: z
      .union([z.boolean(), z.enum(ACCESS_FORMATS)], { error: 'expected true, false, json, common or combined' })
      .transform((access) => (access === true ? 'json' : access))
      .prefault(true)
      .describe('One line per request. `true` writes JSON; `common` and `combined` are the formats of Apache.'),
    ai_bodies: z
      .boolean()
      .prefault(false)
      .describe(
        'Write what providers of AI are asked and what they answer into `ai-bodies.log` in `process.data_dir`, readable by its owner only. Otherwise nothing of it is written anywhere.',
      ),
  })
  .prefault({})
  .describe('The application log and the access log. Secrets are masked in both.');

export interface AdminConfig {
  /** null = no admin door. */
  readonly listen: string | null;
  /** null = one is made at start. */
  readonly token: string | null;
  readonly dashboard: boolean;
  readonly capture: CaptureConfig;
}

/** What is kept of requests, to be looked into and sent again. */
export interface CaptureConfig {
  readonly bodies: boolean;
  /** Bytes, of each. */
  readonly max_body: number;
  /** Bytes, of all of them. */
  readonly max_total: number;
  readonly credentials: boolean;
}

const captureSchema: z.ZodType<CaptureConfig> = z.strictObject({
  bodies: z
    .boolean()
    .prefault(false)
    .describe(
      'Keep the header fields and bodies of the last requests and their answers in memory. Of what is said to providers of AI bodies are kept only with `log.ai_bodies`.',
    ),
  max_body: size().prefault('64KiB').describe('So much of each body is kept.'),
  max_total: size().prefault('32MiB').describe('So much is kept in all; the oldest give way.'),
  credentials: z
    .boolean()
    .prefault(false)
    .describe(
      'Keep the credentials of requests as well, in memory, so that they can be sent again as they were. They are masked wherever they are shown.',
    ),
});

export const adminSchema: z.ZodType<AdminConfig> = z
  .strictObject({
    listen: listenAddress()
      .nullable()
      .prefault('127.0.0.1:8889')
      .describe('Where the admin API and the dashboard answer. `null` closes this door.'),
    token: secret()
      .nullable()
      .prefault(null)
      .describe(
        'The bearer token of the admin API. Without it one is made at start, printed once and kept in `data_dir`.',
      )
      .meta({ samples: ['${SLUICE_ADMIN_TOKEN}'] }),
    dashboard: z.boolean().prefault(true).describe('Serve the dashboard on the admin door.'),
    capture: captureSchema
      .prefault({})
      .describe('What is kept of the last requests beside what the list of them tells.')
      .meta({ samples: [{ bodies: true }] }),
  })
  .prefault({})
  .describe('The admin door: API and dashboard.');

export interface MetricsConfig {
  /** null = no metrics door. */
  readonly listen: string | null;
  readonly path: string;
}

export const metricsSchema: z.ZodType<MetricsConfig> = z
  .strictObject({
    listen: listenAddress()
      .nullable()
      .prefault('127.0.0.1:9090')
      .describe('Where metrics are answered. `null` closes this door.'),
    path: z
      .string()
      .regex(/^\/[^?#\s]*$/, 'expected a path that begins with "/"')
      .prefault('/metrics')
      .describe('The path of the metrics.'),
  })
  .prefault({})
  .describe('The metrics door, in the text format of Prometheus.');

export interface LimitsConfig {
  /** Bytes. */
  readonly url: number;
  /** Bytes. */
  readonly headers: number;
  readonly header_count: number;
  /** Bytes. */
  readonly body: number;
  readonly connections: number;
}

export const limitsSchema: z.ZodType<LimitsConfig> = z
  .strictObject({
    url: size().prefault('8KiB').describe('The longest request target. Longer ones are answered with 414.'),
    headers: size()
      .prefault('16KiB')
      .describe('The largest head of a request: all header fields together. Larger ones are answered with 431.'),
    header_count: count().prefault(100).describe('The most header fields in one request. More are answered with 431.'),
    body: size().prefault('10MiB').describe('The largest request body. Larger ones are answered with 413.'),
    connections: count()
      .prefault(10_000)
      .describe('The most client connections at once. Further ones are turned away.'),
  })
  .prefault({})
  .describe('Upper bounds of what clients may send, on every door.');

/** All in milliseconds. */
export interface TimeoutsConfig {
  readonly connect: number;
  readonly headers: number;
  readonly read: number;
  readonly write: number;
  readonly idle: number;
  readonly tunnel_idle: number;
}

export const timeoutsSchema: z.ZodType<TimeoutsConfig> = z
  .strictObject({
    connect: duration().prefault('10s').describe('Until a connection to a server stands, TLS included.'),
    headers: duration().prefault('15s').describe('Until the head of a request has arrived in full.'),
    read: duration().prefault('30s').describe('The longest silence while a body or an answer is awaited.'),
    write: duration().prefault('30s').describe('The longest wait for a peer that does not take what is sent to it.'),
    idle: duration().prefault('120s').describe('How long a connection without a request is kept open.'),
    tunnel_idle: duration()
      .prefault('1h')
      .describe('How long a CONNECT tunnel, WebSocket or other upgraded connection may be silent.'),
  })
  .prefault({})
  .describe('How long Sluice waits, on every door.');
