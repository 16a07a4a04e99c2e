// Sections cache and exec: what the gateway keeps, and the commands that it runs.

import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { count, duration, filePath, nonEmptyText, size } from './fields.ts';

export interface CacheDiskConfig {
  readonly path: string;
  /** Bytes. */
  readonly max: number;
}

export interface CacheConfig {
  /** Bytes. */
  readonly max_memory: number;
  /** Milliseconds. */
  readonly default_ttl: number;
  /** null = nothing is kept on a disk. */
  readonly disk: CacheDiskConfig | null;
  /** Milliseconds. */
  readonly state_timeout: number;
}

export const cacheSchema: z.ZodType<CacheConfig> = z
  .strictObject({
    max_memory: size().prefault('256MB').describe('The most memory for cached answers. The least used go first.'),
    default_ttl: duration({ min: '0s' })
      .prefault('300s')
      .describe('How long an answer is fresh that does not say so itself.'),
    disk: z
      .strictObject({
        path: filePath().describe(
          'A folder of its own for this program. What is in it is found again after a restart.',
        ),
        max: size().prefault('1GB').describe('The most that the files take.'),
      })
      .nullable()
      .prefault(null)
      .describe(
        'Where answers go that are too large for memory, or were pushed out of it after they had been asked for again. `null`: nowhere.',
      )
      .meta({ samples: [{ path: '/var/cache/sluice', max: '10GB' }] }),
    state_timeout: duration({ min: '1ms', max: '10s' })
      .prefault('50ms')
      .describe(
        'How long a request waits at most for what other nodes have kept in the Redis server of `process.state`, before the backend is asked.',
      ),
  })
  .prefault({})
  .describe('The store of the cache. The policy `cache` turns it on.');

export interface ExecConfig {
  readonly enabled: boolean;
  readonly allowed_commands: readonly string[];
  readonly max_concurrent: number;
  /** Milliseconds. */
  readonly timeout: number;
  /** Bytes. */
  readonly max_output: number;
  readonly env: readonly string[];
  readonly workspace: string;
  readonly max_queued: number;
  /** Milliseconds. */
  readonly queue_timeout: number;
  /** Milliseconds. */
  readonly heartbeat: number;
  readonly allowed_hosts: readonly string[];
}

const variableName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of an environment variable');

export const execSchema: z.ZodType<ExecConfig> = z
  .strictObject({
    enabled: z.boolean().prefault(false).describe('Answer `POST /cli/execute`.'),
    allowed_commands: z
      .array(z.string().refine(isAbsolute, 'expected an absolute path, such as /usr/bin/python3'))
      .prefault([])
      .describe('The commands that may be run, as absolute paths. Nothing else is.')
      .meta({ samples: [['/usr/bin/python3', '/usr/bin/node']] }),
    max_concurrent: count(10_000).prefault(10).describe('The most commands that run at once.'),
    timeout: duration().prefault('60s').describe('A command that takes longer is ended.'),
    max_output: size().prefault('10MiB').describe('A command that writes more is ended.'),
    env: z
      .array(variableName)
      .prefault([])
      .describe(
        'Names of environment variables that commands see, and that a request may set. PATH, HOME, LANG and TERM always are passed on; what makes programs run something else (`LD_PRELOAD`, `NODE_OPTIONS` and the like) no request may set.',
      )
      .meta({ samples: [['PYTHONPATH']] }),
    workspace: filePath()
      .prefault('.')
      .describe('The folder where commands run. The `cwd` of a request must lie inside.'),
    max_queued: z
      .int({ error: 'expected a whole number from 0 on' })
      .min(0, 'expected a whole number from 0 on')
      .max(100_000, 'expected a whole number up to 100000')
      .prefault(100)
      .describe(
        'The most requests that wait while `max_concurrent` commands run; users take turns. Others get 503 with `Retry-After`.',
      ),
    queue_timeout: duration().prefault('30s').describe('A request that has waited for so long gets 503.'),
    heartbeat: duration()
      .prefault('15s')
      .describe('After so long a silence a space is sent, so that nobody takes the connection for dead.'),
    allowed_hosts: z
      .array(nonEmptyText())
      .prefault([])
      .describe('Names by which commands may be asked for where there are no users, beside those of this machine.')
      .meta({ samples: [['devbox.local']] }),
  })
  .prefault({})
  .describe('Commands that clients of the gateway may run: `POST /cli/execute`.');
